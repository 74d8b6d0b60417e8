//! Help of the consent register.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Write down what a child, a parent or a guardian says, and who may speak",
        "Leg vast wat een kind, een ouder of een voogd zegt, en wie mag spreken",
    ),
    (
        "A consent lifts secrecy for who it names, what it names and what it is for, until it ends \
         or is taken back. It is refused when it could not count, with what to do instead. A \
         withdrawal holds at once. Where the law orders or allows sharing without consent, none is \
         needed, and no objection stops it",
        "Een toestemming doorbreekt het geheim voor wie zij noemt, wat zij noemt en waarvoor, tot \
         zij eindigt of wordt ingetrokken. Zij wordt geweigerd als zij niet zou tellen, met wat u \
         dan kunt doen. Intrekken werkt meteen. Waar de wet delen zonder toestemming verplicht of \
         toestaat is er geen nodig, en houdt geen bezwaar het tegen",
    ),
    ("Write down that somebody says yes", "Leg vast dat iemand ja zegt"),
    ("Write down that somebody says no", "Leg vast dat iemand nee zegt"),
    (
        "Take back a yes, or every yes of one person: it holds at once",
        "Trek een ja in, of elk ja van één persoon: het werkt meteen",
    ),
    ("Take back a no, by its number", "Neem een nee terug, met zijn nummer"),
    ("Write down who holds custody", "Leg vast wie het gezag heeft"),
    ("Write down whether a young person can decide", "Leg vast of een jongere zelf kan beslissen"),
    ("Write down a measure of the court", "Leg een maatregel van de rechter vast"),
    (
        "Certify a measure that you carry out, as a file that another agency can enter",
        "Verklaar een maatregel die u uitvoert, als bestand dat een andere organisatie kan vastleggen",
    ),
    (
        "The last day on which others may enter it; as long as the rules let when it is left out",
        "De laatste dag waarop anderen het mogen vastleggen; zo lang als de regels toelaten als u \
         niets opgeeft",
    ),
    (
        "The new file. It holds no name and no number, but handle it as what it is about: a child",
        "Het nieuwe bestand. Er staat geen naam en geen nummer in, maar ga ermee om als met wat het \
         is: iets over een kind",
    ),
    (
        "In what you saw it: the court's decision with its number",
        "Waarin u het zag: de beschikking met haar nummer",
    ),
    (
        "The statement by which the competent body certified it, instead of all that",
        "De verklaring waarmee de bevoegde instantie het verklaarde, in plaats van dit alles",
    ),
    (
        "Read in a file with custody and measures of many children: all of it or nothing",
        "Lees een bestand met gezag en maatregelen van veel kinderen in: alles of niets",
    ),
    (
        "The file is JSON (a list of objects) or, when its name ends in .csv, CSV (comma or \
         semicolon),\nin UTF-8. Dates are written 2026-09-15, moments 2026-09-15T09:00. Columns:",
        "Het bestand is JSON (een lijst van objecten) of, als de naam op .csv eindigt, CSV (komma \
         of\npuntkomma), in UTF-8. Een datum is 2026-09-15, een moment 2026-09-15T09:00. Kolommen:",
    ),
    (
        "holders says who holds custody, as `consent custody --holder` has it: a list in JSON, \
         with | between\nin CSV. value is the measure: ots, voogdij or jeugdreclassering. from and \
         seen_in are always filled\nin; until is the last day, when that is known",
        "holders zegt wie het gezag heeft, zoals bij `consent custody --holder`: in JSON een lijst, \
         in\nCSV met | ertussen. value is de maatregel: ots, voogdij of jeugdreclassering. from en \
         seen_in zijn\naltijd ingevuld; until is de laatste dag, als die bekend is",
    ),
    (
        "The file; `-` reads JSON from standard input",
        "Het bestand; `-` leest JSON van standaardinvoer",
    ),
    (
        "The role in which you work with these children, such as jha.hulpverlener",
        "De rol waarin u met deze kinderen werkt, zoals jha.hulpverlener",
    ),
    (
        "Only check the file against the register; that you looked is recorded",
        "Kijk het bestand alleen na tegen het register; dat u keek wordt vastgelegd",
    ),
    (
        "See what stands in the register about one child; that you looked is recorded",
        "Zie wat er over één kind in het register staat; dat u keek wordt vastgelegd",
    ),
    (
        "List whom of all children to ask again: after a birthday, or before a consent ends",
        "Toon wie van alle kinderen opnieuw te vragen is: na een verjaardag, of voor een \
         toestemming eindigt",
    ),
    (
        "A consent ends by itself when the child turns 12, 16 or 18 and the law then asks somebody \
         else. It is listed until who has the say said yes or no anew. That you looked is recorded",
        "Een toestemming eindigt vanzelf als het kind 12, 16 of 18 wordt en de wet dan een ander \
         vraagt. Zij staat in de lijst tot wie het dan voor het zeggen heeft opnieuw ja of nee zegt. \
         Dat u keek wordt vastgelegd",
    ),
    (
        "A role that may write down what is said, such as jha.hulpverlener",
        "Een rol die mag vastleggen wat gezegd is, zoals jha.hulpverlener",
    ),
    (
        "So many days ahead; 0 for what ended already",
        "Zoveel dagen vooruit; 0 voor wat al is geëindigd",
    ),
    (
        "The role in which you work with the child, such as jha.hulpverlener",
        "De rol waarin u met het kind werkt, zoals jha.hulpverlener",
    ),
    (
        "Which one, as `consent list` shows it; every yes of this person when it is left out",
        "Welke, zoals `consent list` hem toont; zonder nummer elk ja van deze persoon",
    ),
    ("Which one, as `consent list` shows it", "Welke, zoals `consent list` hem toont"),
    (
        "Whose word: `child`, or `Iris, Vos, 1990-04-02`, or `guardian:` and the agency",
        "Wiens woord: `child` (het kind), of `Iris, Vos, 1990-04-02`, of `guardian:` (voogd) en de \
         organisatie",
    ),
    (
        "In what you saw it: the custody register, a decision of the court with its number",
        "Waarin u het zag: het gezagsregister, een beschikking met haar nummer",
    ),
    ("Since when; now when it is left out", "Sinds wanneer; nu als u niets opgeeft"),
    ("The last day, when that is known", "De laatste dag, als die bekend is"),
    (
        "Who holds it: both parents, one, or `guardian:` and the agency; once for each. Without any \
         it is unsettled, and nobody can say yes for the child",
        "Wie het heeft: beide ouders, één, of `guardian:` (voogd) en de organisatie; voor elk één \
         keer. Geeft u niemand op, dan is het gezag niet geregeld en kan niemand ja zeggen voor het kind",
    ),
    (
        "They cannot weigh their interests in this; without it: they can",
        "De jongere kan de eigen belangen hierin niet wegen; zonder: wel",
    ),
    (
        "Who represents an adult that cannot: `Ans, Mentor, 1970-01-01`",
        "Wie een volwassene die dat niet kan vertegenwoordigt: `Ans, Mentor, 1970-01-01`",
    ),
    ("Which: ots, voogdij or jeugdreclassering", "Welke: ots, voogdij of jeugdreclassering"),
    (
        "The capacity in which they speak: `young_person`, `custody_holders` or `representative`; by \
         who they are when it is left out",
        "Als wie iemand spreekt: `young_person` (jongere), `custody_holders` (gezag) of \
         `representative` (vertegenwoordiger); zonder opgave volgt het uit wie het is",
    ),
    (
        "What the yes is for: secrecy (to lift it), ground (of a processing) or help (itself)",
        "Waarvoor het ja is: secrecy (geheim doorbreken), ground (grondslag) of help (de hulp zelf)",
    ),
    (
        "Who may give: names or OINs with commas between; your own agency when it is left out",
        "Wie mag geven: namen of OIN's met komma's; uw eigen organisatie als u niets opgeeft",
    ),
    (
        "Who may receive: names or OINs with commas between",
        "Wie mag ontvangen: namen of OIN's met komma's",
    ),
    (
        "Kinds of party that may receive, such as gem",
        "Soorten partij die mogen ontvangen, zoals gem",
    ),
    ("Which data, such as G12,G13", "Welke gegevens, zoals G12,G13"),
    ("What for, such as D16", "Waarvoor, zoals D16"),
    ("The plan that it belongs to", "Het plan waar het bij hoort"),
    (
        "How it was said: spoken, written or portal",
        "Hoe het gezegd is: spoken (gesprek), written (schriftelijk) of portal (portaal)",
    ),
    (
        "When it was said, at most a week ago; now when it is left out",
        "Wanneer het gezegd is, hooguit een week geleden; nu als u niets opgeeft",
    ),
    ("Since when it holds, never before now", "Vanaf wanneer het geldt, nooit vóór nu"),
    (
        "The last day; as the rules say when it is left out",
        "De laatste dag; wat de regels zeggen als u niets opgeeft",
    ),
    (
        "The paper that shows it: its digest is kept, the paper stays with you",
        "Het stuk waaruit het blijkt: alleen de vingerafdruk wordt bewaard, het stuk blijft bij u",
    ),
    (
        "The text that the person was shown, when it was another than the program's",
        "De tekst die de persoon zag, als dat een andere was dan die van het programma",
    ),
    (
        "Language of that text: nl or en; that of this command when it is left out",
        "Taal van die tekst: nl of en; die van deze opdracht als u niets opgeeft",
    ),
    (
        "Only show the text, and whether it could be written down",
        "Toon alleen de tekst, en of het vastgelegd kan worden",
    ),
    (
        "Write the receipt for the person into new files: this name with .html and .json",
        "Schrijf het bewijs voor de persoon in nieuwe bestanden: deze naam met .html en .json",
    ),
];
