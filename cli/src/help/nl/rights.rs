//! Help of requests about one's own data.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Handle what people ask about their own data: to correct, to object, to destroy",
        "Behandel wat mensen over hun eigen gegevens vragen: verbetering, bezwaar, vernietiging",
    ),
    (
        "A request about your own records is decided by a colleague of who wrote it down, within a \
         month. One about another agency's records names the line of the person's own view, and is \
         brought there. What is mended is told to every agency that was given such data, as the \
         ledger proves",
        "Over een verzoek over gegevens van uw eigen organisatie beslist een collega van wie het \
         vastlegde, binnen een maand. Een verzoek over gegevens van een andere organisatie noemt de \
         regel uit iemands inzage en wordt daar bezorgd. Wat is hersteld hoort elke organisatie die zulke gegevens kreeg, zoals het logboek bewijst",
    ),
    (
        "Write down what somebody asks about their data, or what you found yourself",
        "Leg vast wat iemand over eigen gegevens vraagt, of wat u zelf vond",
    ),
    (
        "List the requests that your agency has to do with; that you looked is recorded",
        "Toon de verzoeken die uw organisatie aangaan; dat u keek wordt vastgelegd",
    ),
    (
        "Decide on a request about your own records, as a colleague of who wrote it down",
        "Beslis over een verzoek over gegevens van uw organisatie, als collega van wie het vastlegde",
    ),
    (
        "Extend the term by two months, once, and say why",
        "Verleng de termijn één keer met twee maanden, en zeg waarom",
    ),
    (
        "Record what was done: the person was told, the data are used no more, an objection was lifted",
        "Leg vast wat is gedaan: de betrokkene weet het, de gegevens zijn niet meer in gebruik, een \
         bezwaar is opgeheven",
    ),
    (
        "Record whether a breach is reported to the authority",
        "Leg vast of een datalek wordt gemeld bij de toezichthouder",
    ),
    (
        "The role in which you act, such as jgz.jeugdarts",
        "De rol waarin u dit doet, zoals jgz.jeugdarts",
    ),
    (
        "Whose data: the citizen service number; `-` reads it from standard input",
        "Van wie de gegevens zijn: het burgerservicenummer; `-` leest het van standaardinvoer",
    ),
    (
        "What is asked: correction, statement (the person's own words in the file), objection, \
         `false_match` (the file is somebody else's) or destruction",
        "Wat wordt gevraagd: correction (verbetering), statement (eigen verklaring in het dossier), \
         objection (bezwaar), `false_match` (het dossier is van een ander) of destruction (vernietiging)",
    ),
    (
        "Who asks: `young_person`, `custody_holder`, representative or `own_finding`",
        "Wie het vraagt: `young_person` (jongere), `custody_holder` (ouder of voogd met gezag), \
         representative (vertegenwoordiger) of `own_finding` (zelf gevonden)",
    ),
    (
        "What is wrong, or what the person states, in at least 30 characters; without names and numbers",
        "Wat niet klopt, of wat de betrokkene verklaart, in ten minste 30 tekens; zonder namen en \
         nummers",
    ),
    (
        "About which data of your own; all when it is left out. Once for each",
        "Over welke gegevens van uw organisatie; zonder deze optie alle. Herhaal de optie voor elk",
    ),
    (
        "The agency that holds the data, when it is not your own",
        "De organisatie die de gegevens heeft, als dat niet de uwe is",
    ),
    (
        "The line of the person's own view that it is about, by the number behind it",
        "De regel uit iemands inzage waarover het gaat, met het nummer erachter",
    ),
    ("Also those with which nothing is left to do", "Ook die waaraan niets meer te doen is"),
    ("The request, as `rights list` shows it", "Het verzoek, zoals `rights list` het toont"),
    (
        "What becomes of it: granted or refused. Grant only once it is done: the record was corrected, \
         or the register was imported without the file",
        "Wat ervan komt: granted (toegewezen) of refused (afgewezen). Wijs pas toe als het is gedaan: het \
         gegeven is hersteld, of het register is opnieuw geïmporteerd zonder het dossier",
    ),
    (
        "Why not: accurate, `other_interest`, `statutory_duty` or unfounded",
        "Waarom niet: accurate (het klopt), `other_interest` (belang van een ander), `statutory_duty` \
         (wettelijke plicht) of unfounded (kennelijk ongegrond of buitensporig)",
    ),
    (
        "What was mended, or why not, in at least 30 characters; without names and numbers",
        "Wat is hersteld, of waarom niet, in ten minste 30 tekens; zonder namen en nummers",
    ),
    (
        "What was done, or why, in at least 30 characters; without names and numbers",
        "Wat is gedaan, of waarom, in ten minste 30 tekens; zonder namen en nummers",
    ),
    ("It is reported; without it: it is not", "Het wordt gemeld; zonder deze optie niet"),
];
