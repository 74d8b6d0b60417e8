//! Help of the commands of privacy officers.

pub(super) const TEXTS: &[(&str, &str)] = &[
    ("Folder with the rules", "Map met de regels"),
    (
        "Your own desk folder: the draft begins with the rules in force in your region",
        "Uw eigen bureaumap: het concept begint met de regels die in uw regio gelden",
    ),
    (
        "Sign rules and bring them to the policy office, where a colleague approves them",
        "Onderteken regels en breng ze naar de regelkamer, waar een collega ze goedkeurt",
    ),
    (
        "Shows first what they open and close beside the rules in force. What is planned waits for \
         a second officer, and is then in force everywhere from its moment on. An emergency is in \
         force at once, on one signature: every party proves for itself that it only narrows",
        "Toont eerst wat ze openen en sluiten naast de geldende regels. Wat gepland is wacht op een \
         tweede functionaris, en geldt dan overal vanaf zijn moment. Een noodmaatregel geldt \
         meteen, op één handtekening: elke partij bewijst zelf dat zij alleen verengt",
    ),
    (
        "Look at rules that wait for a colleague, and sign them with --officer",
        "Bekijk regels die op een collega wachten, en onderteken ze met --officer",
    ),
    ("List the rules that wait for a colleague", "Noem de regels die op een collega wachten"),
    (
        "Say which rules are in force, which are to come, and who may sign the next",
        "Zeg welke regels gelden, welke komen, en wie de volgende mag ondertekenen",
    ),
    (
        "Your own desk folder: it holds desk.toml, your certificate and your key; your role is \
         gem.po or gem.fg",
        "Uw eigen bureaumap: daarin staan desk.toml, uw certificaat en uw sleutel; uw rol is gem.po \
         of gem.fg",
    ),
    (
        "Your folder with the key that you sign rules with, from `grondslag officer init`",
        "Uw map met de sleutel waarmee u regels ondertekent, van `grondslag officer init`",
    ),
    (
        "Your folder with the key that you sign rules with; without it the proposal is only shown",
        "Uw map met de sleutel waarmee u regels ondertekent; zonder die map wordt het voorstel \
         alleen getoond",
    ),
    (
        "The proposal, as `grondslag policy publish` printed it",
        "Het voorstel, zoals `grondslag policy publish` het toonde",
    ),
    (
        "Since when they are in force, such as 2026-09-16T00:00",
        "Vanaf wanneer ze gelden, zoals 2026-09-16T00:00",
    ),
    (
        "At once, on your signature alone: rules that are nowhere less strict than those in force",
        "Meteen, op alleen uw handtekening: regels die nergens minder streng zijn dan de geldende",
    ),
    ("What changes and why, in Dutch", "Wat er verandert en waarom, in het Nederlands"),
    ("What changes and why, in English", "Wat er verandert en waarom, in het Engels"),
    (
        "Public line of an officer who may sign the next rules, with the day on which that ends, \
         such as LINE@2028-01-01",
        "Openbare regel van een functionaris die de volgende regels mag ondertekenen, met de dag \
         waarop dat eindigt, zoals REGEL@2028-01-01",
    ),
    (
        "Public line of an officer who may no longer sign",
        "Openbare regel van een functionaris die niet meer mag ondertekenen",
    ),
    (
        "Check the rules, and see why they permit or refuse",
        "Controleer de regels, en zie waarom zij toestaan of weigeren",
    ),
    (
        "The rules are tables in a folder that a privacy officer edits: catalogue.toml, \
         pack.toml, table/ and cases/. Without a folder the rules that came with this program \
         are meant",
        "De regels zijn tabellen in een map die een privacy officer bewerkt: catalogue.toml, \
         pack.toml, table/ en cases/. Zonder map gaat het om de regels die bij dit programma \
         horen",
    ),
    (
        "Begin a draft: a folder with the rules, to change at leisure",
        "Begin een concept: een map met de regels, om rustig te wijzigen",
    ),
    (
        "It begins as a copy of the rules that came with this program, or of those of --from, \
         with their examples. What is in force stays as it is until a draft is published",
        "Het begint als kopie van de regels die bij dit programma horen, of van die van --from, \
         met hun voorbeelden. Wat geldt blijft zoals het is tot een concept is gepubliceerd",
    ),
    (
        "Folder that is made, or that is there and empty",
        "Map die wordt gemaakt, of die er al is en leeg is",
    ),
    (
        "Folder with the rules that it begins with; without it those that came with this \
         program",
        "Map met de regels waarmee het begint; zonder deze de regels die bij dit programma \
         horen",
    ),
    (
        "Change one row of a draft, and say at once what that opens and closes",
        "Wijzig één rij van een concept, en zeg meteen wat dat opent en sluit",
    ),
    (
        "Remarks and order of the file stay. The result is loaded before anything is written: a \
         change that the rules cannot take is refused with what may stand there",
        "Opmerkingen en volgorde van het bestand blijven. Het resultaat wordt geladen voordat \
         er iets wordt geschreven: een wijziging die de regels niet aankunnen wordt geweigerd, \
         met wat er mag staan",
    ),
    (
        "Folder of the draft, as `policy new` makes it",
        "Map van het concept, zoals `policy new` die maakt",
    ),
    ("Row that is changed, such as R27.1", "Rij die wordt gewijzigd, zoals R27.1"),
    (
        "Leave the row as it is and change a copy of it with this id, such as R27.3",
        "Laat de rij zoals zij is en wijzig een kopie ervan met dit kenmerk, zoals R27.3",
    ),
    ("Take the row away", "Haal de rij weg"),
    (
        "Only these values of a column: COLUMN=value,value",
        "Alleen deze waarden van een kolom: COLUMN=waarde,waarde",
    ),
    (
        "Every value of a column but these: COLUMN=value,value",
        "Elke waarde van een kolom behalve deze: COLUMN=waarde,waarde",
    ),
    (
        "Any value of a column: the condition is taken out",
        "Elke waarde van een kolom: de voorwaarde gaat eruit",
    ),
    ("Say what it would change, and write nothing", "Zeg wat er zou veranderen, en schrijf niets"),
    (
        "What the row does: permit, review, hold or deny",
        "Wat de rij doet: permit, review, hold of deny",
    ),
    (
        "Up to which tier, T1 to T5; \"\" takes it away",
        "Tot en met welke tier, T1 tot T5; \"\" haalt dit weg",
    ),
    (
        "Whether it counts: `in_force`, `proposed` or `off`",
        "Of zij telt: `in_force`, `proposed` of `off`",
    ),
    (
        "Term of the reply, such as 2h, 5wd or 14d; \"\" takes it away",
        "Termijn van het antwoord, zoals 2h, 5wd of 14d; \"\" haalt die weg",
    ),
    (
        "Whether the person is told: true or false",
        "Of de betrokkene wordt ingelicht: true of false",
    ),
    (
        "Its legal grounds, by code, with commas between",
        "Haar grondslagen, met hun code, met komma's ertussen",
    ),
    (
        "What must be done with the answer, by code, with commas between; \"\" takes it away",
        "Wat met het antwoord moet gebeuren, met code, met komma's ertussen; \"\" haalt dit weg",
    ),
    ("Its sentence in Dutch", "Haar zin in het Nederlands"),
    ("Its sentence in English", "Haar zin in het Engels"),
    (
        "Its open legal question in Dutch; \"\" takes it away",
        "Haar open juridische vraag in het Nederlands; \"\" haalt die weg",
    ),
    (
        "Its open legal question in English; \"\" takes it away",
        "Haar open juridische vraag in het Engels; \"\" haalt die weg",
    ),
    (
        "Check every rule and every example; name file, row and reason of what is wrong",
        "Controleer elke regel en elk voorbeeld; noem bestand, rij en reden van wat niet klopt",
    ),
    (
        "Folder with the rules, such as a draft; without it those that came with this program",
        "Map met de regels, zoals een concept; zonder deze de regels die bij dit programma horen",
    ),
    (
        "Say what the rules decide on given facts, by which article, and what would open a \
         refusal",
        "Zeg wat de regels over gegeven feiten beslissen, volgens welk artikel, en wat een \
         weigering zou openen",
    ),
    (
        "A facts file is JSON: column -> value, or a list of values; or a list of such objects, \
         which gets a list of answers. Four columns must be named, and unknown ones are refused:",
        "Een feitenbestand is JSON: kolom -> waarde, of een lijst van waarden; of een lijst van \
         zulke objecten, die een lijst van uitkomsten krijgt. Vier kolommen moeten er staan, en \
         onbekende worden geweigerd:",
    ),
    (
        "The other visible columns are those of an ordinary question. A sealed column that is \
         not named\ncounts as nobody having stated it. With a list of values the answer says \
         what could be",
        "De andere zichtbare kolommen zijn die van een gewone vraag. Een verzegelde kolom die er \
         niet staat\ngeldt als door niemand gesteld. Met een lijst van waarden zegt de uitkomst \
         wat zou kunnen",
    ),
    (
        "File with the facts (JSON); - reads them from standard input",
        "Bestand met de feiten (JSON); - leest ze van de standaardinvoer",
    ),
    (
        "Moment that the rules must hold at, such as 2026-09-15T09:00; without it now",
        "Moment waarop de regels gelden, zoals 2026-09-15T09:00; zonder dit nu",
    ),
    (
        "File with a node's own rules, which may only be stricter",
        "Bestand met de eigen regels van een knooppunt, die alleen strenger mogen zijn",
    ),
    (
        "Kind of the agency whose own rules they are, such as ha",
        "Soort van de organisatie van wie die eigen regels zijn, zoals ha",
    ),
    (
        "Run the examples that say what must come out",
        "Speel de voorbeelden na die zeggen wat er uit moet komen",
    ),
    (
        "Say which questions one set of rules opens, closes or decides otherwise than another",
        "Zeg welke vragen de ene verzameling regels opent, sluit of anders beslist dan de andere",
    ),
    (
        "The answer is exact and about outcomes: rules that are written otherwise and decide the \
         same give no difference. Per change first what the row itself is about, then what other \
         rows cut out of it; --regions writes out what is left, and --json always has it",
        "Het antwoord is exact en gaat over uitkomsten: regels die anders geschreven zijn en \
         hetzelfde beslissen geven geen verschil. Per wijziging eerst waar de rij zelf over gaat, \
         dan wat andere rijen daar afhalen; --regions schrijft uit wat er overblijft, en --json \
         heeft dat altijd",
    ),
    ("Folder with the rules that are compared with", "Map met de regels om mee te vergelijken"),
    (
        "Folder with the rules that are compared; without it BEFORE is, with those that came with \
         this program",
        "Map met de regels die vergeleken worden; zonder deze wordt BEFORE vergeleken met de \
         regels die bij dit programma horen",
    ),
    (
        "Write out every exact region, also where there are many",
        "Schrijf elk exact gebied uit, ook als het er veel zijn",
    ),
    (
        "Prove what holds of rules for every question: the standing invariants, and what they open",
        "Bewijs wat van regels voor elke vraag geldt: de vaste beloften, en wat zij openen",
    ),
    (
        "Exact, and without trying anything out. Without a folder the rules that came with this \
         program are proved. Exit code 1 where an invariant does not hold; the answer then names \
         the row and where. Rules that open more than those in force are no failure: that may be \
         meant",
        "Exact, en zonder iets uit te proberen. Zonder map worden de regels bewezen die bij dit \
         programma horen. Afsluitcode 1 als een belofte niet geldt; het antwoord noemt dan de rij \
         en waar. Regels die meer openen dan de geldende zijn geen fout: dat kan de bedoeling zijn",
    ),
    (
        "Folder with the rules in force; without it those that came with this program",
        "Map met de geldende regels; anders die bij dit programma horen",
    ),
    (
        "Say all that one role may ask: of whom, what for, up to which tier, under which articles",
        "Zeg alles wat een rol mag vragen: aan wie, waarvoor, tot welke tier, op welke artikelen",
    ),
    (
        "Exact: every question of this role that is not shown is refused. A sealed condition is \
         known to asker and holder only; without one the question is open as it is asked",
        "Exact: elke vraag van deze rol die er niet bij staat wordt geweigerd. Een verzegelde \
         voorwaarde kennen alleen vrager en houder; zonder zo'n voorwaarde is de vraag open \
         zoals zij gesteld wordt",
    ),
    ("Role that asks, such as vt.onderzoeker", "Rol die vraagt, zoals vt.onderzoeker"),
    (
        "Say exactly where and under which conditions, after the line per purpose",
        "Zeg precies waar en onder welke voorwaarden, na de regel per doel",
    ),
    (
        "The same, with every condition written out, also where there are many",
        "Hetzelfde, met elke voorwaarde uitgeschreven, ook als het er veel zijn",
    ),
    (
        "Write the whole table as one page that a person reads and prints",
        "Schrijf de hele tabel als een pagina die een mens leest en afdrukt",
    ),
    (
        "One HTML file, Dutch and English, without scripts and without anything from elsewhere. \
         Every open legal question is marked at its row and listed at the end",
        "Een HTML-bestand, Nederlands en Engels, zonder scripts en zonder iets van elders. Elke \
         open juridische vraag staat gemarkeerd bij haar rij en in een lijst aan het eind",
    ),
    (
        "File that is made; without it the page goes to standard output",
        "Bestand dat gemaakt wordt; zonder dit gaat de pagina naar de standaarduitvoer",
    ),
    ("Write the rules for other programs", "Schrijf de regels voor andere programma's"),
    (
        "Write the rules as a schema and policies of Cedar, which decides the same",
        "Schrijf de regels als schema en regels van Cedar, dat hetzelfde beslist",
    ),
    (
        "The same rules give the same bytes. May this role (principal) release or consider this \
         category (resource), up to context.tier? What is permitted may be released; what is \
         permitted or under review may be considered. Obligations, terms and articles are \
         annotations. Proposed rows and a party's own rules are not in it",
        "Dezelfde regels geven dezelfde bytes. Mag deze rol (principal) deze soort gegevens \
         (resource) krijgen (release) of laten beoordelen (consider), tot en met context.tier? \
         Wat is toegestaan mag eruit; wat is toegestaan of beoordeeld moet worden mag worden \
         beoordeeld. Verplichtingen, termijnen en artikelen zijn annotaties. Voorgestelde rijen \
         en eigen regels van een partij staan er niet in",
    ),
    (
        "Folder that both files are made in; - or nothing is standard output",
        "Map waarin beide bestanden worden gemaakt; - of niets is de standaarduitvoer",
    ),
];
