//! `grondslag audit prove` and `audit check`: proofs for who has no store, and what they prove.

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_core::checkpoint::{
    Checkpoint, Origin, SignatureType, SignedCheckpoint, VerifierKey,
};
use grondslag_core::id::InquiryId;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::audit::Still;
use grondslag_evidence::ledger::{Leaves as _, entry_hash};
use grondslag_evidence::records::Opened;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::json;

use super::decision::Decision;
use super::entries::{Behind, Entry, each};
use super::keys::Keys;
use super::party::{Party, find};
use super::proof::{FORMAT, Proof, Proved, Recorded};
use super::told;
use crate::any_process::Role;
use crate::ask::Names;
use crate::exit::{Exit, Failure};
use crate::files::{private_folder, read_text, write_new_private};
use crate::limits::PROOF_BYTES_MAX;
use crate::output::{Output, bold, green, red, yellow};
use crate::wait::wait;

/// Arguments of `audit prove`.
#[derive(Debug, Args)]
pub(super) struct ProveArgs {
    /// The question, or the number that an overview of `inzage` has behind a line
    #[arg(value_name = "INQUIRY", value_parser = InquiryId::parse)]
    inquiry: InquiryId,

    /// Folder of a process, with its configuration and store, or of a demo; may be repeated
    #[arg(long, value_name = "FOLDER", required = true, num_args = 1..)]
    offline: Vec<PathBuf>,

    /// Write the proofs into this folder, which is made when it is not there
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    to: PathBuf,
}

/// Arguments of `audit check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// A proof
    file: PathBuf,

    /// The ledger's key, as its owner published it; without it the key in the file is taken
    #[arg(long, value_name = "VKEY")]
    vkey: Option<String>,

    /// A witness's key, as it published it: cosignatures of others are not counted; may be
    /// repeated
    #[arg(long, value_name = "VKEY", value_parser = witness)]
    witness: Vec<VerifierKey>,
}

fn witness(text: &str) -> Result<VerifierKey, String> {
    let key = VerifierKey::parse(text).map_err(|error| error.to_string())?;
    match key.kind {
        SignatureType::Cosignature => Ok(key),
        SignatureType::Ed25519 => Err("this is the key of a ledger, not of a witness".to_owned()),
    }
}

/// A proof that was written.
#[derive(Debug, Serialize)]
struct Written {
    file: PathBuf,
    origin: String,
    index: u64,
    cosigners: usize,
}

/// A decision on the question, where it stands.
struct Place {
    ledger: String,
    index: u64,
    at_ms: i64,
    opened: Opened,
    decision: Decision,
}

pub(super) fn run(args: &ProveArgs, out: Output) -> Result<Exit, Failure> {
    let files = find(&args.offline)?.told(out);
    let bar = out.progress(None, out.tr("vermeldingen", "leaves"));
    let written = wait(async {
        let mut parties = Vec::new();
        for file in &files {
            parties.push(Party::open(file, None, None).await?);
        }
        let keys = keys_of(&parties).await?;
        let mut written = Vec::new();
        for party in &parties {
            let mut places = Vec::new();
            let take = |ledger: &str, entry: Entry| {
                places.extend(Place::of(&args.inquiry, party, ledger, entry));
                Ok(())
            };
            each(party, &bar, take).await?;
            for place in places {
                let proof = place.proof(party, &keys).await?;
                written.push(write(&args.to, party, &place, &proof)?);
            }
        }
        Ok(written)
    })?;
    bar.finish_and_clear();
    if written.is_empty() {
        return Err(Failure::new(Reason::UnknownInquiry, args.inquiry));
    }
    for one in &written {
        let cosigned = out.tr("medeondertekeningen", "cosignatures");
        let Written { file, origin, index, cosigners } = one;
        out.line(&format!("  {}: {origin} {index}, {cosigners} {cosigned}", file.display()));
    }
    out.json(&json!({ "proofs": written }))?;
    Ok(Exit::Done)
}

impl Place {
    fn of(inquiry: &InquiryId, party: &Party, ledger: &str, entry: Entry) -> Option<Self> {
        let Behind::Opened(opened) = entry.behind else { return None };
        // One that cannot be read is for `replay` to name: it keeps nobody from proving another.
        let decision = Decision::read(&opened).ok().flatten()?;
        let (index, at_ms) = (entry.index, entry.recorded_at.ms());
        let ledger = ledger.to_owned();
        decision.is_of(inquiry, &party.oin).then_some(Self {
            ledger,
            index,
            at_ms,
            opened,
            decision,
        })
    }

    async fn proof(&self, party: &Party, keys: &Keys) -> Result<Proof, Failure> {
        let still = party.copied.ledger(&self.ledger).await?;
        let (signed, cosigners) = head(party, &still, self.index, keys).await?;
        let Checkpoint { origin, .. } = signed.checkpoint();
        let mut own = keys.of_log(origin, &party.oin).into_iter();
        let key = own.find(|key| signed.verify(key).is_ok());
        let key = key.ok_or_else(|| Failure::new(Reason::CardInvalid, origin))?;
        let vkey = VerifierKey::new(origin.clone(), SignatureType::Ed25519, key);
        let record = still.read(self.index, 1).await?.into_iter().next();
        let record = record.ok_or_else(|| Failure::from(Reason::StoreCorrupt))?;
        Ok(Proof {
            format: FORMAT.to_owned(),
            target_id: *self.decision.target_id(),
            origin: origin.to_string(),
            vkey: vkey.to_string(),
            record: Recorded {
                kind: self.opened.kind.clone(),
                salt: hex::encode(self.opened.salt),
                body: hex::encode(&self.opened.body),
                annex: match &self.decision {
                    Decision::Broker(_) => Some(hex::encode(&self.opened.annex)),
                    Decision::Holder(_) => None,
                },
                about: record.about,
                at_ms: self.at_ms,
            },
            index: self.index,
            entry: entry_hash(&record.about, record.recorded_at, &record.leaf),
            inclusion: still.prove(self.index, &signed.checkpoint().tree()).await?,
            checkpoint: signed.note(),
            cosigners,
        })
    }
}

/// The head to prove in: one that witnesses cosigned, where there is one that covers the leaf.
async fn head(
    party: &Party,
    still: &Still,
    index: u64,
    keys: &Keys,
) -> Result<(SignedCheckpoint, Vec<String>), Failure> {
    if party.role == Role::Broker {
        for kept in party.heads().await? {
            let Some(head) = kept.head.filter(|head| head.checkpoint().size > index) else {
                continue;
            };
            let own = still.prove(index, &head.checkpoint().tree()).await.is_ok();
            if own && head.checkpoint().origin == party.origin(still.name())? {
                return cosigned(&head, keys);
            }
        }
    }
    let last = still.checkpoint().ok_or_else(|| Failure::from(Reason::StoreCorrupt))?;
    Ok((last.clone(), Vec::new()))
}

/// The head with those cosignatures alone whose witness is known from a folder that was given.
fn cosigned(
    head: &SignedCheckpoint,
    keys: &Keys,
) -> Result<(SignedCheckpoint, Vec<String>), Failure> {
    let (mut signed, mut cosigners) = (head.bare(), Vec::new());
    for cosignature in head.cosignatures() {
        let Some(vkey) = cosigner(head, cosignature.name(), keys) else { continue };
        signed =
            signed.with(&cosignature).map_err(|error| Failure::new(Reason::StoreCorrupt, error))?;
        // A witness with several lines is named once, as the reader of a proof expects.
        if !cosigners.contains(&vkey) {
            cosigners.push(vkey);
        }
    }
    Ok((signed, cosigners))
}

fn cosigner(head: &SignedCheckpoint, name: &Origin, keys: &Keys) -> Option<String> {
    let mut known = keys.of_witness(name).into_iter();
    let key = known.find(|key| head.cosigned_by(name.as_str(), key).is_some())?;
    Some(VerifierKey::new(name.clone(), SignatureType::Cosignature, key).to_string())
}

/// The keys of everybody whose card somebody keeps, and those before them.
async fn keys_of(parties: &[Party]) -> Result<Keys, Failure> {
    let mut keys = Keys::default();
    for party in parties {
        for kept in party.cards().await? {
            // A card that does not hold is for `verify` to name; nothing is proved with it.
            let _wrong = keys.learn(&party.root, &kept);
        }
    }
    let quiet = ProgressBar::hidden();
    for party in parties {
        let consider = |_: &str, entry: Entry| {
            keys.consider(&entry.leaf);
            Ok(())
        };
        each(party, &quiet, consider).await?;
    }
    Ok(keys)
}

fn write(to: &Path, party: &Party, place: &Place, proof: &Proof) -> Result<Written, Failure> {
    // Nothing is handed out that its reader would refuse.
    proof.verify(Some(&proof.vkey)).map_err(|word| Failure::new(Reason::StoreCorrupt, word))?;
    let target = match &place.decision {
        Decision::Broker(record) => &record.leaf.target,
        Decision::Holder(_) => &party.oin,
    };
    let file = to.join(format!("{}-{target}-{}.proof.json", place.ledger, place.index));
    let text = serde_json::to_string_pretty(proof);
    let text = text.map_err(|error| Failure::new(Reason::Internal, error))?;
    // It is made with the first proof: a question that nobody knows leaves no folder behind.
    private_folder(to)?;
    write_new_private(&file, &(text + "\n"))?;
    let (origin, cosigners) = (proof.origin.clone(), proof.cosigners.len());
    Ok(Written { file, origin, index: place.index, cosigners })
}

pub(super) fn check(args: &CheckArgs, out: Output) -> Result<Exit, Failure> {
    let text = read_text(&args.file, PROOF_BYTES_MAX)?;
    let proof: Proof = serde_json::from_str(&text).map_err(|error| {
        Failure::new(Reason::Malformed, format!("{}: {error}", args.file.display()))
    })?;
    match proof.verify(args.vkey.as_deref()) {
        Ok(proved) => {
            holds(&proof, &proved, args, out)?;
            Ok(Exit::Done)
        }
        Err(word) => {
            let told = out.tr("het bewijs klopt niet", "the proof does not hold");
            out.line(&format!("{} {told}", red(word)));
            out.json(&json!({ "ok": false, "problem": word }))?;
            Ok(Exit::Refused)
        }
    }
}

fn holds(proof: &Proof, proved: &Proved, args: &CheckArgs, out: Output) -> Result<(), Failure> {
    let names = Names::load(out.lang())?;
    let Proved { decision, recorded_at, index, size } = proved;
    // Whoever made the file chose the keys in it.
    let (cosigned, unchecked): (Vec<&String>, Vec<&String>) = proof
        .cosigners
        .iter()
        .partition(|one| args.witness.iter().any(|known| known.to_string() == **one));
    let known = args.vkey.is_some();
    out.line(&green(out.tr("het bewijs klopt", "the proof holds")));
    let figures = [
        (out.tr("logboek", "ledger"), proof.origin.clone()),
        (out.tr("sleutel", "key"), proof.vkey.clone()),
        (out.tr("vermelding", "leaf"), format!("{index} / {size}")),
        (out.tr("vastgelegd", "recorded"), recorded_at.local()),
        (out.tr("medeondertekeningen", "cosignatures"), cosigned.len().to_string()),
        (out.tr("niet getoetst", "not checked"), unchecked.len().to_string()),
    ];
    for (label, figure) in figures {
        out.line(&format!("  {label:<20} {}", bold(&figure)));
    }
    for line in told::decision(decision, &names, out) {
        out.line(&format!("  {line}"));
    }
    if !known {
        let told = out.tr(
            "de sleutel komt uit het bestand zelf; leg hem naast de kaart van de partij (--vkey)",
            "the key is from the file itself; hold it against the party's card (--vkey)",
        );
        out.note(&yellow(told));
    }
    if !unchecked.is_empty() {
        let told = out.tr(
            "sleutels van medeondertekenaars komen uit het bestand zelf; leg ze naast hun kaart \
             (--witness)",
            "keys of cosigners are from the file itself; hold them against their cards (--witness)",
        );
        out.note(&yellow(told));
    }
    out.json(&json!({
        "ok": true,
        "key_known": known,
        "origin": proof.origin,
        "vkey": proof.vkey,
        "cosigners": cosigned,
        "cosigners_unchecked": unchecked,
        "index": index,
        "size": size,
        "recorded_at": recorded_at.to_string(),
        "decision": told::as_json(decision),
    }))
}
