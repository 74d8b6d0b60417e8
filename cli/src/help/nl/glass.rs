//! Help of break glass.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "See who broke the glass, and review it",
        "Bekijk wie de noodknop gebruikte, en beoordeel dat",
    ),
    (
        "Break glass is a question of one person alone in acute danger (`ask --break-glass`). Within \
         24 hours a colleague who may approve such a question writes down whether it was right. \
         Until then it waits; after that, who asked may not break the glass until it is reviewed. \
         The privacy officers of who asked and of who was asked see it at once",
        "De noodknop is een vraag van één persoon alleen, bij acuut gevaar (`ask --break-glass`). \
         Binnen 24 uur schrijft een collega die zo'n vraag mag goedkeuren op of dat terecht was. Tot \
         dan wacht het; daarna mag de vrager de noodknop niet gebruiken tot het beoordeeld is. De \
         FG's van de vrager en van de gevraagde organisatie zien het meteen",
    ),
    (
        "List what waits for its review; for a privacy officer also what others asked so, and how \
         often each person did; that you looked is recorded",
        "Toon wat op beoordeling wacht; voor de FG ook wat anderen zo vroegen, en hoe vaak ieder dat \
         deed; dat u keek wordt vastgelegd",
    ),
    (
        "Show one question with why it was asked; whom it is about for who reviews it",
        "Toon een vraag met waarom zij is gesteld; over wie zij gaat alleen voor wie beoordeelt",
    ),
    (
        "Write down what you judge of a colleague's question",
        "Leg vast wat u van de vraag van een collega vindt",
    ),
    ("With what was reviewed and seen", "Ook wat beoordeeld en gezien is"),
    ("The question, as `glass list` shows it", "De vraag, zoals `glass list` die toont"),
    ("What it was: justified or misuse", "Wat het was: justified (terecht) of misuse (misbruik)"),
];
