//! A file of any length for one reader, such as a backup: parts under one encapsulated key, each
//! bound to the file's header and to its place, the last one marked. So a part that was altered,
//! left out, moved or put in from another file does not open, and neither does a file that was cut
//! short.

use std::fmt;

use rand_core::CryptoRng;

use super::keys::LENGTH_LEN;
use super::{Opener, SealError, SealKey, SealSecret, Sealer, room};
use crate::canonical::Canonical;
use crate::id::Digest;

/// Bytes of a part that are not content, but for the first, which holds the encapsulated key too.
const OVERHEAD: usize = 16 + LENGTH_LEN;

/// What every part of a file is bound to.
#[derive(Debug)]
struct Bound {
    header: Digest,
    /// Number of the next part, from 1.
    next: u64,
    last: bool,
}

impl Bound {
    /// The bytes that the next part is bound to.
    fn next(&mut self, last: bool) -> Result<Vec<u8>, SealError> {
        if self.last {
            return Err(SealError::Unopened);
        }
        let aad = Canonical::new("grondslag/aad/file/v1")
            .bytes(self.header.as_bytes())
            .number(self.next)
            .flag(last)
            .finish();
        (self.next, self.last) = (self.next.saturating_add(1), last);
        Ok(aad)
    }
}

/// Seals the parts of one file, in order.
pub struct FileSealer {
    sealer: Sealer,
    bound: Bound,
    part_bytes: usize,
    first_room: usize,
}

impl FileSealer {
    /// Starts a file whose parts have this length each; `what` says what sort of file it is, and
    /// `header` is the digest of all that stands before them.
    ///
    /// # Errors
    /// [`SealError::Key`] for an unusable key.
    pub fn new(
        to: &SealKey,
        (what, header): (&str, Digest),
        part_bytes: usize,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, SealError> {
        let sealer = Sealer::with_info(to, &info(what), rng)?;
        let (bound, first_room) = (bound(header), room(to, part_bytes));
        Ok(Self { sealer, bound, part_bytes, first_room })
    }

    /// Bytes of content that the next part takes.
    pub fn room(&self) -> usize {
        match self.bound.next {
            1 => self.first_room,
            _ => self.part_bytes.saturating_sub(OVERHEAD),
        }
    }

    /// Seals the next part.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] for more content than there is room for.
    pub fn part(&mut self, content: &[u8], last: bool) -> Result<Vec<u8>, SealError> {
        let aad = self.bound.next(last)?;
        self.sealer.bound(&aad, content, self.part_bytes)
    }
}

/// Opens the parts of one file, in order.
pub struct FileOpener {
    opener: Opener,
    bound: Bound,
}

impl FileOpener {
    /// Starts to read a file, and gives what of its first part is ciphertext.
    ///
    /// # Errors
    /// [`SealError::Unopened`] when it was not sealed under this suite.
    pub fn new<'a>(
        secret: &SealSecret,
        (what, header): (&str, Digest),
        first: &'a [u8],
    ) -> Result<(Self, &'a [u8]), SealError> {
        let (opener, rest) = Opener::with_info(secret, &info(what), first)?;
        Ok((Self { opener, bound: bound(header) }, rest))
    }

    /// Opens the next part, which is the last one or is not.
    ///
    /// # Errors
    /// [`SealError::Unopened`] for anything but that part.
    pub fn part(&mut self, ciphertext: &[u8], last: bool) -> Result<Vec<u8>, SealError> {
        let aad = self.bound.next(last)?;
        self.opener.bound(&aad, ciphertext)
    }
}

impl fmt::Debug for FileSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileSealer(…)")
    }
}

impl fmt::Debug for FileOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileOpener(…)")
    }
}

fn info(what: &str) -> Vec<u8> {
    Canonical::new("grondslag/hpke/file/v1").text(what).finish()
}

fn bound(header: Digest) -> Bound {
    Bound { header, next: 1, last: false }
}

#[cfg(test)]
mod tests {
    use rand_core::UnwrapErr;

    use super::super::Suite;
    use super::*;

    const PART: usize = 2_048;
    const HEADER: Digest = Digest::new([7; 32]);

    fn keys() -> (SealSecret, SealKey) {
        let secret = SealSecret::random(Suite::XWing, &mut UnwrapErr(getrandom::SysRng));
        let public = secret.public().unwrap();
        (secret, public)
    }

    fn sealed(to: &SealKey, parts: usize) -> Vec<Vec<u8>> {
        let mut rng = UnwrapErr(getrandom::SysRng);
        let mut sealer = FileSealer::new(to, ("a", HEADER), PART, &mut rng).unwrap();
        let numbers = 1..=parts;
        let part = |number: usize| {
            let content = vec![u8::try_from(number).unwrap(); sealer.room()];
            sealer.part(&content, number == parts).unwrap()
        };
        numbers.map(part).collect()
    }

    fn opened(
        secret: &SealSecret,
        about: (&str, Digest),
        parts: &[Vec<u8>],
    ) -> Result<usize, SealError> {
        let (mut opener, first) = FileOpener::new(secret, about, &parts[0])?;
        let mut bytes = opener.part(first, parts.len() == 1)?.len();
        for (number, part) in (2..).zip(&parts[1..]) {
            bytes += opener.part(part, number == parts.len())?.len();
        }
        Ok(bytes)
    }

    #[test]
    fn a_file_opens_for_its_reader_and_every_part_has_one_length() {
        let (secret, public) = keys();
        for count in [1, 2, 5] {
            let parts = sealed(&public, count);
            assert!(parts.iter().all(|part| part.len() == PART));
            let bytes = opened(&secret, ("a", HEADER), &parts).unwrap();
            assert_eq!(bytes, room(&public, PART) + (count - 1) * (PART - OVERHEAD));
        }
        let mut rng = UnwrapErr(getrandom::SysRng);
        let mut sealer = FileSealer::new(&public, ("a", HEADER), PART, &mut rng).unwrap();
        let over = vec![0; sealer.room() + 1];
        assert_eq!(sealer.part(&over, true), Err(SealError::TooLarge));
    }

    #[test]
    fn a_file_that_was_altered_cut_short_reordered_or_is_for_another_does_not_open() {
        let (secret, public) = keys();
        let parts = sealed(&public, 3);
        let refused = |parts: &[Vec<u8>]| opened(&secret, ("a", HEADER), parts).is_err();
        assert!(!refused(&parts));
        assert!(refused(&parts[..2]), "cut short");
        assert!(refused(&parts[..1]), "cut short");
        let swapped = [parts[0].clone(), parts[2].clone(), parts[1].clone()];
        assert!(refused(&swapped));
        assert!(refused(&[parts[0].clone(), parts[2].clone()]), "one left out");
        let more = [parts.clone(), vec![parts[2].clone()]].concat();
        assert!(refused(&more), "one too many");
        let other = sealed(&public, 3);
        assert!(refused(&[parts[0].clone(), other[1].clone(), parts[2].clone()]));
        for at in [0, 5, PART - 1] {
            for part in 0..3 {
                let mut flipped = parts.clone();
                flipped[part][at] ^= 1;
                assert!(refused(&flipped), "part {part}, byte {at}");
            }
        }
        assert!(opened(&keys().0, ("a", HEADER), &parts).is_err(), "another key");
        assert!(opened(&secret, ("b", HEADER), &parts).is_err(), "another sort of file");
        assert!(opened(&secret, ("a", Digest::new([8; 32])), &parts).is_err(), "another header");
    }
}
