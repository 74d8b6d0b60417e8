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
         nog toelaten. Twee derde van de termijn is voor de professional; daarna klimt de vraag",
    ),
    (
        "List what waits, what is due first at the top; it names nobody",
        "Toon wat er wacht, wat het eerst moet bovenaan; er staat niemand met naam of nummer",
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
        "Confirm the decision of a colleague, as second person",
        "Bevestig de beslissing van een collega, als tweede persoon",
    ),
    ("Take more time, within the term", "Neem meer tijd, binnen de termijn"),
    ("Say whose a question is", "Zeg van wie een vraag is"),
    (
        "Follow what comes in and what falls due, until you stop it",
        "Volg wat er binnenkomt en wat er af moet, tot u stopt",
    ),
    (
        "Show on what grounds a reviewer may refuse",
        "Toon op welke gronden een beoordelaar mag weigeren",
    ),
    (
        "With what was decided and whose term lasts",
        "Ook wat beslist is en waarvan de termijn nog loopt",
    ),
    ("The question, as `inbox list` shows it", "De vraag, zoals `inbox list` die toont"),
    (
        "What to give, and up to where; without a name whatever you do not name elsewhere",
        "Wat u geeft, en tot waar; zonder naam alles wat u elders niet noemt",
    ),
    (
        "What to refuse; without a name whatever you do not name elsewhere",
        "Wat u weigert; zonder naam alles wat u elders niet noemt",
    ),
    (
        "For what to ask another kind of agency",
        "Waarvoor een andere soort organisatie gevraagd moet worden",
    ),
    (
        "On what ground you refuse; `inbox grounds` shows the list",
        "Op welke grond u weigert; `inbox grounds` toont de lijst",
    ),
    (
        "Let the asker hear nothing of a refusal; only where they were told nothing yet",
        "Laat de vrager niets horen van een weigering; alleen als die nog niets weet",
    ),
    ("Until when, such as 2026-11-20T12:00", "Tot wanneer, zoals 2026-11-20T12:00"),
    (
        "The member of staff; without it the question is nobody's",
        "De medewerker; zonder is de vraag van niemand",
    ),
];
