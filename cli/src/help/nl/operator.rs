//! Help of the commands of operators.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Ask agencies in the youth-care chain what the law lets you know, and answer them",
        "Vraag organisaties in de jeugdketen wat de wet u laat weten, en beantwoord vragen",
    ),
    (
        "Every agency runs a node that keeps its own records. A broker carries questions between \
         nodes and checks the legal basis of each. Everything here is fictional when the region \
         is a demo",
        "Elke organisatie heeft een knooppunt dat de eigen gegevens bewaart. Een makelaar brengt \
         vragen van het ene knooppunt naar het andere en toetst van elke vraag de grondslag. In \
         een demoregio is alles verzonnen",
    ),
    (
        "Exit codes:\n   0  done\n   1  refused, or checked and found wrong; the message gives \
         the reason\n   2  the command was not typed as it should be\n  64  a configuration file \
         is wrong\n  69  the other side was not reached in time; try again later\n  70  a fault \
         of this machine: its disk, its clock or the program itself",
        "Eindcodes:\n   0  gedaan\n   1  geweigerd, of bij controle fout bevonden; de melding \
         noemt de reden\n   2  de opdracht is niet goed getypt\n  64  een configuratiebestand \
         klopt niet\n  69  de andere kant is niet op tijd bereikt; probeer het later opnieuw\n  \
         70  een storing van deze machine: de schijf, de klok of het programma zelf",
    ),
    (
        "Print the result as one JSON value, for other programs",
        "Geef de uitkomst als één JSON-waarde, voor andere programma's",
    ),
    (
        "Language of what is printed: nl (Dutch, unless told otherwise) or en (English)",
        "Taal van de uitvoer: nl (Nederlands, als u niets opgeeft) of en (Engels)",
    ),
    (
        "Run your agency's node, fill it with records, and keep the register of its people",
        "Laat het knooppunt van uw organisatie draaien, vul het met gegevens, en beheer het \
         personeelsregister",
    ),
    (
        "A node keeps the agency's own records on the agency's own machine. It answers a \
         question only after it checked the legal basis itself, and gives no more than the law \
         allows",
        "Een knooppunt bewaart de gegevens van de organisatie op een machine van de organisatie. \
         Het beantwoordt een vraag pas als het zelf de grondslag heeft getoetst, en geeft niet \
         meer dan de wet toestaat",
    ),
    (
        "Make a folder for a new node: keys, request for a certificate, configuration",
        "Maak een map voor een nieuw knooppunt: sleutels, certificaataanvraag, configuratie",
    ),
    ("Folder that the node is made in", "Map waarin het knooppunt wordt gemaakt"),
    (
        "Number of the agency (OIN, 20 positions; 00000099... is a trial)",
        "Nummer van de organisatie (OIN, 20 posities; 00000099... is een proef)",
    ),
    ("Name of the agency", "Naam van de organisatie"),
    (
        "Kind of the agency, such as gem, sch, ha or gi",
        "Soort organisatie, zoals gem, sch, ha of gi",
    ),
    (
        "Telephone number of the professional on duty",
        "Telefoonnummer van de dienstdoende professional",
    ),
    (
        "Address and port where the region's broker calls the node",
        "Adres en poort waarop de makelaar van de regio het knooppunt aanroept",
    ),
    (
        "Address and port where the agency's own people call the node",
        "Adres en poort waarop de eigen medewerkers het knooppunt aanroepen",
    ),
    ("Number of the region's broker (OIN)", "Nummer van de makelaar van de regio (OIN)"),
    (
        "Host and port where the region's broker is reached",
        "Naam en poort waarop de makelaar van de regio bereikbaar is",
    ),
    ("Run the node until it is told to stop", "Laat het knooppunt draaien totdat het moet stoppen"),
    ("Configuration file (TOML)", "Configuratiebestand (TOML)"),
    (
        "Only check the configuration and the files that it names, and stop",
        "Controleer alleen de configuratie en de bestanden die zij noemt, en stop",
    ),
    (
        "End in order as soon as standard input closes: for a program that starts this one",
        "Eindig ordelijk zodra de standaardinvoer sluit: voor een programma dat dit start",
    ),
    (
        "Copy all that passes, in plaintext, into this new file; only in a demo region",
        "Kopieer alles wat langskomt, leesbaar, in dit nieuwe bestand; alleen in een demoregio",
    ),
    (
        "Replace the node's records by those in files (stop the node first)",
        "Vervang de gegevens van het knooppunt door die in bestanden (stop eerst het knooppunt)",
    ),
    (
        "The files are CSV (comma or semicolon) or JSON Lines, in UTF-8. Dates are written \
         2026-09-15,\nmoments 2026-09-15T09:00. Columns:",
        "De bestanden zijn CSV (komma of puntkomma) of JSON Lines, in UTF-8. Een datum is \
         2026-09-15, een\nmoment 2026-09-15T09:00. Kolommen:",
    ),
    (
        "t1 to t5 hold what each tier adds. In them {place:...}, {third:...} and {reporter:...} \
         mark what\nmay have to be left out. The files replace all records at once, or nothing \
         changes",
        "t1 tot en met t5 bevatten wat elke tier toevoegt. {place:...}, {third:...} en \
         {reporter:...} markeren\nwat misschien weg moet blijven. De bestanden vervangen alle \
         gegevens ineens, of er verandert niets",
    ),
    ("File with clients; may be given more often", "Bestand met cliënten; mag vaker"),
    ("File with records; may be given more often", "Bestand met gegevens; mag vaker"),
    (
        "File with what the agency's own register says; may be given more often",
        "Bestand met wat het eigen register zegt; mag vaker",
    ),
    (
        "Leave wrong rows out and report them, instead of importing nothing",
        "Sla foute rijen over en meld ze, in plaats van niets in te lezen",
    ),
    (
        "See, add and revoke the people who may act for the agency",
        "Bekijk, voeg toe en trek in wie voor de organisatie mag handelen",
    ),
    (
        "Show everybody in the register (stop the node first)",
        "Toon iedereen in het register (stop eerst het knooppunt)",
    ),
    ("Add a person (stop the node first)", "Voeg een medewerker toe (stop eerst het knooppunt)"),
    ("The person's id, such as n.deboer", "Kenmerk van de medewerker, zoals n.deboer"),
    ("The person's name", "Naam van de medewerker"),
    (
        "A role that the person may act in, such as gem.lokaalteam; give it once per role",
        "Rol waarin de medewerker mag handelen, zoals gem.lokaalteam; één keer per rol",
    ),
    (
        "Last day of the person's mandate, such as 2028-12-31",
        "Laatste dag van het mandaat, zoals 2028-12-31",
    ),
    (
        "End that a person, or one certificate of theirs, may act (stop the node first)",
        "Trek een medewerker of één deskcertificaat in (stop eerst het knooppunt)",
    ),
    ("The person's id", "Kenmerk van de medewerker"),
    (
        "Revoke only the desk certificate with this serial number",
        "Trek alleen het deskcertificaat met dit serienummer in",
    ),
    (
        "For a person: make your own desk key and a request for a desk certificate",
        "Voor een medewerker: maak uw eigen desksleutel en een aanvraag voor een deskcertificaat",
    ),
    ("Your id, such as n.deboer", "Uw kenmerk, zoals n.deboer"),
    (
        "Folder that the key and the request are made in",
        "Map waarin sleutel en aanvraag worden gemaakt",
    ),
    ("Give a person a desk certificate", "Geef een medewerker een deskcertificaat"),
    (
        "The person's request, made by `grondslag node staff request`",
        "Aanvraag van de medewerker, gemaakt met `grondslag node staff request`",
    ),
    ("New file for the certificate", "Nieuw bestand voor het certificaat"),
    (
        "For a trial: make the key as well, in this folder",
        "Voor een proef: maak ook de sleutel, in deze map",
    ),
    (
        "Days that the certificate is valid, 1 to 366",
        "Aantal dagen dat het certificaat geldt, 1 tot en met 366",
    ),
    (
        "Accept a card with a changed key, after you verified it with the agency by telephone",
        "Aanvaard een kaart met een andere sleutel, nadat u die telefonisch bij de organisatie \
         hebt nagevraagd",
    ),
    (
        "Digest of the card, as the node's log names it",
        "Vingerafdruk van de kaart, zoals het logboek van het knooppunt die noemt",
    ),
    (
        "Run the broker that carries questions, and say which agencies it deals with",
        "Laat de makelaar draaien die vragen overbrengt, en zeg met welke organisaties zij \
         omgaat",
    ),
    (
        "The broker checks the legal basis of every question on what it may see, records its \
         decision and passes the question on. It never learns about whom a question is, or what \
         was answered",
        "De makelaar toetst van elke vraag de grondslag op wat zij mag zien, legt haar \
         beslissing vast en geeft de vraag door. Zij komt nooit te weten over wie een vraag \
         gaat, of wat er is geantwoord",
    ),
    ("Run the broker until it is told to stop", "Laat de makelaar draaien totdat zij moet stoppen"),
    (
        "Admit an agency, by the admission that the region's authority signed",
        "Laat een organisatie toe, met de toelating die de autoriteit van de regio heeft \
         ondertekend",
    ),
    (
        "The admission, made by `grondslag certs admit`",
        "De toelating, gemaakt met `grondslag certs admit`",
    ),
    (
        "Shut an agency out until it is restored",
        "Sluit een organisatie uit totdat zij wordt hersteld",
    ),
    ("Number of the agency (OIN)", "Nummer van de organisatie (OIN)"),
    ("Let a suspended agency in again", "Laat een geschorste organisatie weer toe"),
    (
        "Digest of the card, as the log names it",
        "Vingerafdruk van de kaart, zoals het logboek die noemt",
    ),
    (
        "Run the second key holder, so that broker and agency together learn nothing",
        "Laat de tweede sleutelhouder draaien, zodat makelaar en organisatie samen niets te weten \
         komen",
    ),
    (
        "An organisation that is independent of the broker's municipality runs it. Every question \
         passes it, hidden: it sees which agency asks which others and when, and never about \
         whom, what for or what was answered. Without it no question can be asked",
        "Een organisatie die losstaat van de gemeente van de makelaar beheert hem. Elke vraag gaat \
         erlangs, verborgen: hij ziet welke organisatie welke andere bevraagt en wanneer, en nooit \
         over wie, waarvoor of wat er is geantwoord. Zonder hem kan geen vraag worden gesteld",
    ),
    (
        "Make a folder for a new key holder: keys, request for a certificate, configuration",
        "Maak een map voor een nieuwe sleutelhouder: sleutels, certificaataanvraag, configuratie",
    ),
    ("Folder that the key holder is made in", "Map waarin de sleutelhouder wordt gemaakt"),
    (
        "Number of the organisation that runs the key holder (OIN, 20 positions)",
        "Nummer van de organisatie die de sleutelhouder beheert (OIN, 20 posities)",
    ),
    ("Name of the key holder", "Naam van de sleutelhouder"),
    (
        "Address and port where the broker calls the key holder",
        "Adres en poort waar de makelaar de sleutelhouder aanroept",
    ),
    (
        "Run the key holder until it is told to stop",
        "Laat de sleutelhouder draaien totdat hij moet stoppen",
    ),
    (
        "Number of a key holder beside the broker (OIN), as the region agreed",
        "Nummer van een sleutelhouder naast de makelaar (OIN), zoals in de regio afgesproken",
    ),
    (
        "Make, issue, renew, revoke and show certificates",
        "Maak, onderteken, vernieuw, trek in en toon certificaten",
    ),
    (
        "The region's authority is a folder that stays offline: no broker or node needs it. An \
         agency makes its own key and sends the authority a request; the key never travels",
        "De autoriteit van de regio is een map die offline blijft: geen makelaar of knooppunt \
         heeft haar nodig. Een organisatie maakt haar eigen sleutel en stuurt de autoriteit een \
         aanvraag; de sleutel gaat nooit op reis",
    ),
    (
        "Make the region's authority in a new folder (keep it offline)",
        "Maak de autoriteit van de regio in een nieuwe map (houd die offline)",
    ),
    ("Folder of the region's authority", "Map van de autoriteit van de regio"),
    ("Name of the region", "Naam van de regio"),
    (
        "For an agency: make your own key and a request for a certificate",
        "Voor een organisatie: maak uw eigen sleutel en een certificaataanvraag",
    ),
    (
        "For the authority: sign an agency's request",
        "Voor de autoriteit: onderteken de aanvraag van een organisatie",
    ),
    ("The agency's request", "De aanvraag van de organisatie"),
    (
        "For a trial: make key, request and certificate of an agency in one step",
        "Voor een proef: maak sleutel, aanvraag en certificaat van een organisatie in één stap",
    ),
    ("Folder of the agency", "Map van de organisatie"),
    (
        "For the authority: sign a request again before the certificate expires",
        "Voor de autoriteit: onderteken een aanvraag opnieuw voordat het certificaat verloopt",
    ),
    (
        "The agency's request, of the same key",
        "De aanvraag van de organisatie, van dezelfde sleutel",
    ),
    ("The certificate that the agency has now", "Het certificaat dat de organisatie nu heeft"),
    (
        "For the authority: revoke certificates, and make a new list of revoked ones",
        "Voor de autoriteit: trek certificaten in, en maak een nieuwe lijst van ingetrokken \
         certificaten",
    ),
    ("Serial number of one certificate", "Serienummer van één certificaat"),
    (
        "Number of an agency (OIN): every certificate of it",
        "Nummer van een organisatie (OIN): al haar certificaten",
    ),
    ("Days that the new list is valid", "Aantal dagen dat de nieuwe lijst geldt"),
    (
        "Folder of a broker or node on this machine that gets the new list; may be given more \
         often",
        "Map van een makelaar of knooppunt op deze machine die de nieuwe lijst krijgt; mag vaker",
    ),
    (
        "For the authority: make a new list of revoked certificates and hand it out",
        "Voor de autoriteit: maak een nieuwe lijst van ingetrokken certificaten en deel die uit",
    ),
    (
        "For the authority: admit an agency to the kinds it may act as",
        "Voor de autoriteit: laat een organisatie toe als de soorten waarin zij mag optreden",
    ),
    (
        "Kind that the agency may act as, such as gem, sch or gi; give it once per kind",
        "Soort waarin de organisatie mag optreden, zoals gem, sch of gi; één keer per soort",
    ),
    (
        "Last day of the admission, such as 2028-12-31",
        "Laatste dag van de toelating, zoals 2028-12-31",
    ),
    ("New file for the admission", "Nieuw bestand voor de toelating"),
    (
        "Show what a certificate, a list, an admission or a folder holds",
        "Toon wat een certificaat, lijst, toelating of map bevat",
    ),
    ("File or folder", "Bestand of map"),
    (
        "Show how a running broker or node is doing",
        "Toon hoe het met een draaiende makelaar of knooppunt gaat",
    ),
    (
        "It asks the process itself, with the process's own certificate. It ends with code 1 \
         when the process does not serve or something needs attention",
        "Het vraagt dit aan het proces zelf, met het certificaat van dat proces. De eindcode is \
         1 als het proces niet in dienst is of iets aandacht vraagt",
    ),
    (
        "Configuration file of the broker or node",
        "Configuratiebestand van de makelaar of het knooppunt",
    ),
    (
        "Where it listens, when that does not follow from the configuration",
        "Waar het luistert, als dat niet uit de configuratie volgt",
    ),
    (
        "Make a folder for a new broker: keys, request for a certificate, configuration",
        "Maak een map voor een nieuwe makelaar: sleutels, certificaataanvraag, configuratie",
    ),
    ("Folder that the broker is made in", "Map waarin de makelaar wordt gemaakt"),
    (
        "Number of the municipality that runs the broker (OIN, 20 positions)",
        "Nummer van de gemeente die de makelaar beheert (OIN, 20 posities)",
    ),
    ("Name of the broker", "Naam van de makelaar"),
    ("Telephone number of the operator on duty", "Telefoonnummer van de dienstdoende beheerder"),
    (
        "Address and port where nodes call the broker",
        "Adres en poort waarop knooppunten de makelaar aanroepen",
    ),
    (
        "Start the next epoch of the pseudonyms, or see which epoch it is",
        "Begin het volgende tijdvak van de pseudoniemen, of zie welk tijdvak het is",
    ),
    (
        "Open the next epoch: nodes enrol anew, and from the switch on questions use it",
        "Open het volgende tijdvak: knooppunten schrijven hun cliënten opnieuw in, en vanaf de \
         overgang gebruiken vragen het nieuwe tijdvak",
    ),
    (
        "Do it every quarter, and at once when factors may have leaked. The factors of the epoch \
         before are destroyed when its last question has expired",
        "Doe dit elk kwartaal, en meteen als factoren kunnen zijn uitgelekt. De factoren van het \
         vorige tijdvak worden vernietigd als de laatste vraag daarvan is verlopen",
    ),
    (
        "Days that nodes get to enrol before the switch",
        "Dagen die knooppunten krijgen om in te schrijven vóór de overgang",
    ),
    (
        "Switch at once; nodes that have not enrolled yet cannot answer until they have",
        "Ga meteen over; een knooppunt dat nog niet klaar is met inschrijven kan tot dan niet \
         antwoorden",
    ),
    (
        "Say which epoch it is, and what is still to come",
        "Toon welk tijdvak het is, en wat er nog komt",
    ),
    (
        "For the authority: make a list of made-up subjects for all nodes (never for the broker)",
        "Voor de autoriteit: maak een lijst van verzonnen personen voor alle \
         knooppunten (nooit voor de makelaar)",
    ),
    (
        "The new file; hand it to every node, over a way that the broker does not see",
        "Het nieuwe bestand; geef het aan elk knooppunt, langs een weg die de makelaar niet ziet",
    ),
    ("How many made-up subjects", "Hoeveel verzonnen personen"),
    (
        "Have the running node enrol who came to the register, without waiting for the hourly \
         batch",
        "Laat het draaiende knooppunt inschrijven wie in het register kwam, zonder op de partij \
         van het uur te wachten",
    ),
    (
        "Every hour a batch of one size goes out, whether or not anything changed, so that nobody \
         sees when a client came. This command gives that up once: the broker sees the moment at \
         which your agency gained a client, though not who. Use it when a child must be found \
         today. A run that was cut short goes on when the command is given again",
        "Elk uur gaat er een partij van vaste grootte uit, of er nu iets veranderde of niet, zodat \
         niemand ziet wanneer een cliënt kwam. Deze opdracht geeft dat één keer prijs: de makelaar \
         ziet op welk moment uw organisatie een cliënt kreeg, maar niet wie. Gebruik haar als een \
         kind vandaag gevonden moet worden. Een afgebroken opdracht gaat verder als u haar opnieuw \
         geeft",
    ),
    (
        "Do not wait for the hourly batch, and take it that the broker sees the moment",
        "Wacht niet op de partij van het uur, en aanvaard dat de makelaar het moment ziet",
    ),
];
