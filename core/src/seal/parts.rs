//! A message in parts: one encapsulated key, a nonce per part, the last one marked.

use std::fmt;

use hpke::aead::{AeadCtxR, AeadCtxS, AesGcm256};
use hpke::kdf::HkdfSha256;
use hpke::kem::{X25519HkdfSha256, XWing};
use hpke::{
    Deserializable, HpkeError, Kem, OpModeR, OpModeS, Serializable as _, setup_receiver,
    setup_sender_with_rng,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::keys::{LENGTH_LEN, Public, SUITE_LEN, Suite};
use super::{About, Label, SealError, SealKey, SealSecret};

type Sending<K> = AeadCtxS<AesGcm256, HkdfSha256, K>;
type Receiving<K> = AeadCtxR<AesGcm256, HkdfSha256, K>;

/// Seals the parts of one message, in order.
pub struct Sealer {
    /// Suite and encapsulated key; the first part takes them along.
    head: Vec<u8>,
    context: SendingContext,
}

enum SendingContext {
    XWing(Box<Sending<XWing>>),
    X25519(Box<Sending<X25519HkdfSha256>>),
}

/// Opens the parts of one message, in order.
pub struct Opener {
    context: ReceivingContext,
    parts: u32,
    last: bool,
}

enum ReceivingContext {
    XWing(Box<Receiving<XWing>>),
    X25519(Box<Receiving<X25519HkdfSha256>>),
}

impl Sealer {
    /// Starts a message.
    ///
    /// # Errors
    /// [`SealError::Key`] for an unusable key.
    pub fn new(to: &SealKey, label: Label, rng: &mut impl CryptoRng) -> Result<Self, SealError> {
        Self::with_info(to, &label.info(), rng)
    }

    /// The same under another info string than that of a message.
    pub(super) fn with_info(
        to: &SealKey,
        info: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, SealError> {
        let (encapsulated, context) = match to.public() {
            Public::XWing(key) => {
                let (head, context) = sending::<XWing>(key, info, rng)?;
                (head, SendingContext::XWing(Box::new(context)))
            }
            Public::X25519(key) => {
                let (head, context) = sending::<X25519HkdfSha256>(key, info, rng)?;
                (head, SendingContext::X25519(Box::new(context)))
            }
        };
        let head = [to.suite().id().to_be_bytes().as_slice(), &encapsulated].concat();
        Ok(Self { head, context })
    }

    /// Seals the next part as exactly `bytes` bytes.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] when the content does not fit.
    pub fn part(
        &mut self,
        about: &About<'_>,
        content: &[u8],
        bytes: usize,
    ) -> Result<Vec<u8>, SealError> {
        self.bound(&about.bytes(), content, bytes)
    }

    /// Seals the next part, bound to these bytes.
    pub(super) fn bound(
        &mut self,
        aad: &[u8],
        content: &[u8],
        bytes: usize,
    ) -> Result<Vec<u8>, SealError> {
        let room = bytes.saturating_sub(self.head.len());
        let padded = padded(content, room)?;
        let sealed = match &mut self.context {
            SendingContext::XWing(context) => context.seal(&padded, aad),
            SendingContext::X25519(context) => context.seal(&padded, aad),
        };
        let mut message = std::mem::take(&mut self.head);
        message.extend(sealed.map_err(|_| SealError::TooLarge)?);
        Ok(message)
    }
}

impl Opener {
    /// Starts to read a message, and gives what of its first part is ciphertext.
    ///
    /// # Errors
    /// [`SealError::Unopened`] when it was not sealed under this suite.
    pub fn new<'a>(
        secret: &SealSecret,
        label: Label,
        first: &'a [u8],
    ) -> Result<(Self, &'a [u8]), SealError> {
        Self::with_info(secret, &label.info(), first)
    }

    /// The same under another info string than that of a message.
    pub(super) fn with_info<'a>(
        secret: &SealSecret,
        info: &[u8],
        first: &'a [u8],
    ) -> Result<(Self, &'a [u8]), SealError> {
        let (id, rest) = first.split_first_chunk::<SUITE_LEN>().ok_or(SealError::Unopened)?;
        let suite = Suite::of(*id).map_err(|_| SealError::Unopened)?;
        if suite != secret.suite() {
            return Err(SealError::Unopened);
        }
        let split = rest.split_at_checked(suite.encapsulated_len());
        let (encapsulated, ciphertext) = split.ok_or(SealError::Unopened)?;
        let context = match suite {
            Suite::XWing => {
                let context = receiving::<XWing>(&secret.xwing()?, encapsulated, info)?;
                ReceivingContext::XWing(Box::new(context))
            }
            Suite::X25519 => {
                let key = secret.x25519()?;
                let context = receiving::<X25519HkdfSha256>(&key, encapsulated, info)?;
                ReceivingContext::X25519(Box::new(context))
            }
        };
        Ok((Self { context, parts: 0, last: false }, ciphertext))
    }

    /// Opens the next part.
    ///
    /// # Errors
    /// [`SealError::Unopened`] for another part, or one behind the last.
    pub fn part(&mut self, about: &About<'_>, ciphertext: &[u8]) -> Result<Vec<u8>, SealError> {
        if self.last || about.part != self.parts.saturating_add(1) {
            return Err(SealError::Unopened);
        }
        let content = self.bound(&about.bytes(), ciphertext)?;
        (self.parts, self.last) = (about.part, about.last);
        Ok(content)
    }

    /// Opens the next part, which is bound to these bytes.
    pub(super) fn bound(&mut self, aad: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, SealError> {
        let padded = match &mut self.context {
            ReceivingContext::XWing(context) => context.open(ciphertext, aad),
            ReceivingContext::X25519(context) => context.open(ciphertext, aad),
        };
        let padded = Zeroizing::new(padded.map_err(|_| SealError::Unopened)?);
        unpadded(&padded).map(<[u8]>::to_vec).ok_or(SealError::Unopened)
    }

    /// Nothing is relied upon before the last part has come.
    ///
    /// # Errors
    /// [`SealError::Truncated`] when it has not.
    pub fn finish(self) -> Result<(), SealError> {
        if self.last { Ok(()) } else { Err(SealError::Truncated) }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener(…)")
    }
}

fn sending<K: Kem>(
    key: &K::PublicKey,
    info: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(Vec<u8>, Sending<K>), SealError> {
    let set_up: Result<(K::EncappedKey, Sending<K>), HpkeError> =
        setup_sender_with_rng(&OpModeS::Base, key, info, rng);
    let (encapsulated, context) = set_up.map_err(|_| SealError::Key)?;
    Ok((encapsulated.to_bytes().to_vec(), context))
}

fn receiving<K: Kem>(
    key: &K::PrivateKey,
    encapsulated: &[u8],
    info: &[u8],
) -> Result<Receiving<K>, SealError> {
    let encapsulated = K::EncappedKey::from_bytes(encapsulated).map_err(|_| SealError::Unopened)?;
    setup_receiver(&OpModeR::Base, key, &encapsulated, info).map_err(|_| SealError::Unopened)
}

/// Length, content, zeros: together what fits `room` beside the tag.
fn padded(content: &[u8], room: usize) -> Result<Zeroizing<Vec<u8>>, SealError> {
    const TAG_LEN: usize = 16;
    let bytes = room.checked_sub(TAG_LEN).ok_or(SealError::TooLarge)?;
    if content.len().saturating_add(LENGTH_LEN) > bytes {
        return Err(SealError::TooLarge);
    }
    let length = u32::try_from(content.len()).map_err(|_| SealError::TooLarge)?;
    let mut padded = Zeroizing::new(Vec::with_capacity(bytes));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(content);
    padded.resize(bytes, 0);
    Ok(padded)
}

fn unpadded(padded: &[u8]) -> Option<&[u8]> {
    let (length, rest) = padded.split_first_chunk::<LENGTH_LEN>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (content, zeros) = rest.split_at_checked(length)?;
    zeros.iter().all(|byte| *byte == 0).then_some(content)
}
