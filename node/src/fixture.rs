//! For tests: a GP practice, asked by a guardianship agency and by Veilig Thuis, with real
//! certificates and cards, our own rules, and a broker that signs whatever it is told to.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ed25519_dalek::SigningKey;
use grondslag_certs::authority;
use grondslag_certs::key::LeafKey;
use grondslag_certs::time::tls_now;
use grondslag_certs::tls::{Reloading, TlsFiles};
use grondslag_core::answer::{About, Record};
use grondslag_core::card::{Card, SignedCard};
use grondslag_core::catalogue::{Category, Kind, Purpose, QueryKind, Role};
use grondslag_core::clock::{Clock, SetClock, Timestamp};
use grondslag_core::id::{Digest, Mode, Oin, Pseudonym, TargetId};
use grondslag_core::inquiry::{Header, Part, Times};
use grondslag_core::reason::Reason;
use grondslag_core::statement::{self, Leaf, Ruling};
use grondslag_core::tier::{Level, Tier, Urgency, Verdict};
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::store::faulty::FaultyStore;
use grondslag_evidence::store::{MemoryStore, Store};
use grondslag_policy::Pack;
use grondslag_proto::question::{Evidence, TargetQuestion};
use grondslag_proto::v1;
use grondslag_runtime::clock::ProcessClock;
use grondslag_runtime::config::Limits;
use grondslag_runtime::net::TcpNet;
use grondslag_runtime::run::{Context, Tasks};
use grondslag_runtime::shutdown::Shutdown;
use grondslag_subject::{BirthDate, Bsn};

use crate::agency::{Agency, AskStream, BrokerLink, LastContact};
use crate::answers::verify::Attested;
use crate::detail::Detail;
use crate::directory::{Directory, Means};
use crate::records::{Client, ClientId, Readiness, RegisterFact, Source, SourceFault, StoreSource};
use crate::secret::NodeSecret;
use crate::staff::Registry;

/// The practice that is asked.
pub(crate) const OWN: &str = "00000099000000001000";
/// The broker.
pub(crate) const BROKER: &str = "00000099000000002000";
/// A guardianship agency.
pub(crate) const GI: &str = "00000099000000003000";
/// Veilig Thuis.
pub(crate) const VT: &str = "00000099000000004000";
/// A child whom the practice knows.
pub(crate) const KNOWN: &str = "999940004";
/// A child whom it does not.
pub(crate) const UNKNOWN: &str = "999940016";

pub(crate) fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

pub(crate) fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn key_of(agency: &str) -> SigningKey {
    let last: u8 = agency[15..17].parse().unwrap_or(0);
    SigningKey::from_bytes(&[last + 1; 32])
}

/// A region authority, and agencies with certificates and cards.
pub(crate) struct TestRegion {
    folder: tempfile::TempDir,
}

impl TestRegion {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        authority::init(&folder.path().join("ca"), "Drieveen", tls_now()).unwrap();
        Self { folder }
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca")
    }

    /// The folder of an agency, with its certificate.
    pub(crate) fn folder(&self, agency: &str) -> PathBuf {
        let folder = self.folder.path().join(agency);
        if !folder.exists() {
            authority::issue(&self.ca(), &folder, &oin(agency), "Fictie", tls_now()).unwrap();
        }
        folder
    }

    pub(crate) fn admission(
        &self,
        agency: &str,
        kinds: &[&str],
    ) -> grondslag_core::card::Admission {
        let kinds: Vec<Kind> = kinds.iter().map(|kind| Kind::parse(kind).unwrap()).collect();
        let until = moment("2030-01-01");
        authority::admit(&self.ca(), &oin(agency), &kinds, until, tls_now()).unwrap()
    }

    /// A card, signed with the agency's certificate and `previous`.
    pub(crate) fn card(
        &self,
        agency: &str,
        kind: &str,
        change: impl FnOnce(&mut Card),
        previous: Option<&SigningKey>,
    ) -> SignedCard {
        let mut card = Card {
            oin: oin(agency),
            kind: Kind::parse(kind).unwrap(),
            name: format!("Fictie {kind}"),
            endpoint: "127.0.0.1:1".into(),
            duty_phone: "000".into(),
            sign_key: key_of(agency).verifying_key().to_bytes(),
            seal_key: Vec::new(),
            pseudonym_key: Vec::new(),
            seq: 1,
            valid_from: moment("2026-01-01"),
            valid_until: moment("2029-01-01"),
        };
        change(&mut card);
        let folder = self.folder(agency);
        let files = TlsFiles::in_folder(&folder);
        let leaf = std::fs::read_to_string(&files.cert).unwrap();
        let leaf = grondslag_certs::Leaf::parse_pem(&leaf).unwrap();
        let bytes = card.canonical();
        SignedCard {
            leaf: leaf.der().to_vec(),
            leaf_signature: LeafKey::load(&files.key).unwrap().sign(&bytes).unwrap(),
            previous_signature: previous
                .map_or_else(Vec::new, |key| statement::sign(key, &bytes).to_vec()),
            admission: self.admission(agency, &[kind]),
            card,
        }
    }
}

/// A broker's directory that a test fills.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) cards: Mutex<Vec<SignedCard>>,
    pub(crate) answers: Mutex<Vec<v1::PublishCardResponse>>,
    pub(crate) published: Mutex<Vec<v1::AgencyCard>>,
    pub(crate) reads: AtomicUsize,
}

impl Listing {
    pub(crate) fn of(cards: Vec<SignedCard>) -> Self {
        Self { cards: Mutex::new(cards), ..Self::default() }
    }

    pub(crate) fn set(&self, cards: Vec<SignedCard>) {
        *self.cards.lock().unwrap() = cards;
    }
}

#[async_trait]
impl BrokerLink for Listing {
    async fn ask(&self, _: v1::AskRequest, _: Duration) -> Result<AskStream, Reason> {
        Err(Reason::Unreachable)
    }

    async fn list_cards(&self) -> Result<Vec<v1::AgencyCard>, Reason> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(self.cards.lock().unwrap().iter().map(v1::AgencyCard::from).collect())
    }

    async fn publish_card(&self, card: v1::AgencyCard) -> Result<v1::PublishCardResponse, Reason> {
        self.published.lock().unwrap().push(card);
        Ok(self.answers.lock().unwrap().pop().unwrap_or_default())
    }

    fn last_contact(&self) -> LastContact {
        LastContact::default()
    }
}

/// Records of a test, with a count of every look.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) records: Mutex<Vec<Record>>,
    pub(crate) facts: Mutex<Vec<RegisterFact>>,
    pub(crate) ready: Mutex<Result<Readiness, SourceFault>>,
    pub(crate) looks: AtomicUsize,
}

impl Shelf {
    fn new() -> Self {
        let ready =
            Readiness { index_as_of: moment("2026-09-15T08:00"), holds_unnumbered_records: true };
        Self {
            records: Mutex::default(),
            facts: Mutex::default(),
            ready: Mutex::new(Ok(ready)),
            looks: AtomicUsize::new(0),
        }
    }

    pub(crate) fn looks(&self) -> usize {
        self.looks.load(Ordering::SeqCst)
    }

    pub(crate) fn record(&self, category: &str, about: About, texts: &[(Tier, &str)]) {
        let layers = texts.iter().map(|(tier, text)| (*tier, text.parse().unwrap())).collect();
        self.records.lock().unwrap().push(Record {
            category: Category::parse(category).unwrap(),
            about,
            dated: moment("2026-06-01"),
            source: "dossier".into(),
            layers,
        });
    }

    pub(crate) fn fact(&self, column: &str, value: &str) {
        self.facts.lock().unwrap().push(RegisterFact {
            column: column.into(),
            value: value.into(),
            for_kind: Vec::new(),
            for_purposes: Vec::new(),
            for_categories: Vec::new(),
        });
    }
}

#[async_trait]
impl Source for Shelf {
    async fn find(
        &self,
        _: &Attested,
        bsn: &Bsn,
        _: Timestamp,
    ) -> Result<Option<Client>, SourceFault> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        let known = bsn.expose() == KNOWN;
        Ok(known.then(|| Client {
            id: ClientId::parse("HA-1").unwrap(),
            birth_date: BirthDate::parse("2018-11-02").unwrap(),
            registered: moment("2020-01-01"),
            revision: 1,
        }))
    }

    async fn records(
        &self,
        _: &Attested,
        _: &Client,
        _: Timestamp,
    ) -> Result<Vec<Record>, SourceFault> {
        Ok(self.records.lock().unwrap().clone())
    }

    async fn facts(
        &self,
        _: &Attested,
        _: &Client,
        _: Timestamp,
    ) -> Result<Vec<RegisterFact>, SourceFault> {
        Ok(self.facts.lock().unwrap().clone())
    }

    async fn ready(&self) -> Result<Readiness, SourceFault> {
        *self.ready.lock().unwrap()
    }
}

/// A question to put.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) asker: &'static str,
    pub(crate) role: &'static str,
    pub(crate) purpose: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) categories: Vec<&'static str>,
    pub(crate) facts: Vec<(&'static str, &'static str)>,
    pub(crate) target_id: u8,
}

impl Ask {
    /// A guardian asks under a supervision order: involvement may be told (R20).
    pub(crate) fn guardian(categories: &[&'static str]) -> Self {
        Self {
            asker: GI,
            role: "gi.jeugdbeschermer",
            purpose: "D09",
            subject: KNOWN,
            categories: categories.to_vec(),
            facts: vec![("measure", "ots")],
            target_id: 1,
        }
    }

    /// Veilig Thuis asks after a report: a care holder decides itself (R14).
    pub(crate) fn veilig_thuis(categories: &[&'static str]) -> Self {
        Self {
            asker: VT,
            role: "vt.veiligheidsbeoordelaar",
            purpose: "D05",
            subject: KNOWN,
            categories: categories.to_vec(),
            facts: vec![("vt_report", "report")],
            target_id: 1,
        }
    }

    pub(crate) fn about(mut self, subject: &'static str) -> Self {
        self.subject = subject;
        self
    }

    pub(crate) fn id(mut self, target_id: u8) -> Self {
        self.target_id = target_id;
        self
    }
}

/// A practice with its directory filled, on a store that can be made to fail.
pub(crate) struct Scene {
    pub(crate) region: TestRegion,
    pub(crate) agency: Agency,
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) listing: Arc<Listing>,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let region = TestRegion::new();
        let cards = vec![
            region.card(BROKER, "gem", |_| {}, None),
            region.card(GI, "gi", |_| {}, None),
            region.card(VT, "vt", |_| {}, None),
        ];
        let listing = Arc::new(Listing::of(cards));
        let clock = Arc::new(SetClock::at(moment("2026-09-15T09:00")));
        let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
        let means = means(&region.folder(OWN), store.clone(), clock.clone()).await;
        let directory = Arc::new(Directory::open(means.clone()).await.unwrap());
        directory.refresh(listing.as_ref()).await.unwrap();
        let shelf = Arc::new(Shelf::new());
        let agency = agency(means, directory, shelf.clone(), listing.clone());
        Self { region, agency, store, shelf, clock, listing }
    }

    /// A question as asker and broker both signed it; the broker lets everything through.
    pub(crate) fn question(&self, ask: &Ask) -> TargetQuestion {
        let header = self.header(ask);
        let categories: Vec<Category> =
            ask.categories.iter().map(|code| Category::parse(code).unwrap()).collect();
        let detail = Detail {
            subject: Bsn::parse(ask.subject).unwrap(),
            necessity: "Nodig om de veiligheid van het kind te beoordelen.".into(),
            facts: ask.facts.iter().map(|(c, v)| ((*c).into(), (*v).into())).collect(),
            reference: None,
            header: header.digest(&categories, &[]),
            salt: [7; 16],
        };
        let part = Part {
            categories,
            approvals: Vec::new(),
            blind: Vec::new(),
            detail: detail.encode().unwrap(),
            signature: [0; 64],
        };
        let mut question = TargetQuestion {
            id: TargetId::new([ask.target_id; 16]),
            header,
            target: oin(OWN),
            part,
            evidence: Evidence { leaf: Vec::new(), index: 7, signature: [0; 64] },
        };
        sign(&mut question);
        attest(&mut question, |_| {});
        question
    }

    fn header(&self, ask: &Ask) -> Header {
        let now = self.clock.now();
        Header {
            asker: oin(ask.asker),
            role: Role::parse(ask.role).unwrap(),
            staff: Pseudonym::new([4; 16]),
            purpose: Purpose::parse(ask.purpose).unwrap(),
            kind: QueryKind::parse("Q02").unwrap(),
            grounds: Vec::new(),
            urgency: Urgency::Standard,
            break_glass: false,
            level: Level::Person,
            epoch: 0,
            bundle: self.agency.pack.bundle(),
            times: Times {
                asked_at: now,
                ask_expires_at: now.plus_ms(60_000),
                answer_by: now.plus_ms(86_400_000),
            },
            approvers: Vec::new(),
        }
    }
}

/// Signs a question anew with its asker's key.
pub(crate) fn sign(question: &mut TargetQuestion) {
    let key = key_of(question.header.asker.as_str());
    let TargetQuestion { id, header, target, part, .. } = &*question;
    question.part.signature =
        statement::sign(&key, &statement::ask_bytes(id, target, header, part));
}

/// Writes and signs a leaf for a question as it stands, with a lie if that is wanted.
pub(crate) fn attest(question: &mut TargetQuestion, lie: impl FnOnce(&mut Leaf)) {
    attest_as(BROKER, question, lie);
}

pub(crate) fn attest_as(who: &str, question: &mut TargetQuestion, lie: impl FnOnce(&mut Leaf)) {
    let part = &question.part;
    let ruling = |category: &Category| Ruling {
        category: category.clone(),
        verdict: Verdict::Permit,
        cap: Tier::T4,
    };
    let mut leaf = Leaf {
        salt: [1; 16],
        target_id: question.id,
        target: question.target.clone(),
        header: question.header.digest(&part.categories, &part.approvals),
        detail: Digest::of(&part.detail),
        rulings: part.categories.iter().map(ruling).collect(),
        decided_at: question.header.times.asked_at,
    };
    lie(&mut leaf);
    let evidence = &mut question.evidence;
    evidence.leaf = leaf.canonical();
    let bytes = statement::attestation_bytes(
        &question.id,
        &Digest::of(&evidence.leaf),
        evidence.index,
        &question.part.blind,
    );
    evidence.signature = statement::sign(&key_of(who), &bytes);
}

pub(crate) async fn means(folder: &Path, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Means {
    let region = Reloading::open(TlsFiles::in_folder(folder)).unwrap();
    let ledger = Ledger::open(store.clone(), clock.clone(), "node").await.unwrap();
    Means {
        region: Arc::new(region),
        store,
        ledger: Arc::new(ledger),
        clock,
        accepted: Some(folder.join("accepted")),
    }
}

fn agency(
    means: Means,
    directory: Arc<Directory>,
    source: Arc<dyn Source>,
    broker_link: Arc<dyn BrokerLink>,
) -> Agency {
    let Means { region, store, ledger, clock, .. } = means;
    let secret = Arc::new(NodeSecret::of(1));
    Agency {
        oin: oin(OWN),
        mode: Mode::Demo,
        name: "Praktijk".into(),
        kind: Kind::parse("ha").unwrap(),
        duty_phone: "088".into(),
        broker: oin(BROKER),
        context: Context {
            process: "node",
            region,
            clock: ProcessClock::of(clock.clone()),
            store: store.clone(),
            net: Arc::new(TcpNet),
            shutdown: Shutdown::new(),
            limits: Limits::default(),
            tasks: Tasks::default(),
        },
        sign_key: key_of(OWN),
        pack: Arc::new(Pack::builtin().unwrap()),
        overlay: None,
        ledger,
        clock,
        directory,
        source,
        own: Arc::new(StoreSource::new(store.clone(), secret.clone())),
        staff: Arc::new(Registry::new(store.clone(), secret.clone())),
        secret,
        store,
        broker_link,
        reply_tick: Duration::ZERO,
    }
}
