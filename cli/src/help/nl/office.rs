//! Help of the policy office: rules on their way.

pub(super) const TEXTS: &[(&str, &str)] = &[
    ("Folder with the rules", "Map met de regels"),
    (
        "Your own desk folder: the draft begins with the rules in force in your region",
        "Uw eigen deskmap: het concept begint met de regels die in uw regio gelden",
    ),
    (
        "Sign rules and bring them to the policy office, where a colleague approves them",
        "Onderteken regels en breng ze naar de regelkamer, waar een collega ze goedkeurt",
    ),
    (
        "Shows first what they open and close beside the last published rules. What is planned \
         waits for a second officer, and is then in force everywhere from its moment on. An emergency is in \
         force at once, on one signature: every party proves for itself that it only narrows",
        "Toont eerst wat ze openen en sluiten naast de laatst gepubliceerde regels. Wat gepland is wacht op een \
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
        "Uw eigen deskmap: daarin staan desk.toml, uw certificaat en uw sleutel; uw rol is gem.po \
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
    (
        "What changes and why, in Dutch; it goes to every party, so never about a person",
        "Wat er verandert en waarom, in het Nederlands; het gaat naar elke partij, dus nooit over een \
         persoon",
    ),
    (
        "What changes and why, in English; it goes to every party, so never about a person",
        "Wat er verandert en waarom, in het Engels; het gaat naar elke partij, dus nooit over een \
         persoon",
    ),
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
];
