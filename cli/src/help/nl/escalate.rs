//! Help of escalations and of the joint file.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Escalate a case: every agency must say something in time, and somebody mandated signs \
         first",
        "Escaleer een casus: elke organisatie moet op tijd iets zeggen, en iemand met mandaat \
         ondertekent eerst",
    ),
    (
        "You ask about a case of the board that a professional judged to be serious or acute, with \
         the criteria that bear it and a reason for each agency. Somebody with a mandate signs with \
         their own key; it holds for a day. An agency that must weigh decides itself, and who lets \
         the term pass is shown as such. `dossier` then shows the joint file",
        "U vraagt over een casus van het bord die een professional als ernstig of acuut beoordeelde, \
         met de criteria die dat dragen en een reden per organisatie. Iemand met mandaat ondertekent \
         met een eigen sleutel; dat geldt een dag. Een organisatie die moet wegen, beslist zelf, en \
         wie de termijn laat verlopen, is zo te zien. `dossier` toont daarna het dossier",
    ),
    (
        "Put an escalation aside for somebody mandated, who uses `escalate approve`",
        "Zet een escalatie klaar voor iemand met mandaat, die `escalate approve` gebruikt",
    ),
    (
        "Sign the escalation of a colleague with your own key, as somebody mandated",
        "Onderteken de escalatie van een collega met uw eigen sleutel, als iemand met mandaat",
    ),
    ("Send what was signed", "Verstuur wat is ondertekend"),
    (
        "See where every agency stands, and fetch what came since",
        "Zie waar elke organisatie staat, en haal op wat sindsdien kwam",
    ),
    (
        "List your own escalations and those that you signed, newest first",
        "Toon uw eigen escalaties en die u ondertekende, de nieuwste eerst",
    ),
    ("Show the criteria of serious risk", "Toon de criteria van ernstig risico"),
    (
        "The question, as `escalate draft` printed it",
        "De vraag, zoals `escalate draft` die liet zien",
    ),
    (
        "The case, as `cases list` shows it; its severity and urgency are those of the question",
        "De casus, zoals `cases list` die toont; haar ernst en urgentie zijn die van de vraag",
    ),
    (
        "The citizen service number of whom you ask about; `-` reads it from standard input",
        "Het burgerservicenummer van wie u vraagt; `-` leest het van standaardinvoer",
    ),
    (
        "Who that is: child, the one of the case, or parent or other, of the household",
        "Wie dat is: child (het kind van de casus), of parent (ouder) of other (een ander) uit het \
         huishouden",
    ),
    (
        "The role in which you ask, such as gem.procesregisseur",
        "De rol waarin u vraagt, zoals gem.procesregisseur",
    ),
    (
        "What bears that the risk is serious, with commas between; `escalate words` shows the words",
        "Wat draagt dat het risico ernstig is, met komma's ertussen; `escalate words` toont de \
         woorden",
    ),
    (
        "Whom you ask, for what, and why, which that agency alone reads: 'AGENCY=CODES: WHY'; once \
         for each agency",
        "Wie u vraagt, wat, en waarom, wat alleen die organisatie leest: 'ORGANISATIE=CODES: \
         WAAROM'; eens per organisatie",
    ),
    (
        "Why a joint file is necessary, in at least 30 characters; without names and numbers",
        "Waarom een gezamenlijk dossier nodig is, in ten minste 30 tekens; zonder namen en nummers",
    ),
    ("What for, as `policy` lists purposes", "Waarvoor, zoals `policy` de doelen toont"),
    ("What sort of question", "Welke soort vraag"),
    (
        "Only say what would be permitted, and why not; nothing is put aside",
        "Zeg alleen wat zou mogen, en waarom niet; er wordt niets klaargezet",
    ),
    (
        "See the joint file of a case: what agencies gave, from whom and under which article, and \
         what is missing",
        "Zie het dossier van een casus: wat organisaties gaven, van wie en op welk artikel, en wat \
         ontbreekt",
    ),
    (
        "It is put together when you look, of the answers to your own escalations and of those that \
         you signed; that you looked is recorded. After thirty days all of it is destroyed, and the \
         ledger says so",
        "Het wordt samengesteld als u kijkt, uit de antwoorden op uw eigen escalaties en op die u \
         ondertekende; dat u keek wordt vastgelegd. Na dertig dagen wordt alles vernietigd, en het \
         logboek zegt dat",
    ),
    (
        "Write the file into new files: this name with .html and .json",
        "Schrijf het dossier in nieuwe bestanden: deze naam met .html en .json",
    ),
];
