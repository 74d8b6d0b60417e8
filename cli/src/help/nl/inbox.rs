//! Help of the inbox.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Look at questions that a person must decide on, and decide",
        "Bekijk vragen waarover een mens moet beslissen, en beslis",
    ),
    (
        "Most questions are answered by the rules alone. Where they want a professional to decide, \
         the question waits here: who asks and why, what would be released, and what the law says \
         about refusing. What you decide is told to the asker at the next fixed moment, if the \
         rules still allow it then. Two thirds of the term are for the professional; after that it \
         climbs",
        "De meeste vragen beantwoorden de regels zelf. Waar een professional moet beslissen wacht de \
         vraag hier: wie vraagt en waarom, wat er gegeven zou worden, en wat de wet over weigeren \
         zegt. Wat u beslist hoort de vrager op het eerstvolgende vaste moment, als de regels het dan \
         nog toelaten. Twee derde van de termijn is voor de professional; daarna gaat zij naar leidinggevende, bestuurder en de eigen FG",
    ),
    (
        "List what waits, what is due first at the top; it names nobody",
        "Toon wat er wacht, het dringendste bovenaan; er staat niemand met naam of nummer",
    ),
    (
        "Show one question, with whom it is about and what would be released; that you looked is \
         recorded",
        "Toon een vraag, met over wie zij gaat en wat er gegeven zou worden; dat u keek wordt \
         vastgelegd",
    ),
    (
        "Decide: give, give in part, refuse or refer",
        "Beslis: geven, deels geven, weigeren of doorverwijzen",
    ),
    (
        "Confirm the decision of a colleague that you saw, as second person",
        "Bevestig de beslissing van een collega die u zag, als tweede persoon",
    ),
    ("Take more time, within the term", "Neem meer tijd, binnen de termijn"),
    ("Say whose a question is", "Wijs een vraag aan iemand toe"),
    (
        "Follow what comes in and what falls due, until you stop it",
        "Volg wat er binnenkomt en wat aan zijn termijn toe is, tot u stopt",
    ),
    (
        "Show on what grounds a reviewer may refuse",
        "Toon op welke gronden een beoordelaar mag weigeren",
    ),
    ("Also what was decided, while its term runs", "Ook wat beslist is, zolang de termijn loopt"),
    ("The question, as `inbox list` shows it", "De vraag, zoals `inbox list` die toont"),
    (
        "What to give, and up to where, such as G08:T3,G14; without a tier up to what is open",
        "Wat u geeft, en tot waar, zoals G08:T3,G14; zonder niveau tot wat mag",
    ),
    ("What to refuse, such as G17,G18", "Wat u weigert, zoals G17,G18"),
    (
        "For what to ask another kind of agency, such as G18:vt",
        "Waarvoor een andere soort organisatie gevraagd moet worden, zoals G18:vt",
    ),
    (
        "What becomes of what you do not name: give or withhold",
        "Wat er gebeurt met wat u niet noemt: give (geven) of withhold (weigeren)",
    ),
    (
        "On what ground you refuse; `inbox grounds` shows the list",
        "Op welke grond u weigert; `inbox grounds` toont de lijst",
    ),
    (
        "Tell the asker also of a refusal of which they know nothing; that tells them that the child \
         is known here",
        "Vertel de vrager ook een weigering waarvan die nog niets weet; daaruit blijkt dat het kind \
         hier bekend is",
    ),
    (
        "As what you saw it: the version that `inbox show` printed",
        "Zoals u haar zag: de versie die `inbox show` toonde",
    ),
    (
        "What you saw and confirm: the version that `inbox show` printed",
        "Wat u zag en bevestigt: de versie die `inbox show` toonde",
    ),
    ("Until when, such as 2026-11-20T12:00", "Tot wanneer, zoals 2026-11-20T12:00"),
    (
        "The member of staff; without it the question is nobody's",
        "De medewerker; laat weg om de vraag aan niemand toe te wijzen",
    ),
    (
        "Say that you are away, and who takes your place: what is yours is shown as theirs meanwhile",
        "Zeg dat u weg bent, en wie uw plaats inneemt: wat van u is staat intussen op diens naam",
    ),
    ("Say that you are back", "Zeg dat u terug bent"),
    ("The member of staff who takes your place", "De medewerker die uw plaats inneemt"),
];
