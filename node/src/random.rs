//! Random bytes of the system: for ids, salts and noise.

use grondslag_core::reason::Reason;

/// Random bytes.
///
/// # Errors
/// `INTERNAL` when the system has none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Reason> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Reason::Internal)?;
    Ok(bytes)
}
