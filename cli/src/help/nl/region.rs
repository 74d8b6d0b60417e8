//! Help of the commands of the region's operators, and of what they decide.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "For privacy officers of the region: make the key that you sign rules with",
        "Voor privacyfunctionarissen van de regio: maak de sleutel waarmee u regels ondertekent",
    ),
    (
        "Rules hold when two officers signed them, or one in an emergency that only narrows. An \
         officer is named by organisation and function, not as a person: the name goes to every \
         party of the region. Keep the folder where nobody else reads it: no broker or node needs \
         it",
        "Regels gelden als twee privacyfunctionarissen ze ondertekenden, of één in een \
         noodmaatregel die alleen verengt. Een functionaris heet naar organisatie en functie, niet \
         naar persoon: de naam gaat naar elke partij van de regio. Bewaar de map waar niemand \
         anders bij kan: geen makelaar of knooppunt heeft hem nodig",
    ),
    (
        "Make an officer's key in a new folder, and print the public line that others pin",
        "Maak de sleutel van een privacyfunctionaris in een nieuwe map, en toon de openbare regel \
         die anderen vastleggen",
    ),
    ("New folder for the officer's key", "Nieuwe map voor de sleutel van de privacyfunctionaris"),
    (
        "Number of the officer's organisation (OIN, 20 positions)",
        "Nummer van de organisatie van de privacyfunctionaris (OIN, 20 posities)",
    ),
    (
        "Function within the organisation, such as po-1 or fg; never a person's name",
        "Functie binnen de organisatie, zoals po-1 of fg; nooit de naam van een persoon",
    ),
    (
        "Public line of a privacy officer with the day on which it ends, such as LINE@2028-01-01; \
         at least two, who sign the rules that are published",
        "Openbare regel van een privacyfunctionaris met de dag waarop die eindigt, zoals \
         REGEL@2028-01-01; minstens twee, die de regels ondertekenen die worden gepubliceerd",
    ),
    (
        "For operators of the region: make your key, and sign what two organisations decide \
         together",
        "Voor regiobeheerders: maak uw sleutel, en onderteken wat twee organisaties samen beslissen",
    ),
    (
        "What holds for the whole region bears the signatures of two operators of different \
         organisations. Nodes and the broker know their public lines since they were made. Keep \
         the folder offline: no broker or node needs it",
        "Wat voor de hele regio geldt draagt de handtekening van twee regiobeheerders van \
         verschillende organisaties. Knooppunten en makelaar kennen hun openbare regels sinds zij \
         gemaakt zijn. Houd de map offline: geen makelaar of knooppunt heeft haar nodig",
    ),
    (
        "Make an operator's key in a new folder, and print the public line that others pin",
        "Maak de sleutel van een regiobeheerder in een nieuwe map, en toon de openbare regel die \
         anderen vastleggen",
    ),
    ("New folder for the operator's key", "Nieuwe map voor de sleutel van de regiobeheerder"),
    (
        "Number of the operator's organisation (OIN, 20 positions)",
        "Nummer van de organisatie van de regiobeheerder (OIN, 20 posities)",
    ),
    ("Name of the operator", "Naam van de regiobeheerder"),
    (
        "Make and sign a list of witnesses, or put the second signature under one",
        "Maak en onderteken een lijst van getuigen, of zet er de tweede handtekening onder",
    ),
    (
        "Witnesses are agencies whose nodes cosign the broker's ledger: name at least three, and \
         spread them over organisations that would not conspire. The first operator makes the file \
         with --root, --seq and --witness; the second reads what is shown and signs the same file",
        "Getuigen zijn organisaties waarvan het knooppunt het logboek van de makelaar \
         medeondertekent: noem er ten minste drie, en spreid ze over organisaties die niet zouden \
         samenspannen. De eerste regiobeheerder maakt het bestand met --root, --seq en --witness; \
         de tweede leest wat wordt getoond en ondertekent hetzelfde bestand",
    ),
    ("Folder of the operator who signs", "Map van de regiobeheerder die ondertekent"),
    (
        "File with the list: new with --witness, else the one that gets this signature too",
        "Bestand met de lijst: nieuw bij --witness, anders het bestand dat ook deze handtekening \
         krijgt",
    ),
    ("Certificate of the region's authority", "Certificaat van de autoriteit van de regio"),
    (
        "Number of the list: one higher than that of the last one, from 1",
        "Nummer van de lijst: een hoger dan dat van de vorige, vanaf 1",
    ),
    (
        "Number of an agency that is a witness (OIN); at least three",
        "Nummer van een organisatie die getuige is (OIN); ten minste drie",
    ),
    (
        "Public line of an operator of the region, of at least two organisations; none in a trial",
        "Openbare regel van een regiobeheerder, van ten minste twee organisaties; geen bij een \
         proef",
    ),
    (
        "See which witnesses cosign the broker's ledger, and let a witness begin or go on",
        "Zie welke getuigen het logboek van de makelaar medeondertekenen, en laat een getuige \
         beginnen of doorgaan",
    ),
    (
        "A witness's node cosigns a head of the broker's ledger only when it goes on from the last \
         one that it cosigned. So it must remember that one: a witness that begins, or that lost \
         its store, waits for its operator's word",
        "Het knooppunt van een getuige ondertekent een hoofd van het logboek van de makelaar alleen \
         mede als het voortbouwt op het vorige dat het medeondertekende. Dat moet het dus onthouden: \
         een getuige die begint, of zijn opslag kwijt is, wacht op het woord van zijn beheerder",
    ),
    (
        "Show what each witness last cosigned, and whether enough of them did",
        "Toon wat elke getuige het laatst medeondertekende, en of er genoeg dat deden",
    ),
    (
        "Let a witness begin that never cosigned anything (stop the node first)",
        "Laat een getuige beginnen die nog nooit iets medeondertekende (stop eerst het knooppunt)",
    ),
    (
        "Do this once, when the agency becomes a witness. Never do it for a witness that lost its \
         store: it could then cosign another history than it did before. Use restore instead",
        "Doe dit eenmaal, als de organisatie getuige wordt. Doe het nooit voor een getuige die zijn \
         opslag kwijt is: hij zou dan een andere geschiedenis kunnen medeondertekenen dan tevoren. \
         Gebruik dan restore",
    ),
    (
        "Give a witness that lost its store the last head that it cosigned (stop the node first)",
        "Geef een getuige die zijn opslag kwijt is het laatste hoofd terug dat hij \
         medeondertekende (stop eerst het knooppunt)",
    ),
    (
        "Any agency, and the broker, can give that head: it bears the witness's own cosignature, so \
         it does not matter who hands it over. Take the largest one that can be found",
        "Elke organisatie, en de makelaar, kan dat hoofd geven: het draagt de medeondertekening van \
         de getuige zelf, dus het maakt niet uit van wie het komt. Neem het grootste dat te vinden \
         is",
    ),
    (
        "File with the head: a checkpoint that bears this witness's own cosignature",
        "Bestand met het hoofd: een checkpoint met de medeondertekening van deze getuige zelf",
    ),
    (
        "See why the broker's ledger stopped the node, and go on from a head (stop the node first)",
        "Zie waarom het logboek van de makelaar het knooppunt stilzette, en ga door vanaf een hoofd \
         (stop eerst het knooppunt)",
    ),
    (
        "The node stops answering when the broker signed two heads of its ledger that cannot both \
         be true: something was rewritten, removed or shown otherwise to others. The proof is \
         shown. Whoever goes on from the head that was shown gives up what the node held before",
        "Het knooppunt stopt met antwoorden als de makelaar twee hoofden van zijn logboek \
         ondertekende die niet allebei waar kunnen zijn: er is iets herschreven, verwijderd of \
         anders aan anderen getoond. Het bewijs wordt getoond. Wie doorgaat vanaf het getoonde \
         hoofd, geeft op wat het knooppunt daarvoor had",
    ),
    (
        "Go on from this head: `held` (what the node had) or `shown` (what the broker showed then); \
         without it the proof is only shown",
        "Ga door vanaf dit hoofd: `held` (wat het knooppunt had) of `shown` (wat de makelaar toen \
         toonde); zonder dit wordt het bewijs alleen getoond",
    ),
];
