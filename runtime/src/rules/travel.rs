//! Rules as they travel: one text of JSON in pieces, since a message may not be as large as they
//! are.

use futures_util::{Stream, StreamExt as _};
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_policy::limits::ENCODED_BYTES_MAX;
use grondslag_policy::publish::Refused;
use grondslag_proto::reply::refusal;
use grondslag_proto::v1;
use tonic::Status;

use crate::channel::reason_of;
use crate::limits::PIECE_BYTES;

/// The pieces of a text; of an empty one a single empty piece.
pub fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    if bytes.is_empty() {
        return vec![Vec::new()];
    }
    bytes.chunks(PIECE_BYTES).map(<[u8]>::to_vec).collect()
}

/// A text that comes in messages, put together again.
///
/// # Errors
/// `TOO_LARGE` as soon as it is, or why the stream broke off.
pub async fn received<T>(
    messages: impl Stream<Item = Result<T, Status>>,
    piece: impl Fn(T) -> Vec<u8>,
) -> Result<Vec<u8>, Reason> {
    join(messages.map(|one| one.map(&piece)), |status| reason_of(&status)).await
}

/// Puts a text together again.
async fn join<E>(
    pieces: impl Stream<Item = Result<Vec<u8>, E>>,
    broken: impl Fn(E) -> Reason,
) -> Result<Vec<u8>, Reason> {
    let mut pieces = std::pin::pin!(pieces);
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend(piece.map_err(&broken)?);
        if bytes.len() > ENCODED_BYTES_MAX {
            return Err(Reason::TooLarge);
        }
    }
    Ok(bytes)
}

/// Why rules were not taken, as it is told.
pub fn refused(refused: &Refused) -> v1::PolicyOutcome {
    let problems = refused.problems.iter().map(|one| v1::PolicyProblem {
        file: one.file.clone(),
        row: one.row.clone(),
        reason: one.fault.code().to_owned(),
        nl: one.sentence(Lang::Nl),
        en: one.sentence(Lang::En),
    });
    v1::PolicyOutcome {
        refusal: Some(refusal(refused.reason)),
        problems: problems.collect(),
        ..v1::PolicyOutcome::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_cut_is_put_together_again_up_to_its_bound() {
        let joined = async |bytes: &[u8]| {
            let pieces = futures_util::stream::iter(pieces(bytes).into_iter().map(Ok::<_, Reason>));
            join(pieces, |reason| reason).await
        };
        for length in [0, 1, PIECE_BYTES, PIECE_BYTES + 1] {
            let bytes = vec![7; length];
            assert_eq!(joined(&bytes).await, Ok(bytes), "{length}");
        }
        assert_eq!(joined(&vec![7; ENCODED_BYTES_MAX + 1]).await, Err(Reason::TooLarge));
        let broken = futures_util::stream::iter([Ok(vec![1]), Err(Reason::Busy)]);
        assert_eq!(join(broken, |reason| reason).await, Err(Reason::Busy));
    }
}
