//! Help of the caseload board.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Keep the caseload board of a municipality: which children wait, and how pressing it is",
        "Houd het caseloadbord van een gemeente bij: welke kinderen wachten, en hoe dringend het is",
    ),
    (
        "A professional sets nature, severity and urgency of each case, with a reason; the board \
         sorts by what they set and computes no score. Beside it stands how long the child waits, \
         when they were last seen and whether there is care meanwhile. Nothing on it is about money",
        "Een professional zet aard, ernst en urgentie van elke casus, met een reden; het bord \
         sorteert daarop en berekent geen score. Ernaast staat hoe lang het kind wacht, wanneer het \
         voor het laatst is gezien en of er intussen hulp is. Niets op het bord gaat over geld",
    ),
    (
        "Show the board, most pressing first; that you looked is recorded",
        "Toon het bord, het dringendste eerst; dat u keek wordt vastgelegd",
    ),
    (
        "Put a child on the board, with a first judgement",
        "Zet een kind op het bord, met een eerste oordeel",
    ),
    ("Judge a case anew", "Beoordeel een casus opnieuw"),
    ("Record that the child was seen", "Leg vast dat het kind is gezien"),
    (
        "Record whether there is care while the case waits",
        "Leg vast of er hulp is terwijl de casus wacht",
    ),
    (
        "Take a case off the board; the child's number is kept no longer",
        "Haal een casus van het bord; het nummer van het kind blijft niet bewaard",
    ),
    (
        "Show the words for nature, severity, urgency and kinds of agencies",
        "Toon de woorden voor aard, ernst, urgentie en soorten organisaties",
    ),
    (
        "What it is about, such as veiligheid; `cases words` shows the words",
        "Waar het over gaat, zoals veiligheid; `cases words` toont de woorden",
    ),
    (
        "How severe it is: none, concern, structural, serious or acute",
        "Hoe ernstig het is: none (geen), concern (zorgen), structural (structureel), serious (ernstig) of acute (acuut)",
    ),
    (
        "How soon it cannot wait any more: standard, urgent or acute",
        "Hoe lang het kan wachten: standard (gewoon), urgent (dringend) of acute (acuut)",
    ),
    ("With the cases that are closed", "Ook de casussen die gesloten zijn"),
    ("The case, as `cases list` shows it", "De casus, zoals `cases list` die toont"),
    ("On what day, such as 2026-11-20", "Op welke dag, zoals 2026-11-20"),
    (
        "By an agency of which kind, such as sch, jgz or gi",
        "Door welke soort organisatie, zoals sch, jgz of gi",
    ),
    ("Whether there is care meanwhile", "Of er intussen hulp is"),
];
