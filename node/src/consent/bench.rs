//! What a look-up costs in a register of many consents: for the bench command, on the agency's own
//! store and code.

use std::sync::Arc;
use std::time::{Duration, Instant};

use grondslag_core::catalogue::{Category, Kind, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{ConsentId, Digest, Oin, StaffId};
use grondslag_core::reason::Reason;
use grondslag_evidence::records::Until;
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::Pack;
use grondslag_policy::consent::acts::Wanted;
use grondslag_policy::consent::{Capacity, SecrecyConsent};
use grondslag_subject::{BirthDate, Name};

use super::act::{
    Act, Author, ConsentKind, Custody, How, Named, Receiver, Speaker, Statement, Written,
};
use super::on_file::Place;
use super::page;
use super::store::{Body, acts_key, entry_of, read};
use super::{Answering, Gate};
use crate::processing::DataSubject;
use crate::recorded::{Kind as Recorded, commit_until};
use crate::secret::NodeSecret;

/// Children whose acts are written in one commit.
const CHILDREN_PER_BATCH: u64 = 64;
/// The law and the asker of every look-up.
const REGIME: &str = "jw";

/// A register with two consents and a custody for each child.
#[derive(Debug)]
pub struct Register {
    store: Arc<dyn Store>,
    secret: NodeSecret,
    pack: Pack,
    parties: [Oin; 2],
    at: Timestamp,
}

impl Register {
    /// An empty register in an empty store, under the secret of a node; of the two parties the
    /// first would give, and the second asks.
    ///
    /// # Errors
    /// Why the rules that came with the program cannot be read.
    pub fn new(
        (store, secret): (Arc<dyn Store>, NodeSecret),
        parties: [Oin; 2],
        at: Timestamp,
    ) -> Result<Self, Reason> {
        let pack = Pack::builtin().map_err(|error| error.reason())?;
        Ok(Self { store, secret, pack, parties, at })
    }

    /// Writes the acts of children from one number up to another.
    ///
    /// # Errors
    /// Why the store did not take them.
    pub async fn fill(&self, children: std::ops::Range<u64>) -> Result<(), Reason> {
        let mut batch = Batch::new();
        for child in children.clone() {
            let mut acts = Vec::new();
            for act in 0..3 {
                let written = self.written(child, act)?;
                batch = batch.then(self.record(child, &written)?);
                acts.push(written);
            }
            let entry = entry_of(&self.secret, &digits(child));
            let acts: Vec<&Written> = acts.iter().collect();
            batch = page::put(self.store.as_ref(), batch, &entry, &acts).await?;
            if (child + 1) % CHILDREN_PER_BATCH == 0 || child + 1 == children.end {
                let full = std::mem::take(&mut batch);
                self.store.commit(full).await.map_err(StoreError::reason)?;
            }
        }
        Ok(())
    }

    /// Looks one child up and weighs a question on what stands there; how long that took.
    ///
    /// # Errors
    /// Why the store cannot be read, or `INTERNAL` when it does not come out as it was written.
    pub async fn look_up(&self, child: u64) -> Result<Duration, Reason> {
        let held: Answering = Gate::default().answer().await;
        let digits = digits(child);
        let since = Instant::now();
        let entry = entry_of(&self.secret, &digits);
        let on_file = read(self.store.as_ref(), &entry, &held).await?;
        let [holder, asker] = &self.parties;
        let place = Place {
            matrix: self.pack.consents(),
            holder,
            regime: REGIME,
            birth: BirthDate::parse("2018-01-01").map_err(|_| Reason::Internal)?,
            registered: self.at,
            at: self.at,
        };
        let wanted = Wanted {
            agency: asker.clone(),
            kind: parsed(Kind::parse("sch"))?,
            category: parsed(Category::parse("G12"))?,
            purpose: parsed(Purpose::parse("D16"))?,
        };
        let word = on_file.say(&wanted, &place);
        let took = since.elapsed();
        let expected = Some(SecrecyConsent::Given);
        if word.consent == expected { Ok(took) } else { Err(Reason::Internal) }
    }

    fn written(&self, child: u64, number: u8) -> Result<Written, Reason> {
        let mut id = [number; 16];
        id[..8].copy_from_slice(&child.to_be_bytes());
        Ok(Written {
            id: ConsentId::new(id),
            recorded_at: self.at,
            author: Author::Staff(parsed(StaffId::parse("hulpverlener-1"))?),
            role: parsed(Role::parse("jha.hulpverlener"))?,
            act: self.act(number)?,
        })
    }

    /// The opening of an act, as it stands beside the ledger.
    fn record(&self, child: u64, written: &Written) -> Result<Batch, Reason> {
        let (digits, written) = (digits(child), written.clone());
        let key = acts_key(&entry_of(&self.secret, &digits), &written);
        let body = Body { subject: DataSubject::of(&digits)?, written };
        let body = serde_json::to_vec(&body).map_err(|_| Reason::Internal)?;
        Ok(commit_until(Recorded::Consent, &body, Until::Told, &[key])?.state)
    }

    fn act(&self, number: u8) -> Result<Act, Reason> {
        let [holder, asker] = &self.parties;
        if number == 0 {
            return Ok(Act::Custody(Custody {
                holders: [parent(1)?, parent(2)?].into(),
                seen_in: "gezagsregister".to_owned(),
                from: self.at,
                until: None,
            }));
        }
        Ok(Act::Statement(Statement {
            speaker: parent(number)?,
            capacity: Capacity::CustodyHolders,
            kind: ConsentKind::Secrecy,
            yes_until: Some(self.at.plus_months(6)),
            holders: [holder.clone()].into(),
            to: [Receiver::Agency(asker.clone())].into(),
            categories: [parsed(Category::parse("G12"))?, parsed(Category::parse("G13"))?].into(),
            purpose: Some(parsed(Purpose::parse("D16"))?),
            plan: None,
            how: How::Spoken,
            said_at: self.at,
            from: self.at,
            evidence: None,
            notice: Digest::of(b"notice"),
        }))
    }
}

fn parent(number: u8) -> Result<Speaker, Reason> {
    let given = if number == 1 { "Marit" } else { "Jelle" };
    let name = parsed(Name::parse(given, "", "Postma"))?;
    Ok(Speaker::Person(Named::new(&name, parsed(BirthDate::parse("1988-09-14"))?)))
}

/// Nine digits that no person has need of: the register takes them as they are.
fn digits(child: u64) -> String {
    format!("{child:09}")
}

fn parsed<T, E>(text: Result<T, E>) -> Result<T, Reason> {
    text.map_err(|_| Reason::Internal)
}
