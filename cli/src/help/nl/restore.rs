//! Help of backups and restores.

pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Make a backup of a process's store: one encrypted file, also while the process runs",
        "Maak een back-up van de opslag van een proces: één versleuteld bestand, ook terwijl het \
         proces draait",
    ),
    (
        "A process with a section [backup] makes one itself, every hour unless told otherwise; \
         this command has it make one now. While nothing runs it is made here. Nothing removes an \
         old one: keep them as long as you must and no longer, for what is forgotten stays \
         readable in a backup that was made before. Keys, configuration and the factors of a key \
         holder are in no backup",
        "Een proces met een onderdeel [backup] maakt ze zelf, elk uur tenzij anders gezegd; deze \
         opdracht laat het er nu een maken. Als niets draait gebeurt het hier. Niets verwijdert \
         oude: bewaar ze zolang het moet en niet langer, want wat vergeten is blijft leesbaar in \
         een back-up van daarvoor. Sleutels, configuratie en de factoren van een sleutelhouder \
         staan in geen back-up",
    ),
    (
        "Configuration file of the broker, node or key holder",
        "Configuratiebestand van de makelaar, het knooppunt of de sleutelhouder",
    ),
    (
        "Public key of those who may open it, when the configuration has no section [backup]",
        "Publieke sleutel van wie haar mag openen, als de configuratie geen [backup] heeft",
    ),
    (
        "Folder for it, when the configuration has no section [backup]",
        "Map ervoor, als de configuratie geen [backup] heeft",
    ),
    (
        "New file for a copy of a key holder's factors, which stay sealed: keep it apart from \
         backups and from the key of the factors",
        "Nieuw bestand voor een kopie van de factoren van een sleutelhouder, die verzegeld \
         blijven: bewaar het apart van back-ups en van de sleutel van de factoren",
    ),
    (
        "Make the key pair of backups: backup.pub for the process, backup.key to be kept elsewhere",
        "Maak het sleutelpaar van back-ups: backup.pub voor het proces, backup.key om elders te \
         bewaren",
    ),
    ("Folder that the keys are made in", "Map waarin de sleutels worden gemaakt"),
    (
        "Put a backup back into an empty folder, and found the ledgers that go on from there",
        "Zet een back-up terug in een lege map, en sticht de logboeken die van daar verdergaan",
    ),
    (
        "A restored process does not go on with the ledgers that it had: others hold heads of \
         theirs that the backup does not reach. A node and a key holder begin new ones at once. A \
         broker asks every node where its ledger ended (collect), two operators of different \
         organisations sign that (grondslag operator sign-founding), and its new ledger begins \
         with it (finish). Until then it does not serve",
        "Een hersteld proces gaat niet verder met de logboeken die het had: anderen hebben hoofden \
         daarvan die de back-up niet bereikt. Een knooppunt en een sleutelhouder beginnen meteen \
         nieuwe. Een makelaar vraagt elk knooppunt waar zijn logboek eindigde (collect), twee \
         regiobeheerders van verschillende organisaties ondertekenen dat (grondslag operator \
         sign-founding), en daarmee begint zijn nieuwe logboek (finish). Tot dan dient hij niet",
    ),
    ("The backup", "De back-up"),
    (
        "Private key of backups, from `grondslag backup keys`",
        "Geheime sleutel van back-ups, uit `grondslag backup keys`",
    ),
    (
        "Configuration file of the process; the folder of its store must be empty",
        "Configuratiebestand van het proces; de map van zijn opslag moet leeg zijn",
    ),
    (
        "Copy of a key holder's factors that is to be put back too",
        "Kopie van de factoren van een sleutelhouder die ook terug moet",
    ),
    (
        "Ask every node for the last head of the broker's ledger, for operators to sign",
        "Vraag elk knooppunt het laatste hoofd van het logboek van de makelaar, ter ondertekening",
    ),
    (
        "The broker must not serve. Nodes that were not reached are named in the file: try to \
         reach them before anybody signs. For a broker that was founded already this makes an \
         amendment, when a node that was absent then holds a higher head",
        "De makelaar mag niet dienen. Knooppunten die niet zijn bereikt staan in het bestand: \
         probeer ze te bereiken voordat iemand ondertekent. Voor een makelaar die al opnieuw begonnen is \
         maakt dit een aanvulling, als een knooppunt dat toen afwezig was een hoger hoofd heeft",
    ),
    (
        "New file for what operators are to sign",
        "Nieuw bestand voor wat de regiobeheerders ondertekenen",
    ),
    (
        "The broker's clock was ahead once and is right now: found the new ledger now, though the \
         backup ends in time to come",
        "De klok van de makelaar liep ooit voor en staat nu goed: sticht het nieuwe logboek nu, al \
         eindigt de back-up in de toekomst",
    ),
    (
        "Begin the new ledger with what two operators signed",
        "Begin het nieuwe logboek met wat twee regiobeheerders ondertekenden",
    ),
    (
        "What `restore collect` made and two operators signed; for a broker",
        "Wat `restore collect` maakte en twee regiobeheerders ondertekenden; voor een makelaar",
    ),
    (
        "List the leaves of the broker's ledger that were lost between a backup and its restore",
        "Toon de vermeldingen van het logboek van de makelaar die tussen back-up en herstel verloren \
         gingen",
    ),
    (
        "Put a signature under where a restored broker's ledger ended, from grondslag restore \
         collect",
        "Onderteken waar het logboek van een herstelde makelaar eindigde, uit grondslag restore \
         collect",
    ),
    (
        "Read first which agencies were not reached: one of them may hold a later head. Compare \
         the head with what you know of the region. Two operators of different organisations sign",
        "Lees eerst welke organisaties niet zijn bereikt: een daarvan kan een later hoofd hebben. \
         Vergelijk het hoofd met wat u van de regio weet. Twee regiobeheerders van verschillende \
         organisaties ondertekenen",
    ),
    (
        "File with the founding, from `grondslag restore collect`; it gets this signature too",
        "Bestand met de beginverklaring, uit `grondslag restore collect`; het krijgt ook deze \
         handtekening",
    ),
    (
        "Verifier key (C2SP) of the broker's ledger as you know it; repeat it for the key before",
        "Verificatiesleutel (C2SP) van het logboek van de makelaar zoals u die kent; herhaal voor \
         de sleutel daarvoor",
    ),
    (
        "Clock of a demo region; else this computer's",
        "Klok van een demoregio; anders die van deze computer",
    ),
    (
        "After a restore, say that index, measures and consents are up to date (stop the node \
         first)",
        "Bevestig na een herstel dat index, maatregelen en toestemmingen actueel zijn (stop eerst \
         het knooppunt)",
    ),
    (
        "A backup does not know what changed after it: a measure that ended, a consent that was \
         withdrawn, a client who came. Bring each up to date, then confirm it by name. Until all \
         three are confirmed the node answers nothing",
        "Een back-up weet niet wat daarna veranderde: een maatregel die eindigde, een toestemming \
         die werd ingetrokken, een cliënt die kwam. Werk elk bij en bevestig het dan bij naam. Tot \
         alle drie bevestigd zijn antwoordt het knooppunt niets",
    ),
    (
        "The register of clients, from which the index is made, is up to date",
        "Het register van cliënten, waaruit de index wordt gemaakt, is actueel",
    ),
    (
        "Child protection measures in the records are up to date",
        "Kinderbeschermingsmaatregelen in de gegevens zijn actueel",
    ),
    (
        "Consents, what was withdrawn since, and requests about data are up to date",
        "Toestemmingen, wat sindsdien is ingetrokken, en verzoeken over gegevens zijn actueel",
    ),
];
