//! Invariant 7, nothing acknowledged is lost, through kill -9 of broker and node.
//!
//! Broker and nodes are processes of their own here, with stores on disk. The test asks without
//! a pause; while it does, broker and holder are killed; they start again on what their disks
//! hold. The oracle is what was acknowledged: whoever got a reply must get the very same bytes
//! for the same question, the broker's evidence included (but for the hidden number, which is
//! blinded anew for every delivery), and find the decision in the holder's ledger. (A killed
//! process leaves the kernel's page cache as it was: that a commit is synced is held by the
//! store's own tests.)

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_policy::Pack;
use grondslag_proto::v1;
use grondslag_tests::federation::hand::{Hand, Routed, Sketch};
use grondslag_tests::federation::keys::RegionKeys;
use grondslag_tests::federation::process::Processes;
use grondslag_tests::federation::run;
use tokio::sync::OnceCell;
use tonic::transport::Channel;

use crate::stage::{NOW, SAFETY, SCHOOL, VT};

const ROUNDS: u32 = 2;
const ASKERS: usize = 4;
/// Questions answered before the kill, so that there is something to lose.
const ANSWERED_MIN: usize = 12;
const START_WAIT: Duration = Duration::from_secs(30);
const PROGRAM: &str = env!("CARGO_BIN_EXE_party");

struct Acknowledged {
    request: v1::AskRequest,
    routed: Routed,
}

#[test]
fn invariant_07_nothing_acknowledged_is_lost_through_kill_9() -> Result<()> {
    run(async {
        let mut region = Processes::prepare(Path::new(PROGRAM), &[VT, SCHOOL], NOW).await?;
        for who in ["broker", SCHOOL, VT] {
            region.start(who)?;
        }
        let asker = Asker::new(&region)?;
        let mut acknowledged = Vec::new();
        for round in 0..ROUNDS {
            asker.until_answered(&region).await?;
            let more = asker.load_until_killed(&mut region).await?;
            ensure!(more.len() >= ANSWERED_MIN, "round {round}: {} answers", more.len());
            acknowledged.extend(more);
            for who in ["broker", SCHOOL] {
                region.start(who)?;
            }
            asker.until_answered(&region).await?;
            for one in &acknowledged {
                let again = asker.ask(one.request.clone()).await?;
                assert_eq!(
                    again.lasting(),
                    one.routed.lasting(),
                    "round {round}: other bytes for the same question"
                );
            }
            let decisions = region.privacy_officer(SCHOOL)?.decisions(None).await;
            let decisions = decisions?;
            let ids: BTreeSet<&[u8]> =
                decisions.iter().map(|decision| decision.target_id.as_slice()).collect();
            for one in &acknowledged {
                let reply = one.routed.reply(&asker.target).context("acknowledged")?;
                assert!(ids.contains(reply.target_id.as_slice()), "round {round}: a leaf is gone");
            }
        }
        Ok(())
    })
}

struct Asker {
    hand: Hand,
    broker: Channel,
    target: grondslag_core::id::Oin,
    bundle: Digest,
    now: Timestamp,
    keys: OnceCell<Arc<RegionKeys>>,
}

impl Asker {
    fn new(region: &Processes) -> Result<Self> {
        let hand = region.hand(VT)?;
        Ok(Self {
            broker: hand.channel(&region.broker_endpoint()?, &region.broker_oin()?)?,
            hand,
            target: region.oin(SCHOOL)?,
            bundle: Pack::builtin()?.bundle(),
            now: Timestamp::parse(NOW)?,
            keys: OnceCell::new(),
        })
    }

    async fn request(&self) -> Result<v1::AskRequest> {
        let keys = self.keys.get_or_try_init(|| self.read_keys()).await?.clone();
        let targets = [&self.target];
        let mut sketch =
            Sketch::of(&self.hand.oin, &SAFETY, &targets, keys, self.bundle, self.now)?;
        sketch.sign(&self.hand.key)?;
        sketch.to_wire()
    }

    /// The keys last as long as everybody's disk: they are read once, when the target has its own.
    async fn read_keys(&self) -> Result<Arc<RegionKeys>> {
        let keys = RegionKeys::read(&self.broker, &self.hand.region).await?;
        ensure!(keys.has(&self.target), "the target has no keys yet");
        Ok(Arc::new(keys))
    }

    async fn ask(&self, request: v1::AskRequest) -> Result<Routed> {
        let routed = self.hand.ask(&self.broker, request).await;
        routed.map_err(|status| anyhow::anyhow!("{status}"))
    }

    async fn ask_anew(&self) -> Result<Routed> {
        self.ask(self.request().await?).await
    }

    /// Waits until the whole way there and back works.
    async fn until_answered(&self, region: &Processes) -> Result<()> {
        let since = Instant::now();
        loop {
            let routed = self.ask_anew().await;
            if routed.as_ref().is_ok_and(|routed| routed.reply(&self.target).is_some()) {
                return Ok(());
            }
            let logs = || ["broker", SCHOOL, VT].map(|who| region.log(who)).join("\n");
            ensure!(since.elapsed() < START_WAIT, "no answer: {routed:?}\n{}", logs());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks without a pause until broker and holder are killed, and gives what was acknowledged.
    async fn load_until_killed(&self, region: &mut Processes) -> Result<Vec<Acknowledged>> {
        let (killed, answered) = (AtomicBool::new(false), std::sync::Mutex::new(Vec::new()));
        let count = || {
            answered.lock().map_or(0, |answered: std::sync::MutexGuard<'_, Vec<_>>| answered.len())
        };
        let asking = (0..ASKERS).map(|_| async {
            while !killed.load(Ordering::SeqCst) {
                let request = self.request().await?;
                let Ok(routed) = self.ask(request.clone()).await else { continue };
                if routed.reply(&self.target).is_some() {
                    let one = Acknowledged { request, routed };
                    answered.lock().map_err(|_| anyhow::anyhow!("poisoned"))?.push(one);
                }
            }
            Ok::<(), anyhow::Error>(())
        });
        let killing = async {
            while count() < ANSWERED_MIN {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            region.kill(SCHOOL)?;
            region.kill("broker")?;
            killed.store(true, Ordering::SeqCst);
            Ok::<(), anyhow::Error>(())
        };
        tokio::try_join!(try_join_all(asking), killing)?;
        answered.into_inner().map_err(|_| anyhow::anyhow!("poisoned"))
    }
}
