//! Agency cards: wire to core and back.

use grondslag_core::card::{Admission, Card, SignedCard};
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::limits::KINDS_MAX;
use grondslag_core::reason::Reason;

use crate::limits::{CARD_BYTES_MAX, CARD_TEXT_BYTES_MAX};
use crate::v1;

impl TryFrom<v1::AgencyCard> for SignedCard {
    type Error = Reason;

    fn try_from(wire: v1::AgencyCard) -> Result<Self, Reason> {
        let texts = [&wire.name, &wire.endpoint, &wire.duty_phone];
        let bytes = [
            &wire.seal_key,
            &wire.pseudonym_key,
            &wire.leaf,
            &wire.leaf_signature,
            &wire.previous_signature,
        ];
        if texts.iter().any(|text| text.len() > CARD_TEXT_BYTES_MAX)
            || bytes.iter().any(|bytes| bytes.len() > CARD_BYTES_MAX)
        {
            return Err(Reason::TooLarge);
        }
        Ok(Self {
            card: Card {
                oin: Oin::parse(&wire.oin).map_err(|_| Reason::CardInvalid)?,
                kind: Kind::parse(&wire.kind).map_err(|_| Reason::CardInvalid)?,
                name: wire.name,
                endpoint: wire.endpoint,
                duty_phone: wire.duty_phone,
                sign_key: wire.sign_key.try_into().map_err(|_| Reason::CardInvalid)?,
                seal_key: wire.seal_key,
                pseudonym_key: wire.pseudonym_key,
                seq: wire.seq,
                valid_from: Timestamp::from_ms(wire.valid_from_ms),
                valid_until: Timestamp::from_ms(wire.valid_until_ms),
            },
            leaf: wire.leaf,
            leaf_signature: wire.leaf_signature,
            previous_signature: wire.previous_signature,
            admission: wire.admission.ok_or(Reason::KindNotAdmitted)?.try_into()?,
        })
    }
}

impl From<&SignedCard> for v1::AgencyCard {
    fn from(signed: &SignedCard) -> Self {
        let card = &signed.card;
        Self {
            oin: card.oin.to_string(),
            kind: card.kind.to_string(),
            name: card.name.clone(),
            endpoint: card.endpoint.clone(),
            duty_phone: card.duty_phone.clone(),
            sign_key: card.sign_key.to_vec(),
            seal_key: card.seal_key.clone(),
            pseudonym_key: card.pseudonym_key.clone(),
            seq: card.seq,
            valid_from_ms: card.valid_from.ms(),
            valid_until_ms: card.valid_until.ms(),
            leaf: signed.leaf.clone(),
            leaf_signature: signed.leaf_signature.clone(),
            previous_signature: signed.previous_signature.clone(),
            admission: Some((&signed.admission).into()),
        }
    }
}

impl TryFrom<v1::Admission> for Admission {
    type Error = Reason;

    fn try_from(wire: v1::Admission) -> Result<Self, Reason> {
        if wire.kinds.len() > KINDS_MAX || wire.signature.len() > CARD_BYTES_MAX {
            return Err(Reason::TooLarge);
        }
        let kinds = wire.kinds.iter().map(|kind| Kind::parse(kind));
        Ok(Self {
            oin: Oin::parse(&wire.oin).map_err(|_| Reason::KindNotAdmitted)?,
            kinds: kinds.collect::<Result<_, _>>().map_err(|_| Reason::KindNotAdmitted)?,
            valid_until: Timestamp::from_ms(wire.valid_until_ms),
            signature: wire.signature,
        })
    }
}

impl From<&Admission> for v1::Admission {
    fn from(admission: &Admission) -> Self {
        Self {
            oin: admission.oin.to_string(),
            kinds: admission.kinds.iter().map(ToString::to_string).collect(),
            valid_until_ms: admission.valid_until.ms(),
            signature: admission.signature.clone(),
        }
    }
}
