//! Help of own views.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "See who asked what about you or your child, at your municipality",
        "Zie wie wat vroeg over u of uw kind, bij uw gemeente",
    ),
    (
        "Three steps: the person asks; two members of staff see who it is; the person sees one \
         overview of what every agency tells. The overview shows who asked, when, why, under which \
         article and what came of it. Places, whoever reported and other people are never in it",
        "Drie stappen: de persoon vraagt het aan; twee medewerkers zien wie het is; de persoon ziet \
         één overzicht van wat elke organisatie vertelt. Het overzicht laat zien wie vroeg, wanneer, \
         waarom, volgens welk artikel en wat ervan kwam. Plaatsen, wie iets meldde en andere mensen \
         staan er nooit in",
    ),
    (
        "Ask for an overview, as the person who wants it; nobody is asked yet",
        "Vraag een overzicht aan, als de persoon die het wil; er wordt nog niemand gevraagd",
    ),
    (
        "Record that you saw who it is, as a member of staff",
        "Leg vast dat u zag wie het is, als medewerker",
    ),
    (
        "See the overview, once two members of staff have seen who you are",
        "Zie het overzicht, als twee medewerkers hebben gezien wie u bent",
    ),
    (
        "As whom: burger.jeugdige, burger.gezagsouder or `burger.ouder_zonder_gezag`",
        "Als wie: burger.jeugdige, burger.gezagsouder of `burger.ouder_zonder_gezag`",
    ),
    (
        "Your citizen service number, or that of your child; `-` reads it from standard input",
        "Uw burgerservicenummer, of dat van uw kind; `-` leest het van de standaardinvoer",
    ),
    (
        "As whom the person asks, as you saw it: burger.jeugdige, burger.gezagsouder or \
         `burger.ouder_zonder_gezag`",
        "Als wie de persoon vraagt, zoals u het zag: burger.jeugdige, burger.gezagsouder of \
         `burger.ouder_zonder_gezag`",
    ),
    (
        "For a child: you looked, and nothing speaks against naming agencies, such as a secret \
         address in the civil registry. Unless both of you say so, a parent reads kinds of agencies \
         alone",
        "Voor een kind: u keek, en er is geen reden om namen van organisaties weg te laten, zoals \
         een geheim adres in de BRP. Zeggen niet beiden dat, dan leest een ouder alleen soorten \
         organisaties",
    ),
    ("The overview, as `inzage ask` printed it", "Het overzicht, zoals `inzage ask` het liet zien"),
    (
        "The role in which you saw it, such as gem.toegang; the second is a gem.po",
        "De rol waarin u het zag, zoals gem.toegang; de tweede is een gem.po",
    ),
    (
        "The number that you read: in the document, or of the child in the register of custody; \
         `-` reads it from standard input",
        "Het nummer dat u las: in het document, of van het kind in het gezagsregister; `-` leest \
         het van de standaardinvoer",
    ),
    (
        "The document that you saw: passport, `id_card`, `driving_licence` or `residence_permit`",
        "Het document dat u zag: passport (paspoort), `id_card` (identiteitskaart), \
         `driving_licence` (rijbewijs) of `residence_permit` (verblijfsdocument)",
    ),
    (
        "For a child: where it stands that the person may ask, `custody_register`, \
         `civil_registry` or `court_decision`",
        "Voor een kind: waar staat dat de persoon mag vragen, `custody_register` (gezagsregister), \
         `civil_registry` (BRP) of `court_decision` (beschikking)",
    ),
    (
        "Write the overview into new files: this name with .html and .json",
        "Schrijf het overzicht in nieuwe bestanden: deze naam met .html en .json",
    ),
];
