//! Help of the duty to inform.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Tell people that you asked about them, as the law wants",
        "Vertel mensen dat u naar hen vroeg, zoals de wet wil",
    ),
    (
        "Whoever asked about somebody and was given something under a rule that asks for it, or asked \
         for a purpose that is told afterwards, tells them so within four weeks. Once that is \
         recorded, the question is in their own view",
        "Wie naar iemand vroeg en iets kreeg volgens een regel die dat vraagt, of vroeg voor een doel \
         dat achteraf wordt verteld, vertelt dat binnen vier weken. Is dat vastgelegd, dan staat de vraag in iemands inzage",
    ),
    (
        "List what is to be told, most urgent first; that you looked is recorded",
        "Toon wat te vertellen is, het dringendste eerst; dat u keek wordt vastgelegd",
    ),
    ("Record that somebody was told", "Leg vast dat het is verteld"),
    (
        "Put it off until a day on which it is looked at again",
        "Stel het uit tot een dag waarop opnieuw wordt gekeken",
    ),
    (
        "The role in which it was asked, such as vt.onderzoeker; a privacy officer acts for all",
        "De rol waarin het is gevraagd, zoals vt.onderzoeker; een FG mag dit voor alle rollen",
    ),
    ("With what was told already", "Ook wat al is verteld"),
    ("The question, as `inform list` shows it", "De vraag, zoals `inform list` die toont"),
    (
        "How they were told: spoken, written or digital",
        "Hoe het is verteld: spoken (mondeling), written (schriftelijk) of digital (digitaal)",
    ),
    (
        "Who was told: `young_person`, parents or representative",
        "Aan wie: `young_person` (jongere), parents (ouders) of representative (vertegenwoordiger)",
    ),
    (
        "Why, in at least 30 characters; without names and numbers",
        "Waarom, in ten minste 30 tekens; zonder namen en nummers",
    ),
    ("When it is looked at again", "Wanneer er opnieuw naar wordt gekeken"),
];
