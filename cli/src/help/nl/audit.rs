//! Help of the commands of auditors.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Check ledgers of stopped processes, or copies of them, without trusting anybody",
        "Controleer logboeken van gestopte processen, of kopieën ervan, zonder iemand te \
         vertrouwen",
    ),
    (
        "Nothing is changed: a store is copied into a temporary folder first",
        "Er verandert niets: een opslag wordt eerst gekopieerd naar een tijdelijke map",
    ),
    (
        "Hash every entry again, and hold tiles, checkpoints, cosignatures and records against it",
        "Bereken elke regel opnieuw, en leg tegels, hoofden, medeondertekeningen en vastleggingen \
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
];
