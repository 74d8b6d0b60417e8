//! Where the log before ended, by everybody's word.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::clock::Timestamp;
use grondslag_core::founding::{Founding, SignedFounding};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::merkle::verify_consistency;
use grondslag_core::operators::Operators;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Ledger, LedgerError};
use grondslag_runtime::run::{Context, SignKeys, StartError};

use super::ask::{Asking, Shown, ask};
use super::kept::{presented, read};
use crate::config::BrokerConfig;
use crate::directory::Directory;
use crate::directory::operator::Admits;
use crate::serve::BROKER;

/// What everybody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// What is to be signed.
    pub founding: Founding,
    /// The last head of every node that was reached, by its size; 0 for one that has none.
    pub reached: BTreeMap<Oin, u64>,
    /// Why the others were not.
    pub missed: BTreeMap<Oin, Reason>,
}

/// Whether an operator says that the clock was ahead once, so that leaves of the backup are dated
/// in time to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockWasAhead(pub bool);

/// A log is founded now, so not before the last leaf of the one before. Whether that leaf is of a
/// clock that was ahead, or this clock is behind, only a person can say.
///
/// # Errors
/// `CLOCK_INVALID` with the moment of that leaf, and what to do.
pub(super) fn may_found(
    before: &Ledger,
    now: Timestamp,
    ClockWasAhead(was_ahead): ClockWasAhead,
) -> Result<(), StartError> {
    match before.may_append(now) {
        Err(LedgerError::Ahead { last }) if !was_ahead => {
            let what = format!(
                "the last leaf of the backup is of {last}, and this clock stands at {now}: set it \
                 right; if it is right, and the clock of before was ahead, give --clock-was-ahead"
            );
            Err(StartError::new(Reason::ClockInvalid, what))
        }
        _ => Ok(()),
    }
}

/// Asks every node of the directory for the last head of the log before, and makes the statement
/// that two operators are to sign: a founding for a store that was put back, and an amendment for
/// a broker that was founded when a node with a higher head was absent.
///
/// # Errors
/// `CLOCK_INVALID` when the backup ends in time to come and nobody says that its clock was ahead,
/// `LEDGER_FORK` when two heads contradict each other, `NOT_RESTORED` when there is nothing to
/// found, `NOTHING_TO_AMEND` when no head is higher than a founding's, or why the store cannot be
/// opened.
pub async fn collect(
    config: &BrokerConfig,
    context: &Context,
    was_ahead: ClockWasAhead,
    tell: Asking<'_>,
) -> Result<Collected, StartError> {
    let section = &config.broker;
    let keys = SignKeys::load(&section.sign_key, section.previous_sign_key.as_ref())?;
    let public = keys.public();
    let before = Before::open(context, &keys).await?;
    if before.is_fresh {
        may_found(&before.ledger, context.clock.clock().now(), was_ahead)?;
    }
    let (known, nodes) = nodes(config, context, &before).await?;
    let said = ask(&Arc::new(context.channels()), nodes, before.number, tell).await;
    let mut heads = presented(context.store.as_ref()).await.map_err(refused("presented heads"))?;
    let region = context.region.current().root().fingerprint();
    let operators = config.region.as_ref().map(|region| region.operators.clone());
    let operators = operators.unwrap_or_default();
    let (mut reached, mut missed) = (BTreeMap::new(), BTreeMap::new());
    for (oin, said) in said {
        match said {
            Ok(shown) if is_beyond(&shown, context.generation, &operators, &region) => {
                let what = format!(
                    "{oin} follows log {} of this broker, and the backup is from before that was \
                     founded: use a newer one",
                    shown.number
                );
                return Err(StartError::new(Reason::FoundingInvalid, what));
            }
            Ok(shown) => {
                if shown.number > context.generation {
                    // What one node says without a signature stops nobody. Its heads count.
                    missed.insert(oin.clone(), Reason::FoundingInvalid);
                }
                let own = reached.entry(oin.clone()).or_insert(0);
                for head in shown.heads.into_iter().filter(|head| before.made(head, &public)) {
                    *own = head.checkpoint().size.max(*own);
                    heads.push((oin.clone(), head));
                }
            }
            Err(reason) => drop(missed.insert(oin, reason)),
        }
    }
    reached.retain(|oin, _| !missed.contains_key(oin));
    for oin in known.into_iter().filter(|oin| !reached.contains_key(oin)) {
        missed.entry(oin).or_insert(Reason::UnknownAgency);
    }
    let head = before.highest(&heads).await?;
    let founding = before.founding(context, head, missed.keys().cloned().collect()).await?;
    founding.check().map_err(refused("the founding"))?;
    Ok(Collected { founding, reached, missed })
}

/// Whether a node follows a log that was founded after this backup was made: two operators say so.
pub(super) fn is_beyond(
    shown: &Shown,
    generation: u64,
    operators: &Operators,
    region: &Digest,
) -> bool {
    let founded = SignedFounding::parse(&shown.founding).ok();
    let founded = founded.and_then(|signed| signed.verify(operators, region).ok());
    shown.number > generation
        && founded.is_some_and(|founded| founded.founding().number == shown.number)
}

/// The log before, as far as the backup goes.
struct Before {
    /// Its number.
    number: u64,
    ledger: Arc<Ledger>,
    /// The store was put back, and no log was founded since.
    is_fresh: bool,
}

impl Before {
    async fn open(context: &Context, keys: &SignKeys) -> Result<Self, StartError> {
        let is_fresh = context.restored.is_some();
        let number = if is_fresh { context.generation } else { context.generation - 1 };
        if number == 0 {
            let what = "this store was not restored from a backup";
            return Err(StartError::new(Reason::NotRestored, what));
        }
        let region = context.region_name();
        let origin = |number| Origin::of_broker(&region, number);
        let ledger = context.ledger_of(number, BROKER, origin, keys).await?;
        Ok(Self { number, ledger, is_fresh })
    }

    /// Whether this broker made a head, of this log.
    fn made(&self, head: &SignedCheckpoint, keys: &[[u8; 32]]) -> bool {
        let own = self.ledger.checkpoint();
        head.checkpoint().origin == own.checkpoint().origin
            && keys.iter().any(|key| head.bare().verify(key).is_ok())
    }

    /// The highest head, with the log's own signature alone. Two of one size have one root, and
    /// those that the backup reaches are heads of what is in it.
    async fn highest(
        &self,
        heads: &[(Oin, SignedCheckpoint)],
    ) -> Result<SignedCheckpoint, StartError> {
        let own = self.ledger.checkpoint();
        let (mut highest, mut roots) = (own.bare(), BTreeMap::new());
        roots.insert(own.checkpoint().size, own.checkpoint().root);
        for (oin, head) in heads {
            let (shown, held) = (head.checkpoint().tree(), own.checkpoint().tree());
            let mut forked = roots.get(&shown.size).is_some_and(|root| *root != shown.root);
            if shown.size <= held.size {
                let proof = self.ledger.consistency(shown.size, held).await?;
                forked |= verify_consistency(&shown, &held, &proof).is_err();
            }
            if forked {
                let what = format!("{oin} holds a head of this log that contradicts another");
                return Err(StartError::new(Reason::LedgerFork, what));
            }
            roots.insert(shown.size, shown.root);
            if shown.size > highest.checkpoint().size {
                highest = head.bare();
            }
        }
        Ok(highest)
    }

    async fn founding(
        &self,
        context: &Context,
        head: SignedCheckpoint,
        missed: BTreeSet<Oin>,
    ) -> Result<Founding, StartError> {
        let size = self.ledger.size().await?;
        if self.is_fresh {
            return Ok(Founding {
                region: context.region.current().root().fingerprint(),
                number: self.number.saturating_add(1),
                amendment: 0,
                at: context.clock.clock().now(),
                restored: size,
                head,
                missed,
            });
        }
        let store = context.store.as_ref();
        let founded = read(store, context.generation).await.map_err(refused("the founding"))?;
        let founded = founded.ok_or_else(|| refused("the founding")(Reason::StoreCorrupt))?;
        let before = founded.signed.founding;
        if head.checkpoint().size <= before.head.checkpoint().size {
            let what = "no node holds a higher head than the founding's: nothing is to be amended";
            return Err(StartError::new(Reason::NothingToAmend, what));
        }
        Ok(Founding { amendment: before.amendment.saturating_add(1), head, missed, ..before })
    }
}

/// Every node that was ever in the directory, and where those are reached that can be dealt with.
async fn nodes(
    config: &BrokerConfig,
    context: &Context,
    before: &Before,
) -> Result<(BTreeSet<Oin>, Vec<(Oin, String)>), StartError> {
    let directory = Directory::open(
        Arc::clone(&context.region),
        context.clock.clock(),
        Arc::clone(&context.store),
        Arc::clone(&before.ledger),
        (config.broker.operator.path().to_owned(), Admits::Listed),
    );
    let directory = directory.await.map_err(refused("the directory"))?;
    let holder = config.key_holder.as_ref().map(|holder| &holder.oin);
    let (own, is_node) = (context.oin(), |oin: &Oin| Some(oin) != holder);
    let known = directory.known(context.store.as_ref()).await.map_err(refused("the directory"))?;
    let known = known.into_iter().filter(|oin| *oin != own && is_node(oin)).collect();
    let cards = directory.cards().into_iter().map(|card| card.card().clone());
    let nodes = cards.filter(|card| card.oin != own && is_node(&card.oin));
    Ok((known, nodes.map(|card| (card.oin, card.endpoint)).collect()))
}

fn refused(what: &'static str) -> impl Fn(Reason) -> StartError {
    move |reason| StartError::new(reason, what)
}
