//! Help of the commands of the region's operators, and of what they decide.

pub(super) const TEXTS: &[(&str, &str)] = &[
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
];
