//! Help of the commands of auditors.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Check ledgers of stopped processes, or copies of them, without trusting anybody",
        "Controleer logboeken van gestopte processen, of kopieën ervan, zonder iemand te \
         vertrouwen",
    ),
    (
        "Only `rebuild` changes anything: a store is copied into a temporary folder first",
        "Alleen `rebuild` verandert iets: een opslag wordt eerst gekopieerd naar een tijdelijke map",
    ),
    (
        "Make the keys of a ledger again from its tiles, once a store has lost or damaged them",
        "Maak de sleutels van een logboek opnieuw uit zijn tegels, als een opslag ze kwijt is of \
         heeft beschadigd",
    ),
    (
        "Only for a stopped process, in its own store: copy the folder first. What stood in no \
         tile is lost unless the store still has it. Refused for a ledger that is whole, and below \
         a head that somebody was shown",
        "Alleen voor een gestopt proces, in zijn eigen opslag: kopieer eerst de map. Wat in geen \
         tegel stond is verloren, tenzij de opslag het nog heeft. Geweigerd voor een logboek dat \
         heel is, en onder een hoofd dat iemand is getoond",
    ),
    (
        "See what the broker recorded of your agency's questions and of those to it: for its \
         privacy officer",
        "Zie wat de makelaar heeft vastgelegd van de vragen van uw organisatie en van die aan haar: \
         voor de FG",
    ),
    (
        "What is of others is not shown, nor whether it exists. That you looked is recorded at \
         your own node and in the broker's ledger",
        "Wat van anderen is wordt niet getoond, en ook niet of het bestaat. Dat u keek wordt \
         vastgelegd op uw eigen knooppunt en in het logboek van de makelaar",
    ),
    (
        "Only the question with this id, as the agency that was asked knows it",
        "Alleen de vraag met dit kenmerk, zoals de gevraagde organisatie het kent",
    ),
    ("Configuration of the stopped process", "Configuratie van het gestopte proces"),
    (
        "Folders of stopped nodes that keep heads of this ledger; may be repeated",
        "Mappen van gestopte knooppunten die hoofden van dit logboek bewaren; mag vaker",
    ),
    (
        "Hash every entry again, and hold tiles, checkpoints, cosignatures and records against it",
        "Bereken elke vermelding opnieuw, en leg tegels, hoofden, medeondertekeningen en vastleggingen \
         ernaast",
    ),
    (
        "With the folders of a broker and of nodes, every head of the broker's ledger that a node \
         keeps is held against that ledger too",
        "Met de mappen van een makelaar en van knooppunten wordt ook elk hoofd van het logboek van \
         de makelaar dat een knooppunt bewaart naast dat logboek gelegd",
    ),
    (
        "Folder of a process, with its configuration and store, or of a demo; may be repeated",
        "Map van een proces, met configuratie en opslag, of van een demo; mag vaker",
    ),
    (
        "Verifier key (C2SP) of a log or a witness that you were given; its name is then held \
         against no other; may be repeated",
        "Controlesleutel (C2SP) van een logboek of getuige die u hebt gekregen; die naam wordt dan \
         met geen andere getoetst; mag vaker",
    ),
    (
        "The region's root certificate as you were given it; else that of the folders",
        "Het basiscertificaat van de regio zoals u het hebt gekregen; anders dat van de mappen",
    ),
    (
        "Take every decision of broker and holders again, and name what comes out otherwise",
        "Neem elke beslissing van makelaar en houders opnieuw, en noem wat anders uitkomt",
    ),
    (
        "Each decision names the rules that it was taken with: those in force at its party are \
         used, and earlier ones that you give. Records whose term is over were forgotten and are \
         counted",
        "Elke beslissing noemt de regels waarmee zij is genomen: gebruikt worden de regels die bij \
         de partij gelden, en eerdere die u opgeeft. Vastleggingen waarvan de termijn voorbij is, \
         zijn vergeten en worden geteld",
    ),
    (
        "Folder with rules that were in force earlier; may be repeated",
        "Map met regels die eerder golden; mag vaker",
    ),
    (
        "File with a node's own rules that were in force earlier; may be repeated",
        "Bestand met eigen regels van een knooppunt die eerder golden; mag vaker",
    ),
    (
        "Write decisions and processing in the shapes that other programs read",
        "Schrijf beslissingen en verwerkingen in de vormen die andere programma's lezen",
    ),
    ("Which shape", "Welke vorm"),
    ("Only what came of this question", "Alleen wat van deze vraag kwam"),
    (
        "Write to this new file instead of the screen",
        "Schrijf naar dit nieuwe bestand in plaats van naar het scherm",
    ),
    (
        "Show what ledgers hold, entry by entry: one question, or what came last",
        "Toon wat in logboeken staat, vermelding na vermelding: een vraag, of wat het laatst kwam",
    ),
    (
        "A question, by the id of its asker or by the one that a target knows it by; without it \
         what came last",
        "Een vraag, met het kenmerk van de vrager of dat waaronder een bevraagde haar kent; \
         anders wat het laatst kwam",
    ),
    (
        "Most entries of one party, the last ones",
        "Hoogste aantal vermeldingen per partij, de laatste",
    ),
    (
        "Write for each target of a question a proof that needs no store: what was decided, that \
         it stands in the ledger, and who signed that",
        "Schrijf voor elke bevraagde van een vraag een bewijs dat geen opslag nodig heeft: wat is \
         beslist, dat het in het logboek staat, en wie dat ondertekende",
    ),
    (
        "A proof opens its decision to whoever has it: one of a holder tells whether the child was \
         known there. Give the folders of the witnesses too, and their cosignatures are in it",
        "Een bewijs opent de beslissing voor wie het heeft: dat van een houder zegt of het kind \
         daar bekend was. Geef ook de mappen van de getuigen, en hun medeondertekeningen staan erin",
    ),
    (
        "The question, or the number that an overview of `inzage` has behind a line",
        "De vraag, of het nummer dat een overzicht van `inzage` achter een regel heeft",
    ),
    (
        "Write the proofs into this folder, which is made when it is not there",
        "Schrijf de bewijzen in deze map, die wordt gemaakt als zij er niet is",
    ),
    ("Check a proof, without any store", "Controleer een bewijs, zonder opslag"),
    ("A proof", "Een bewijs"),
    (
        "The ledger's key, as its owner published it; without it the key in the file is taken",
        "De sleutel van het logboek, zoals de eigenaar die bekendmaakte; anders die uit het bestand",
    ),
    (
        "A witness's key, as it published it: cosignatures of others are not counted; may be \
         repeated",
        "Sleutel van een getuige, zoals die hem bekendmaakte: medeondertekeningen van anderen \
         tellen niet; mag vaker",
    ),
];
