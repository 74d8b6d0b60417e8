//! Epochs, lost factors, renewed keys and agencies shut out: what must not take the region down,
//! and what must not come back.

use async_trait::async_trait;
use grondslag_core::blind::{Evaluated, Pair};

use grondslag_evidence::ledger::testing;

use super::*;
use crate::epoch::wish::Wish;
use crate::epoch::{Epochs, publish};
use crate::keyholder::{Asked, Chain, Enrolling, Inbound, KeyHolder, LocalHolder, Step, Wanted};

/// A holder elsewhere, without the network between; another may take its place.
#[derive(Debug)]
struct Direct(Mutex<Arc<Holder>>);

impl Direct {
    fn to(holder: Holder) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Arc::new(holder))))
    }

    fn replace(&self, holder: Holder) {
        *self.0.lock().unwrap() = Arc::new(holder);
    }

    fn holder(&self) -> Arc<Holder> {
        Arc::clone(&self.0.lock().unwrap())
    }
}

#[async_trait]
impl KeyHolder for Direct {
    async fn open_epoch(&self, epoch: u32) -> Result<(), Reason> {
        self.holder().open_epoch(epoch).await
    }

    async fn destroy_epoch(&self, epoch: u32) -> Result<(), Reason> {
        self.holder().destroy_epoch(epoch).await
    }

    async fn inbound(&self, wanted: &Wanted<'_>) -> Result<Inbound, Reason> {
        let link = self.link(wanted, None).await?;
        Ok(Inbound { key: link.inbound, proof: link.proof })
    }

    async fn link(&self, wanted: &Wanted<'_>, _: Option<&Element>) -> Result<Link, Reason> {
        let nearer = wanted.nearer.iter().map(|key| wire_nearer(&key.key, &key.proof)).collect();
        let (epoch, oin) = (wanted.epoch, wanted.node.to_string());
        let link = self.holder().link(&v1::MakeLinkRequest { epoch, oin, nearer }).await;
        // As the caller of a holder elsewhere tells it.
        link.map_err(|reason| match reason {
            Reason::AgencySuspended => Reason::KeyHolderRefused,
            reason => reason,
        })
    }

    async fn step(&self, _: Asked<'_>, _: &[Step]) -> Result<Vec<Pair>, Reason> {
        Err(Reason::KeyHolderRefused)
    }

    async fn evaluate(&self, _: &Enrolling) -> Result<Evaluated, Reason> {
        Err(Reason::Internal)
    }
}

impl Stand {
    /// The holder once more, with its store and ledger, the factors of a file and a card key.
    async fn again(&self, file: &'static str, sign: u8) -> Holder {
        let (dir, far) = (self.scene.dir.path(), &self.far);
        let region = Reloading::<Region>::open(TlsFiles::in_folder(&dir.join(BROKER))).unwrap();
        let (local, _) = holder(dir, file, &far.region, &far.store, &far.clock).await;
        let directory = Directory::open(
            Arc::new(region),
            Arc::clone(&far.clock),
            Arc::clone(&far.store),
            Arc::clone(&far.ledger),
            (dir.join("far-operator"), Admits::Certified),
        );
        Holder {
            oin: far.oin.clone(),
            sign_key: key(sign),
            own: OnceLock::new(),
            region: far.region.clone(),
            clock: Arc::clone(&far.clock),
            store: Arc::clone(&far.store),
            ledger: Arc::clone(&far.ledger),
            directory: directory.await.unwrap(),
            local,
            turn: tokio::sync::Mutex::default(),
            proved: Mutex::default(),
        }
    }

    /// A holder in the broker's process, with a store of its own.
    async fn near(&self, store: &Arc<dyn Store>) -> LocalHolder {
        let dir = self.scene.dir.path();
        holder(dir, "near", &self.far.region, store, &self.far.clock).await.0
    }

    /// Both holders in a chain, and the far one.
    async fn chained(&self) -> (Chain, Arc<Direct>) {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let near = self.near(&store).await;
        near.open_epoch(EPOCH).await.unwrap();
        let direct = Direct::to(self.again("far", 8).await);
        (Chain::new(vec![Arc::new(near), Arc::clone(&direct) as _]), direct)
    }

    fn suspend(&self, who: &str) {
        crate::admin::suspend(self.far.directory.operator_folder(), &oin(who)).unwrap();
    }
}

#[tokio::test]
async fn epochs_are_opened_in_order_and_once_and_old_factors_go_by_themselves() {
    let stand = stand().await;
    let far = &stand.far;
    assert_eq!(far.open_epoch(EPOCH).await, Ok(()), "it stays");
    for epoch in [0, EPOCH + 2, u32::MAX] {
        assert_eq!(far.open_epoch(epoch).await, Err(Reason::EpochStale), "{epoch}");
    }
    let shown = stand.shown(&stand.asked(1).await).await;
    far.open_epoch(EPOCH + 1).await.unwrap();
    assert!(far.step(shown.clone()).await.is_ok(), "the one before is still taken");
    far.open_epoch(EPOCH + 2).await.unwrap();
    assert_eq!(far.local.epochs(), [EPOCH + 1, EPOCH + 2]);
    assert_eq!(far.step(shown).await.err(), Some(Reason::EpochStale));
    far.destroy_epoch(EPOCH + 1).await.unwrap();
    assert_eq!(far.destroy_epoch(EPOCH + 1).await, Ok(()));
    assert_eq!(far.local.epochs(), [EPOCH + 2]);
    far.destroy_epoch(EPOCH + 2).await.unwrap();
    for epoch in [EPOCH, EPOCH + 2, u32::MAX] {
        let refused = far.open_epoch(epoch).await;
        assert_eq!(refused, Err(Reason::EpochStale), "{epoch} comes not, and not back");
    }
    assert_eq!(far.open_epoch(EPOCH + 3).await, Ok(()));
}

/// The factors are on disk before the record of them: a stop in between, and a record that landed
/// although it was said to be lost, are both taken up where they were.
#[tokio::test]
async fn an_epoch_that_was_cut_short_is_recorded_and_the_next_one_follows() {
    use grondslag_evidence::store::faulty::{Fault, FaultyStore};
    for fault in [Fault::Lost, Fault::Landed] {
        let mut stand = stand().await;
        let store = Arc::new(FaultyStore::new(Arc::clone(&stand.far.store)));
        let as_store: Arc<dyn Store> = Arc::clone(&store) as _;
        let clock = Arc::clone(&stand.far.clock);
        let ledger = testing::open(Arc::clone(&as_store), clock, "far").await.unwrap();
        (stand.far.store, stand.far.ledger) = (as_store, Arc::new(ledger));
        store.fail_commit(1, fault);
        assert!(stand.far.open_epoch(EPOCH + 1).await.unwrap_err().is_fault(), "{fault:?}");
        let far = stand.again("far", 8).await;
        assert_eq!(far.local.epochs(), [EPOCH, EPOCH + 1], "{fault:?}: the factors are there");
        let before = far.local.key(EPOCH + 1, &oin(SCHOOL), &stand.own()).unwrap();
        assert_eq!(far.open_epoch(EPOCH + 1).await, Ok(()), "{fault:?}");
        let after = far.local.key(EPOCH + 1, &oin(SCHOOL), &stand.own()).unwrap();
        assert_eq!(before, after, "{fault:?}: the same factors");
        assert_eq!(far.open_epoch(EPOCH + 2).await, Ok(()), "{fault:?}: the next one follows");
        far.destroy_epoch(EPOCH + 2).await.unwrap();
        assert_eq!(far.open_epoch(EPOCH + 2).await, Err(Reason::EpochStale), "{fault:?}");
    }
}

#[tokio::test]
async fn one_agency_that_the_holder_shuts_out_leaves_the_others_their_keys() {
    let mut stand = stand().await;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let near = stand.near(&store).await;
    near.open_epoch(EPOCH).await.unwrap();
    stand.suspend(SCHOOL);
    let far = stand.again("far", 8).await;
    let chain = Arc::new(Chain::new(vec![Arc::new(near), Direct::to(far)]));
    Arc::get_mut(&mut stand.scene.broker).unwrap().chain = chain;
    let keys = publish::keys(&stand.scene.broker).await.unwrap();
    let nodes: Vec<_> = keys.nodes.iter().map(|keys| keys.node.clone()).collect();
    assert_eq!(nodes, [oin(ASKER)]);
}

/// Who is shut out while its links are remembered is refused once, and has none from then on.
#[tokio::test]
async fn links_are_forgotten_when_the_holder_refuses_a_step() {
    let stand = stand().await;
    let (chain, direct) = stand.chained().await;
    let (node, own) = (oin(SCHOOL), stand.own());
    let links = chain.links(EPOCH, &node, &own).await.unwrap();
    stand.suspend(SCHOOL);
    direct.replace(stand.again("far", 8).await);
    assert!(chain.links(EPOCH, &node, &own).await.is_ok(), "remembered");
    let inquiry = stand.asked(1).await;
    let (whole, proof, signature) = (inquiry.whole(), &inquiry.hidden().proof, inquiry.signature());
    let all = [Arc::clone(&links)];
    let asked = Asked { whole: &whole, proof, signature, links: &all };
    let sent = crate::keyholder::Sent { node: node.clone(), links, two: inquiry.hidden().two[0] };
    assert_eq!(chain.step(asked, &[sent]).await, Err(Reason::KeyHolderRefused));
    let refused = chain.links(EPOCH, &node, &own).await;
    assert_eq!(refused.err(), Some(Reason::KeyHolderRefused));
}

#[tokio::test]
async fn links_follow_the_key_of_the_holders_card() {
    let stand = stand().await;
    let (chain, direct) = stand.chained().await;
    let (node, own, region) = (oin(SCHOOL), stand.own(), &stand.far.region);
    let verified = async |sign: u8| {
        let links = chain.links(EPOCH, &node, &own).await.unwrap();
        let holders = [key(sign).verifying_key().to_bytes()];
        InboundKey::verify(region, EPOCH, &node, &own, &links, &holders).is_ok()
    };
    assert!(verified(8).await);
    direct.replace(stand.again("far", 18).await);
    chain.forget_links();
    assert!(verified(18).await);
}

/// The holder comes back without its factors: nothing is asked, no epoch gets others, the broker
/// starts, and the next epoch is the way out.
#[tokio::test]
async fn a_holder_that_lost_its_factors_is_there_again_with_the_next_epoch() {
    let stand = stand().await;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let clock = Arc::clone(&stand.far.clock);
    let near = Arc::new(stand.near(&store).await);
    let ledger = testing::open(Arc::clone(&store), Arc::clone(&clock), "broker").await;
    let ledger = Arc::new(ledger.unwrap());
    let direct = Direct::to(stand.again("far", 8).await);
    let chain = Arc::new(Chain::new(vec![Arc::clone(&near) as _, Arc::clone(&direct) as _]));
    let open = async || {
        let (store, ledger) = (Arc::clone(&store), Arc::clone(&ledger));
        let (clock, chain) = (Arc::clone(&clock), Arc::clone(&chain));
        Epochs::open(store, ledger, clock, chain, &near.epochs()).await
    };
    drop(open().await.unwrap());
    direct.replace(stand.again("lost", 8).await);
    let epochs = open().await.unwrap();
    assert_eq!(epochs.tend(None).await, Err(Reason::EpochStale));
    assert_eq!(direct.holder().local.epochs(), [0; 0], "no other factors for the same epoch");
    let wish = Wish { id: "a".into(), switch_at: clock.now() };
    assert_eq!(epochs.tend(Some(wish)).await, Err(Reason::EpochStale), "it was so when it began");
    assert_eq!((epochs.state().current, direct.holder().local.epochs()), (2, vec![2]));
    assert_eq!(epochs.tend(None).await, Ok(()));
    assert!(open().await.is_ok());
}
