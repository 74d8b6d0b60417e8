//! Help of the commands that ask, approve, look back and demonstrate.

pub(super) const TEXTS: &[(&str, &str)] = &[
    ("Watch a whole, fictional region work", "Zie een hele, verzonnen regio aan het werk"),
    (
        "Starts an authority, a broker and 17 agencies on this machine, each a process of its \
         own that listens on 127.0.0.1 alone, and plays ten stories of children: what each \
         agency asks, and what the law lets the others answer. Then it serves, and you can ask \
         from a second terminal",
        "Start een autoriteit, een makelaar en 17 organisaties op deze machine, elk een eigen \
         proces dat alleen op 127.0.0.1 luistert, en speelt tien verhalen van kinderen: wat elke \
         organisatie vraagt, en wat de wet de andere laat antwoorden. Daarna blijft de regio in \
         dienst, en kunt u in een tweede venster zelf vragen",
    ),
    (
        "Ask so many questions of eight agencies each instead of the stories, drawn by the seed, \
         and stop: something to audit",
        "Stel in plaats van de verhalen zoveel vragen, elk aan acht organisaties, getrokken met het \
         startgetal, en stop: iets om te controleren",
    ),
    (
        "What is drawn by; the same seed asks the same",
        "Waarmee getrokken wordt; hetzelfde startgetal vraagt hetzelfde",
    ),
    (
        "Play every story to its end, measure, and stop; fails when a story ends otherwise than \
         the law says",
        "Speel elk verhaal tot het einde, meet, en stop; mislukt als een verhaal anders afloopt \
         dan de wet zegt",
    ),
    (
        "Then look through the broker's memory, folder and traffic for every child of the world; \
         fails when anything is found",
        "Doorzoek daarna geheugen, map en verkeer van de makelaar op elk kind van de wereld; \
         mislukt als er iets gevonden wordt",
    ),
    (
        "Make the region in this folder, which must be new or empty, and leave it there",
        "Maak de regio in deze map, die nieuw of leeg moet zijn, en laat haar staan",
    ),
    (
        "Leave the region's folder when the demo ends",
        "Laat de map van de regio staan als de demo eindigt",
    ),
    (
        "Play another world than the one that came with the program",
        "Speel een andere wereld dan die bij het programma hoort",
    ),
    ("Step the clock of a running demo forward", "Zet de klok van een draaiende demo vooruit"),
    ("How far: 30m, 1h, 2d", "Hoe ver: 30m, 1h, 2d"),
    (
        "The demo's folder; needed only when several run, or it was started with --dir",
        "De map van de demo; alleen nodig als er meer draaien, of na --dir",
    ),
    (
        "Ask agencies what the law lets you know about a child",
        "Vraag organisaties wat u volgens de wet over een kind mag weten",
    ),
    (
        "Every agency answers for itself: with what it may give, with a refusal that names the \
         article, or that a professional decides. An answer without content does not say whether \
         the child is known there",
        "Elke organisatie antwoordt voor zichzelf: met wat zij mag geven, met een weigering die \
         het artikel noemt, of dat een professional beoordeelt. Een antwoord zonder inhoud zegt \
         niet of het kind daar bekend is",
    ),
    (
        "Your own desk folder: it holds desk.toml, your certificate and your key",
        "Uw eigen deskmap: daarin staan desk.toml, uw certificaat en uw sleutel",
    ),
    (
        "The role in which you ask, such as gem.lokaalteam",
        "De rol waarin u vraagt, zoals gem.lokaalteam",
    ),
    (
        "The child's citizen service number; `-` reads it from standard input",
        "Het burgerservicenummer van het kind; `-` leest het van de standaardinvoer",
    ),
    (
        "What for, such as D01 (see `grondslag policy`)",
        "Waarvoor, zoals D01 (zie `grondslag policy`)",
    ),
    ("What sort of question, such as Q02", "Welk soort vraag, zoals Q02"),
    ("What you want to know, such as G05,G08", "Wat u wilt weten, zoals G05,G08"),
    (
        "Whom you ask: names or OINs with commas between, or `all`",
        "Aan wie u vraagt: namen of OIN's met komma's ertussen, of `all`",
    ),
    ("How soon: standard, urgent or acute", "Hoe snel: standard, urgent of acute"),
    (
        "A legal ground that you rely on; may be given more than once",
        "Een grondslag waarop u zich beroept; mag vaker",
    ),
    (
        "A fact that you state, such as `vt_report=report`; may be given more than once",
        "Een feit dat u stelt, zoals vt_report=report; mag vaker",
    ),
    ("A reference, such as a report number", "Een kenmerk, zoals een meldingsnummer"),
    (
        "Why it is necessary, in at least 30 characters; without names and numbers",
        "Waarom het nodig is, in ten minste 30 tekens; zonder namen en nummers",
    ),
    (
        "Ask alone in acute danger; a colleague reviews it within 24 hours with `grondslag glass`",
        "Vraag zonder tweede persoon, bij acuut gevaar; een collega beoordeelt dat binnen 24 uur met `grondslag glass`",
    ),
    (
        "Only say what would be permitted, and why not; nobody is asked",
        "Zeg alleen wat zou zijn toegestaan, en waarom niet; er wordt niets gevraagd",
    ),
    (
        "Put the question aside for a second person, who uses `grondslag approve`",
        "Leg de vraag klaar voor een tweede persoon, die `grondslag approve` gebruikt",
    ),
    (
        "Desk folder of a second person who sits here too and approves at once",
        "Deskmap van een tweede persoon die hier ook zit en meteen goedkeurt",
    ),
    (
        "The role in which the second person approves; the asker's own when absent",
        "De rol waarin de tweede persoon goedkeurt; zonder deze die van de vrager",
    ),
    (
        "Ask what was put aside with --draft, once it is approved",
        "Stel de vraag die met --draft klaarligt, zodra zij is goedgekeurd",
    ),
    ("The question, as --draft printed it", "De vraag, zoals --draft haar noemde"),
    ("Your own desk folder", "Uw eigen deskmap"),
    (
        "See later answers to your own question, until two days after its term",
        "Zie latere antwoorden op uw eigen vraag, tot twee dagen na de termijn",
    ),
    (
        "ID of the question, as `grondslag ask` printed it",
        "Kenmerk van de vraag, zoals `grondslag ask` dat toonde",
    ),
    (
        "Remind agencies that your question waits for them, within its term",
        "Herinner organisaties eraan dat uw vraag op hen wacht, binnen de termijn",
    ),
    (
        "A reminder is sealed for the agency and says one word of a list, so that it can tell \
         nothing of anybody. An agency that is away gets it when it is back. Three per agency and \
         question",
        "Een herinnering is verzegeld voor de organisatie en zegt één woord uit een lijst, zodat zij \
         over niemand iets kan vertellen. Wie weg is krijgt haar bij terugkomst. Drie per \
         organisatie en vraag",
    ),
    (
        "Whom to remind: OIN, or a part of the name; repeat it for several",
        "Wie u herinnert: OIN, of een deel van de naam; herhaal het voor meer",
    ),
    (
        "Why, a word of `grondslag ask words`; the first of them when absent",
        "Waarom, een woord uit `grondslag ask words`; zonder dit het eerste",
    ),
    ("Show why you may remind", "Toon waarom u mag herinneren"),
    ("List your own questions, newest first", "Toon uw eigen vragen, de nieuwste eerst"),
    ("At most this many", "Ten hoogste zoveel"),
    (
        "Approve the question of a colleague, with your own signature",
        "Keur de vraag van een collega goed, met uw eigen handtekening",
    ),
    (
        "The question, as `grondslag ask --draft` printed it",
        "De vraag, zoals `grondslag ask --draft` haar noemde",
    ),
    (
        "The role in which you approve, such as gem.doorzetter",
        "De rol waarin u goedkeurt, zoals gem.doorzetter",
    ),
    (
        "The child's number, as you know it yourself; `-` reads it from standard input",
        "Het nummer van het kind, zoals u dat zelf kent; `-` leest het van de standaardinvoer",
    ),
    (
        "See how much your agency's people ask, and what is unusual: for its privacy officer",
        "Zie hoeveel de mensen van uw organisatie vragen, en wat ongewoon is: voor de FG",
    ),
    (
        "A line per person, purpose and day, in numbers: no child is in it. What is unusual is a \
         reason to talk with somebody, not a finding. That you looked is recorded",
        "Een regel per persoon, doel en dag, in aantallen: er staat geen kind in. Wat ongewoon is, \
         is een reden voor een gesprek en geen bevinding. Dat u keek wordt vastgelegd",
    ),
    (
        "The last so many days, today included, 1 to 31",
        "De laatste zoveel dagen, vandaag meegeteld, 1 tot 31",
    ),
    (
        "Check by sample that your agency enrolled its own clients alone: for its privacy officer",
        "Controleer met een steekproef dat uw organisatie alleen eigen cliënten inschreef: voor \
         de FG",
    ),
    (
        "A node that enrols people who are not its clients learns when they are asked about. This \
         draws positions from all that was enrolled in an epoch, padding included, has the node \
         open each, and verifies here that it is a client with a dossier, padding, or a made-up \
         subject, in a batch as ledger and broker have it. With 5 % foreign entries, 60 positions \
         find one with 95 %",
        "Een knooppunt dat mensen inschrijft die geen cliënt zijn, leert wanneer er naar hen \
         gevraagd wordt. Deze opdracht loot posities uit alles wat in een tijdvak is \
         ingeschreven, opvulling inbegrepen, laat het knooppunt elk ervan openen, en controleert \
         hier of het een cliënt met dossier, opvulling of een verzonnen kind is, in een partij \
         zoals logboek en makelaar die kennen. Bij 5 % vreemden vinden 60 posities er één met 95 %",
    ),
    (
        "File numbers are shown so that you can look at the dossiers; citizen service numbers are \
         not. That you looked, and what was found, is recorded. It ends with code 1 when anything \
         is wrong",
        "U ziet dossiernummers, zodat u de dossiers kunt inzien; burgerservicenummers ziet u \
         niet. Dat u keek en wat er gevonden is, wordt vastgelegd. Klopt er iets niet, dan eindigt \
         de opdracht met code 1",
    ),
    ("How many positions, 1 to 500", "Hoeveel posities, 1 tot 500"),
    (
        "Draw as an earlier check did: 64 hexadecimal digits; random when absent",
        "Loot zoals bij een eerdere controle: 64 hexadecimale cijfers; anders willekeurig",
    ),
    ("The epoch; the current one when absent", "Het tijdvak; anders het huidige"),
];
