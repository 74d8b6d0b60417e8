//! For tests: a GP practice, asked by a guardianship agency and by Veilig Thuis, with real
//! certificates and cards, our own rules, and a broker that signs whatever it is told to.

mod ask;
mod heads;
mod holder;
mod log;
mod office;
mod region;
mod replies;
mod shelf;
mod staff;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use grondslag_certs::tls::{Region, Reloading, TlsFiles};
use grondslag_core::blind::inbound::verify_own_key;
use grondslag_core::blind::{Element, Encrypted, InboundKey, Pair, Turned};
use grondslag_core::card::Card;
use grondslag_core::catalogue::{self, Category, Purpose, QueryKind, Role};
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::{Clock, SetClock, Timestamp};
use grondslag_core::id::{Digest, Mode, Oin, Pseudonym, TargetId};
use grondslag_core::inquiry::{Header, Part, Times};
use grondslag_core::limits::{DETAIL_BYTES, PAIR_BYTES};
use grondslag_core::operators::Operators;
use grondslag_core::seal::{self, SealSecret};
use grondslag_core::statement;
use grondslag_core::tier::{Level, Urgency};
use grondslag_evidence::ledger::{Ledger, Signer, testing};
use grondslag_evidence::records::{Job, Opening, open};
use grondslag_evidence::store::faulty::FaultyStore;
use grondslag_evidence::store::{MemoryStore, Store};
use grondslag_policy::Pack;
use grondslag_proto::question::{Evidence, TargetQuestion};
use grondslag_runtime::clock::ProcessClock;
use grondslag_runtime::config::Limits;
use grondslag_runtime::net::TcpNet;
use grondslag_runtime::otlp::Otlp;
use grondslag_runtime::rules::{self, Rules};
use grondslag_runtime::run::{Context, Recording, Tasks};
use grondslag_runtime::shutdown::Shutdown;
use grondslag_subject::Bsn;
use grondslag_subject::pseudonym::{Canary, OpeningKey, canary_point, number_point};
use rand_core::UnwrapErr;

pub(crate) use self::ask::Ask;
use self::heads::NoHeads;
pub(crate) use self::holder::{Listing, REGION, Trouble};
pub(crate) use self::log::{attest, attest_as, with_log};
pub(crate) use self::office::{REFUSED, Told};
pub(crate) use self::region::TestRegion;
pub(crate) use self::replies::{opened, opened_whole, proved};
pub(crate) use self::shelf::Shelf;
pub(crate) use self::staff::staff_key;
use crate::agency::{Agency, BrokerLink};
use crate::answers::inbox::Schedule;
use crate::answers::tick::Tick;
use crate::answers::turns::Turns;
use crate::asks::canary::Habits;
use crate::consent::{CaughtUp, Gate};
use crate::detail::Detail;
use crate::directory::{Directory, Means};
use crate::epochs::Epochs;
use crate::epochs::holders::Holders;
use crate::evidence::LEDGER;
use crate::index::{self, Canaries, Index};
use crate::keys::{Keys, Renewal};
use crate::own_view::strangers::Enrolled;
use crate::recorded::Kind;
use crate::records::{StoreSource, SubjectKey};
use crate::restore::Standing;
use crate::secret::NodeSecret;
use crate::staff::Registry;
use crate::watch::{self, Watching};

/// The region whose rules officers publish.
pub(crate) const RULES_REGION: Digest = Digest::new([1; 32]);
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
/// A made-up subject.
pub(crate) const CANARY: &str = "000000019";

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

pub(crate) fn rng() -> impl rand_core::CryptoRng {
    UnwrapErr(getrandom::SysRng)
}

/// The keys of an agency other than this node: what opens what is sealed and hidden for it.
pub(crate) fn secrets_of(agency: &str) -> (SealSecret, OpeningKey) {
    let seed = *Digest::of(agency.as_bytes()).as_bytes();
    let suite = SealSecret::random(seal::Suite::XWing, &mut rng()).expose()[..2].to_vec();
    let mut scalar = seed;
    scalar[31] = 0;
    let secret = SealSecret::parse(&[suite.as_slice(), &seed].concat()).unwrap();
    (secret, OpeningKey::parse(&scalar).unwrap())
}

/// The key of a subject in the tests' register.
pub(crate) fn subject_key(number: &str) -> SubjectKey {
    if let Ok(bsn) = Bsn::parse(number) {
        return SubjectKey::of(&NodeSecret::of(1), &bsn);
    }
    SubjectKey::from_bytes(&Digest::of(number.as_bytes()).as_bytes()[..16]).unwrap()
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
        Self::with(&[KNOWN.to_owned()]).await
    }

    /// A practice with these clients.
    pub(crate) async fn with(numbers: &[String]) -> Self {
        let region = TestRegion::new();
        let cards = vec![
            region.card(BROKER, catalogue::Kind::BROKER, without_keys, None),
            region.card(GI, "gi", |_| {}, None),
            region.card(VT, "vt", |_| {}, None),
        ];
        let listing = Arc::new(Listing::of(cards));
        let clock = Arc::new(SetClock::at(moment("2026-09-15T09:00")));
        let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
        let means = means(&region.folder(OWN), store.clone(), clock.clone()).await;
        let directory = Arc::new(Directory::open(means.clone()).await.unwrap());
        directory.refresh(listing.as_ref()).await.unwrap();
        let shelf = Arc::new(Shelf::of(numbers));
        let keys = keys(&region.folder(OWN));
        let public = keys.opening.public(&oin(OWN), &mut rng());
        *listing.own.lock().unwrap() = Some(verify_own_key(&oin(OWN), &public).unwrap());
        let watching = Arc::new(watching(&means, &directory).await);
        log::begin(watching.clone());
        let agency = agency((means, watching), directory, shelf.clone(), listing.clone(), keys);
        agency.refresh_epoch().await.unwrap();
        agency.index.tend(true).await.unwrap();
        agency.settle_rules().await.unwrap();
        Self { region, agency, store, shelf, clock, listing }
    }

    /// What stands behind the leaves of one kind of record, in ledger order.
    pub(crate) async fn records(&self, kind: Kind) -> Vec<Vec<u8>> {
        let mut bodies = Vec::new();
        for record in self.agency.ledger.read(0, 1_000).await.unwrap() {
            match open(self.store.as_ref(), &record.leaf).await.unwrap() {
                Opening::Opened(opened) if opened.kind == kind.label() => bodies.push(opened.body),
                _ => {}
            }
        }
        bodies
    }

    /// Whether these characters stand anywhere in the store, as they are or in hexadecimal.
    pub(crate) async fn holds(&self, text: &str) -> bool {
        let (plain, hexed) = (text.as_bytes(), hex::encode(text));
        let (mut after, mut found) = (None::<Vec<u8>>, false);
        loop {
            let page = self.store.scan(b"", after.as_deref(), 1_000).await.unwrap();
            found |= page.iter().flat_map(|pair| [&pair.key, &pair.value]).any(|bytes| {
                let has = |part: &[u8]| bytes.windows(part.len()).any(|at| at == part);
                has(plain) || has(hexed.as_bytes())
            });
            match page.last() {
                Some(last) => after = Some(last.key.clone()),
                None => return found,
            }
        }
    }

    /// A number's point; of a made-up subject too.
    fn point(number: &str) -> Element {
        if number == CANARY {
            return canary_point(REGION, &Canary::parse(number).unwrap()).unwrap();
        }
        number_point(REGION, &Bsn::parse(number).unwrap()).unwrap()
    }

    /// A number as it reaches this node in an epoch, hidden.
    pub(crate) fn pair(&self, epoch: u32, number: &str) -> Pair {
        let (own, node) = (self.listing.own.lock().unwrap().unwrap(), oin(OWN));
        let key: InboundKey = self.listing.holder.inbound(epoch, &node, &own);
        let hidden = Encrypted::new(&Self::point(number), &[&key], &mut rng()).unwrap();
        let pair = Pair { one: hidden.one(), two: hidden.two()[0] };
        self.listing.holder.step(epoch, &node, &pair)
    }

    /// Seals a pair in a question for this node, and notes its digest.
    pub(crate) fn put_pair(&self, question: &mut TargetQuestion, pair: &Pair) {
        let header = &question.header;
        let (from, to) = (oin(BROKER), oin(OWN));
        let about = seal::About::pair(question.id, header, &from, &to);
        let key = self.agency.keys.seals.public().unwrap();
        let own = self.listing.own.lock().unwrap().unwrap();
        let made_with = self.listing.holder.made_with(header.epoch, &to, &own);
        let turned = Turned { pair: *pair, made_with };
        let sealed = seal::seal(&key, &about, &turned.bytes(), PAIR_BYTES, &mut rng());
        (question.pair, question.evidence.pair) = (sealed.unwrap(), turned.digest());
    }

    /// Seals a detail in a question for this node, as it stands.
    pub(crate) fn put_detail(&self, question: &mut TargetQuestion, content: &[u8]) {
        let to = oin(OWN);
        let about = seal::About::detail(question.id, &question.header, &to);
        let key = self.agency.keys.seals.public().unwrap();
        let sealed = seal::seal(&key, &about, content, DETAIL_BYTES, &mut rng());
        question.part.detail = sealed.unwrap();
    }

    /// The detail of a question as its asker would write it.
    pub(crate) fn detail(&self, question: &TargetQuestion) -> Detail {
        let (own, to) = (&question.part, oin(OWN));
        let about = seal::About::detail(question.id, &question.header, &to);
        let content = self.agency.keys.seals.open(&about, &own.detail).unwrap();
        let mut detail = Detail::parse(&content).unwrap();
        detail.header = question.header.digest(&own.categories, &own.approvals);
        detail
    }

    /// Writes what the header and the part say now into the detail, and signs all of it anew.
    pub(crate) fn seal_anew(&self, question: &mut TargetQuestion) {
        let content = self.detail(question).encode();
        self.put_detail(question, &content);
        sign(question);
        attest(question, |_| {});
    }

    /// A question as asker and broker both signed it; the broker lets everything through.
    pub(crate) fn question(&self, ask: &Ask) -> TargetQuestion {
        let header = self.header(ask);
        let categories: Vec<Category> =
            ask.categories.iter().map(|code| Category::parse(code).unwrap()).collect();
        let detail = Detail {
            necessity: "Nodig om de veiligheid van het kind te beoordelen.".into(),
            facts: ask.facts.iter().map(|(c, v)| ((*c).into(), (*v).into())).collect(),
            reference: None,
            header: header.digest(&categories, &[]),
            notice: ask.notice.clone(),
            criteria: Vec::new(),
        };
        let part =
            Part { categories, approvals: Vec::new(), detail: Vec::new(), signature: [0; 64] };
        let mut question = TargetQuestion {
            id: TargetId::new([ask.target_id; 16]),
            header,
            target: oin(OWN),
            part,
            pair: Vec::new(),
            evidence: Evidence {
                leaf: Vec::new(),
                salt: [0x5a; 32],
                recorded_at: Timestamp::from_ms(0),
                index: 0,
                proof: Vec::new(),
                checkpoint: with_log(|log, _| log.checkpoint()),
                seen_size: 0,
                consistency: Vec::new(),
                pair: Digest::new([0; 32]),
                signature: [0; 64],
            },
        };
        self.put_detail(&mut question, &detail.encode());
        self.put_pair(&mut question, &self.pair(ask.epoch, ask.subject));
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
            kind: QueryKind::parse(ask.kind).unwrap(),
            grounds: Vec::new(),
            urgency: Urgency::Standard,
            break_glass: false,
            level: Level::Person,
            epoch: ask.epoch,
            bundle: self.agency.pack().bundle(),
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

pub(crate) async fn means(folder: &Path, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Means {
    let region = Reloading::<Region>::open(TlsFiles::in_folder(folder)).unwrap();
    let name = region.current().root().fingerprint().to_string();
    let origin = Origin::of_member(&name, &oin(OWN), LEDGER, 1).unwrap();
    let signer = Signer { origin, key: key_of(OWN), previous: None };
    let ledger = testing::open_signed(store.clone(), clock.clone(), LEDGER, signer).await.unwrap();
    Means {
        region: Arc::new(region),
        store,
        ledger: Arc::new(ledger),
        clock,
        accepted: Some(folder.join("accepted")),
    }
}

/// A broker has no keys: nobody asks it.
fn without_keys(card: &mut Card) {
    (card.seal_key, card.pseudonym_key) = (Vec::new(), Vec::new());
}

/// New keys of this node, in its folder.
fn keys(folder: &Path) -> Arc<Keys> {
    let (opening, seals) = (folder.join("pseudonym.key"), folder.join("seal"));
    Keys::create(&opening, &seals).unwrap();
    Arc::new(Keys::load(&opening, &seals).unwrap())
}

/// Follows nobody: there are no witnesses, and no heads.
async fn watching(means: &Means, directory: &Arc<Directory>) -> Watching {
    let directory = Arc::clone(directory);
    let opened = Watching::open(watch::Means {
        own: oin(OWN),
        broker: oin(BROKER),
        region: REGION.into(),
        store: means.store.clone(),
        ledger: means.ledger.clone(),
        clock: means.clock.clone(),
        key: Box::new(move |oin| Ok(directory.card(oin)?.card().sign_key)),
        witnesses: Box::new(|| None),
        sign_key: key_of(OWN),
        grace: Duration::from_secs(60),
        operators: Operators::default(),
    });
    opened.await.unwrap()
}

/// A process whose ledgers are its first, and that makes no backups.
fn context(
    region: Arc<Reloading<Region>>,
    clock: Arc<dyn Clock>,
    store: Arc<dyn Store>,
) -> Context {
    Context {
        recording: Recording::default(),
        process: "node",
        region,
        clock: ProcessClock::of(clock),
        store,
        tiles: None,
        net: Arc::new(TcpNet),
        shutdown: Shutdown::new(),
        limits: Limits::default(),
        tasks: Tasks::default(),
        otlp: Otlp::default(),
        backups: None,
        generation: 1,
        restored: None,
    }
}

/// Our own rules, and officers who may publish others.
fn rules((store, ledger, clock): (Arc<dyn Store>, Arc<Ledger>, Arc<dyn Clock>)) -> Rules {
    let (files, officers) = (Pack::builtin_files(), rules::testing::officers());
    let means = rules::Means { region: RULES_REGION, files, officers, store, ledger, clock };
    Rules::begun(means).unwrap()
}

fn agency(
    (means, watching): (Means, Arc<Watching>),
    directory: Arc<Directory>,
    source: Arc<Shelf>,
    broker_link: Arc<dyn BrokerLink>,
    keys: Arc<Keys>,
) -> Agency {
    let Means { region, store, ledger, clock, .. } = means;
    let secret = Arc::new(NodeSecret::of(1));
    let holders = Holders::new(Vec::new(), Arc::clone(&directory));
    let epochs = Arc::new(Epochs::new(REGION.into(), holders));
    let canary = (subject_key(CANARY), Canary::parse(CANARY).unwrap());
    let index = Index::new(index::Means {
        own: oin(OWN),
        store: store.clone(),
        ledger: ledger.clone(),
        clock: clock.clone(),
        secret: secret.clone(),
        register: Arc::new(Enrolled::new(source.clone(), store.clone(), secret.clone())),
        epochs: epochs.clone(),
        link: broker_link.clone(),
        canaries: Canaries::new(vec![canary]),
        own_key: keys.opening.element().unwrap(),
        sign_key: key_of(OWN),
    });
    let rules = rules((store.clone(), ledger.clone(), clock.clone()));
    Agency {
        oin: oin(OWN),
        mode: Mode::Demo,
        name: "Praktijk".into(),
        kind: catalogue::Kind::parse("ha").unwrap(),
        duty_phone: "088".into(),
        broker: oin(BROKER),
        register: None,
        context: context(region, clock.clone(), store.clone()),
        sign_key: key_of(OWN),
        rules: Arc::new(rules),
        own_rules: None,
        ledger,
        clock,
        directory,
        watching,
        witnesses: None,
        heads_link: Arc::new(NoHeads),
        office_link: Arc::new(Told::default()),
        keys,
        renewal: Renewal::default(),
        habits: Habits::default(),
        epochs,
        index: Arc::new(index),
        source,
        own: Arc::new(StoreSource::new(store.clone(), secret.clone())),
        staff: Arc::new(Registry::new(store.clone(), secret.clone())),
        secret,
        store,
        broker_link,
        tick: Tick::new(Duration::ZERO),
        climbing: Schedule::default(),
        follow_up_came: tokio::sync::Notify::new(),
        answering: Turns::default(),
        consents: Gate::default(),
        caught_up: CaughtUp::with(0),
        forgetting: Job::default(),
        budget: crate::config::AsksSection::default(),
        restored: Standing::default(),
    }
}
