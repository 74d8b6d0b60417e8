//! Certifying a measure at the desk, and entering what another agency certified.

use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::ConsentId;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;
use grondslag_policy::Pack;
use grondslag_proto::v1;
use grondslag_subject::{Bsn, admits};

use super::act::{Act, Measure};
use super::certified::{Against, Signed, Stated, last_moment};
use super::on_file::{OnFile, Place};
use super::privacy_notice::Words;
use super::service::Register;
use super::wire::Defaults;
use crate::processing::DataSubject;
use crate::random::random;
use crate::recorded::{Kind as Record, append};
use crate::records::SourceFault;
use crate::staff::Caller;

/// A statement that was made.
pub(super) struct Made {
    /// The file.
    pub(super) file: Vec<u8>,
    /// Until when others may enter it.
    pub(super) valid_until: Timestamp,
}

impl Register<'_> {
    /// Certifies a measure about a client; that it was done is recorded before anybody has it.
    ///
    /// # Errors
    /// `NOT_COMPETENT` in a role that may not certify it; `CONSENT_TERM` for a term that the rules
    /// do not let; else as when it would be entered here.
    pub(super) async fn certify(
        &self,
        caller: &Caller,
        request: v1::CertifyMeasureRequest,
    ) -> Result<Made, Reason> {
        let v1::CertifyMeasureRequest { subject, role, measure, valid_until_ms } = request;
        let (agency, pack, now) = (self.agency, self.agency.pack(), self.agency.clock.now());
        let role = Role::parse(&role).map_err(|_| Reason::UnknownRole)?;
        let by = caller.person.as_role(&role)?;
        let wire = measure.ok_or(Reason::Malformed)?;
        if !pack.consents().may_certify(&role, &wire.value) {
            return Err(Reason::NotCompetent);
        }
        let bsn = Bsn::parse(&subject).map_err(|_| Reason::BsnInvalid)?;
        admits(agency.mode, &bsn)?;
        let client = agency.own.client(&bsn, now).await.map_err(SourceFault::reason)?;
        let client = client.ok_or(Reason::ClientUnknown)?;
        let name_of = |oin: &_| agency.name_of(oin);
        let words = Words { pack: &pack, name_of: &name_of };
        let defaults = Defaults { own: &agency.oin, words, now, lang: caller.lang };
        let measure = defaults.measure(wire);
        let place = Place::of(agency, &pack, &client, now)?;
        let act = Act::Measure(measure.clone());
        let checked = self.check(&pack, &OnFile::default(), Some(&place), &act);
        checked.map_err(|refused| refused.reason)?;
        let valid_until = valid_until(&pack, now, valid_until_ms)?;
        let digits = bsn.expose();
        let Measure { value, court_reference, from, until } = measure;
        let id = ConsentId::new(random()?);
        let stated = Stated {
            id,
            by: agency.oin.clone(),
            role,
            subject: Stated::subject_of(&id, digits),
            measure: value,
            court_reference,
            from,
            until,
            made_at: now,
            valid_until,
        };
        let file = stated.sign(&agency.sign_key).to_json()?;
        // What could not be read again is not made.
        Signed::read(&file)?;
        let about = DataSubject::of(digits)?;
        let body = Record::Certified
            .canonical()
            .bytes(id.as_bytes())
            .text(by.person().id().as_str())
            .text(by.role().as_str())
            .bytes(about.id.as_bytes())
            .text(&about.salt);
        append(agency, Record::Certified, body, Batch::new()).await?;
        Ok(Made { file, valid_until })
    }

    /// The measure of a statement that is entered about a child.
    ///
    /// # Errors
    /// `UNKNOWN_AGENCY`; else those of [`Signed::verified`].
    pub(super) fn certified(
        self,
        pack: &Pack,
        file: &[u8],
        digits: &str,
        now: Timestamp,
    ) -> Result<Act, Reason> {
        let signed = Signed::read(file)?;
        let card = self.agency.directory.card(signed.by())?;
        let against = Against { pack, mode: self.agency.mode, digits, now };
        signed.verified(&card, &against).map(Act::Certified)
    }
}

/// Until when a statement may be entered.
fn valid_until(pack: &Pack, now: Timestamp, ms: i64) -> Result<Timestamp, Reason> {
    let last = last_moment(pack, now).ok_or(Reason::NotCompetent)?;
    match Timestamp::from_ms(ms) {
        _ if ms == 0 => Ok(last),
        until if now < until && until <= last => Ok(until),
        _ => Err(Reason::ConsentTerm),
    }
}
