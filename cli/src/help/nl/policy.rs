//! Help of the commands of privacy officers.

pub(super) const TEXTS: &[(&str, &str)] = &[
    ("The same, for scripts that name it", "Hetzelfde, voor scripts die de optie noemen"),
    ("Write the rules for other programs", "Schrijf de regels voor andere programma's"),
    (
        "Write the rules as one file that an officer signs, for another region",
        "Schrijf de regels als één bestand dat een privacyfunctionaris ondertekent, voor een \
         andere regio",
    ),
    (
        "Rules and examples, and nothing of the region: no agency, no key but that of the \
         officer. It puts nothing in force; the other region takes it in as a draft with policy \
         import",
        "Regels en voorbeelden, en niets van de regio: geen organisatie, geen sleutel dan die van \
         de functionaris. Er gaat niets door in; de andere regio leest het als concept in met \
         policy import",
    ),
    ("New file for the rules", "Nieuw bestand voor de regels"),
    (
        "Folder of the officer who signs, as grondslag officer init makes it",
        "Map van de privacyfunctionaris die ondertekent, zoals grondslag officer init die maakt",
    ),
    (
        "Take in rules that an officer of another region signed, as a draft, and compare them",
        "Lees regels die een privacyfunctionaris van een andere regio ondertekende in als \
         concept, en vergelijk ze",
    ),
    (
        "Nothing comes into force: the draft is checked, compared and published like one of your \
         own. Whether the line that signed is that officer's you ask by telephone",
        "Er gaat niets in: het concept wordt gecontroleerd, vergeleken en gepubliceerd als een \
         eigen concept. Of de regel waarmee is ondertekend van die functionaris is vraagt u \
         telefonisch",
    ),
    ("File from policy export pack", "Bestand van policy export pack"),
    ("New folder for the draft", "Nieuwe map voor het concept"),
    (
        "Public line of the officer who signed, as that officer says it",
        "Openbare regel van de privacyfunctionaris die ondertekende, zoals die hem zelf noemt",
    ),
    (
        "Folder with the own rules; without it those that came with this program",
        "Map met de eigen regels; zonder deze de regels die bij dit programma horen",
    ),
    (
        "Take recorded decisions again under a draft, and count those that come out otherwise",
        "Neem vastgelegde beslissingen opnieuw met een concept, en tel welke anders uitvallen",
    ),
    (
        "Per rule, purpose and agency, with a few questions by their number and never a person. \
         The broker decides what could be allowed, holders what is given: of what the broker \
         refused then no more is known than that it could be. A question in a holder's ledger \
         tells that the child was known there: show what comes out to whoever may know that",
        "Per regel, doel en organisatie, met een paar vragen bij hun nummer en nooit een persoon. \
         De makelaar beslist wat zou kunnen, houders wat gegeven wordt: van wat de makelaar toen \
         weigerde is niet meer bekend dan dat het zou kunnen. Een vraag in het logboek van een \
         houder vertelt dat het kind daar bekend was: toon de uitkomst alleen aan wie dat mag \
         weten",
    ),
    ("Folder with the draft", "Map met het concept"),
    (
        "From when: days back, such as 90d, or a moment, such as 2026-06-01T00:00",
        "Vanaf wanneer: dagen terug, zoals 90d, of een moment, zoals 2026-06-01T00:00",
    ),
    (
        "Your own desk folder, instead: your node takes its own decisions again; your role is \
         gem.po or gem.fg",
        "In plaats daarvan uw eigen deskmap: uw knooppunt neemt zijn eigen beslissingen opnieuw; uw rol \
         is gem.po of gem.fg",
    ),
    (
        "Folder of a process, with its configuration and store, or of a demo, which may be \
         running; may be repeated",
        "Map van een proces, met configuratie en opslag, of van een demo, die mag draaien; mag \
         vaker",
    ),
    (
        "Moment that the draft must hold at, for rows that begin later; without it that of each \
         decision",
        "Moment waarop het concept moet gelden, voor rijen die later ingaan; zonder dit dat van \
         elke beslissing",
    ),
    (
        "Check the rules, and see why they permit or refuse",
        "Controleer de regels, en zie waarom zij toestaan of weigeren",
    ),
    (
        "The rules are tables in a folder that a privacy officer edits: catalogue.toml, \
         pack.toml, table/ and cases/. Without a folder the rules that came with this program \
         are meant",
        "De regels zijn tabellen in een map die een privacyfunctionaris bewerkt: catalogue.toml, \
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
        "Prove what holds of rules for every question: the standing promises, and what they open",
        "Bewijs wat van regels voor elke vraag geldt: de vaste beloften, en wat zij openen",
    ),
    (
        "Exact, and without trying anything out. Without a folder the rules that came with this \
         program are proved. Exit code 1 where a promise does not hold; the answer then names the \
         row and where. Rules that open more than those before them are no failure: that may be \
         meant",
        "Exact, en zonder iets uit te proberen. Zonder map worden de regels bewezen die bij dit \
         programma horen. Afsluitcode 1 als een belofte niet geldt; het antwoord noemt dan de rij \
         en waar. Regels die meer openen dan die ervoor zijn geen fout: dat kan de bedoeling zijn",
    ),
    (
        "Folder with the rules that it is held against; without it those that came with this \
         program",
        "Map met de regels waar het tegenover staat; anders die bij dit programma horen",
    ),
    (
        "Say who must say yes before secrecy is lifted, by law, age and who holds custody",
        "Zeg wie ja moet zeggen voordat het geheim wordt doorbroken, per wet, leeftijd en gezag",
    ),
    (
        "The consent matrix of the rules, with the article and every open legal question. An \
         objection of one who must say yes is a no; whoever says nothing has not said yes. What a \
         duty in law or Veilig Thuis gives needs no consent: that stands in the table",
        "De toestemmingsmatrix van de regels, met het artikel en elke open juridische vraag. Eén \
         bezwaar van wie ja moet zeggen is een nee; wie niets zegt, heeft geen ja gezegd. Wat een \
         wettelijke plicht of Veilig Thuis geeft vraagt geen toestemming: dat staat in de tabel",
    ),
    (
        "Kind of party that would give the data, such as jha; without it all",
        "Soort organisatie die de gegevens zou geven, zoals jha; anders alle",
    ),
    (
        "Age of the young person in years; without it all",
        "Leeftijd van de jeugdige in jaren; anders alle",
    ),
    (
        "The young person cannot weigh their interests in this; without it both are shown",
        "De jeugdige kan de belangen hierin niet afwegen; anders staan beide er",
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
