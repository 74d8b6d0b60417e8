//! What is brought: JSON, signed with the key of the sender's card, and bound to the person by a
//! digest that only who knows their number can tell.

use ed25519_dalek::SigningKey;
use grondslag_core::canonical::Canonical;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_core::statement;
use grondslag_proto::v1;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::NOTICE_BYTES_MAX;

/// Signs what is brought; the label says of which sort it is.
///
/// # Errors
/// `TOO_LARGE` for more than fits a sealed detail.
pub(crate) fn sign(
    label: &str,
    content: &impl Serialize,
    key: &SigningKey,
) -> Result<v1::SignedNotice, Reason> {
    let content = serde_json::to_vec(content).map_err(|_| Reason::Internal)?;
    if content.len() > NOTICE_BYTES_MAX {
        return Err(Reason::TooLarge);
    }
    let signature = statement::sign(key, &signed(label, &content)).to_vec();
    Ok(v1::SignedNotice { content, signature })
}

/// Reads what was brought, if this key signed it.
///
/// # Errors
/// `TOO_LARGE`; `STATEMENT_INVALID` for another signature; `MALFORMED` for other content.
pub(crate) fn open<T: DeserializeOwned>(
    label: &str,
    notice: &v1::SignedNotice,
    key: &[u8; 32],
) -> Result<T, Reason> {
    if notice.content.len() > NOTICE_BYTES_MAX {
        return Err(Reason::TooLarge);
    }
    let signature: &[u8; 64] =
        notice.signature.as_slice().try_into().map_err(|_| Reason::StatementInvalid)?;
    let genuine = statement::verify(key, &signed(label, &notice.content), signature);
    genuine.map_err(|_| Reason::StatementInvalid)?;
    serde_json::from_slice(&notice.content).map_err(|_| Reason::Malformed)
}

/// Whom it is about, under a number that it has of its own.
pub(crate) fn subject(label: &str, id: &[u8; 16], digits: &str) -> Digest {
    Canonical::new(label).bytes(id).text(digits).digest()
}

fn signed(label: &str, content: &[u8]) -> Vec<u8> {
    Canonical::new(label).bytes(content).finish()
}
