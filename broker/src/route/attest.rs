//! Attestations: the broker's word that a decision stands in its ledger, and which hidden number
//! belongs to it.

use std::sync::Arc;

use grondslag_core::blind::inbound::made_with;
use grondslag_core::blind::{Link, Pair, Turned};
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::Digest;
use grondslag_core::inquiry::Inquiry;
use grondslag_core::limits::PAIR_BYTES;
use grondslag_core::reason::Reason;
use grondslag_core::seal::{About, SealError, seal};
use grondslag_core::statement::{Leaf, NamedRuling, attestation_bytes, sign};
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::records;
use grondslag_proto::question::Evidence;
use rand_core::UnwrapErr;

use super::record::{Decided, Recorded};
use super::verify::Target;
use crate::broker::Broker;
use crate::keyholder::{Asked, Sent};

/// Takes the hidden number of a recorded question through the key holders, for every target that
/// is to be asked, and attests every decision.
///
/// The decision stays recorded, and counted, when a holder refuses: it was durable before anything
/// was asked of the holder. Put again, the same question is taken as it was recorded.
///
/// # Errors
/// Why a key holder did not make its step, or a pair could not be sealed: nobody is asked then.
pub(crate) async fn attest(
    broker: &Broker,
    inquiry: &Inquiry,
    targets: &[Target],
    recorded: Vec<Recorded>,
) -> Result<Vec<Decided>, Reason> {
    let indexes: Vec<u64> = recorded.iter().map(|one| one.index).collect();
    let proven = broker.ledger.prove(&indexes, 0).await.map_err(LedgerError::reason)?;
    let both = || targets.iter().zip(&recorded);
    let through = both().filter(|(target, one)| is_asked(target, &one.rulings));
    let sent: Vec<Sent> = through.map(|(target, _)| sent(target)).collect();
    let (whole, links) = (inquiry.whole(), links_of(targets));
    let (proof, signature) = (&inquiry.hidden().proof, inquiry.signature());
    let asked = Asked { whole: &whole, proof, signature, links: &links };
    let mut pairs = broker.chain.step(asked, &sent).await?.into_iter();
    let mut decided = Vec::with_capacity(recorded.len());
    for ((target, one), inclusion) in targets.iter().zip(recorded).zip(proven.inclusions) {
        let proof = (inclusion, SignedCheckpoint::clone(&proven.checkpoint));
        let pair = if is_asked(target, &one.rulings) { pairs.next() } else { None };
        decided.push(attest_one(broker, inquiry, (target, one), proof, pair.as_ref())?);
    }
    Ok(decided)
}

/// Something of it was let through, and there is somebody to deal with.
pub(crate) fn is_asked(target: &Target, rulings: &[NamedRuling]) -> bool {
    target.card.is_ok() && rulings.iter().any(|named| named.ruling.is_let_through())
}

fn links_of(targets: &[Target]) -> Vec<Arc<[Link]>> {
    targets.iter().map(|target| Arc::clone(&target.links)).collect()
}

fn sent(target: &Target) -> Sent {
    Sent { node: target.oin.clone(), links: target.links.clone(), two: target.two }
}

fn attest_one(
    broker: &Broker,
    inquiry: &Inquiry,
    (target, recorded): (&Target, Recorded),
    (proof, checkpoint): (Vec<Digest>, SignedCheckpoint),
    pair: Option<&Pair>,
) -> Result<Decided, Reason> {
    let Recorded { rulings, leaf, salt, at: recorded_at, index } = recorded;
    let turned = pair.map(|pair| Turned { pair: *pair, made_with: made_with(&target.links) });
    let digest = turned.map_or(Digest::new([0; Digest::LEN]), |turned| turned.digest());
    let entry = records::hash_of(Leaf::KIND, &salt, &leaf, recorded_at);
    let bytes = attestation_bytes(&target.id, &entry, index, &digest);
    let evidence = Evidence {
        leaf,
        salt,
        recorded_at,
        index,
        proof,
        checkpoint,
        seen_size: 0,
        consistency: Vec::new(),
        pair: digest,
        signature: sign(&broker.sign_key, &bytes),
    };
    let pair = turned.map(|turned| sealed(broker, inquiry, target, &turned)).transpose()?;
    Ok(Decided { oin: target.oin.clone(), rulings, evidence, pair })
}

/// The pair as only its target opens it: what was recorded of a link tells nothing later, not even
/// to who then breaks the group.
fn sealed(
    broker: &Broker,
    inquiry: &Inquiry,
    target: &Target,
    turned: &Turned,
) -> Result<Vec<u8>, Reason> {
    let about = About::pair(target.id, inquiry.header(), &broker.oin, &target.oin);
    let card = target.card.as_ref().map_err(|reason| *reason)?;
    let mut rng = UnwrapErr(getrandom::SysRng);
    let sealed = seal(&card.keys()?.seal, &about, &turned.bytes(), PAIR_BYTES, &mut rng);
    sealed.map_err(SealError::reason)
}
