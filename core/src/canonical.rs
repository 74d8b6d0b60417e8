//! Canonical bytes: what is hashed and signed.
//!
//! A label, then the fields in declared order, each with a u32 big-endian length before it;
//! integers are big-endian and of fixed width (protocol, decisions at the top). Signatures never
//! cover re-serialised protobuf, which has no canonical form.

use std::{fmt, mem};

use zeroize::Zeroizing;

use crate::id::Digest;

/// Room that the bytes begin with: most statements need no more.
const ROOM: usize = 256;

/// Builds canonical bytes.
///
/// ```
/// use grondslag_core::canonical::Canonical;
/// let bytes = Canonical::new("x").text("ab").finish();
/// assert_eq!(bytes, [0, 0, 0, 1, b'x', 0, 0, 0, 2, b'a', b'b']);
/// ```
///
/// INVARIANT: whatever was written is wiped, except what [`Canonical::finish`] gives away: a field
/// may be a secret, so the bytes never move to a larger place without the old one being wiped.
#[derive(Clone)]
pub struct Canonical {
    out: Zeroizing<Vec<u8>>,
}

impl Canonical {
    /// Starts with a context label, so that no two kinds of statement share a byte string.
    pub fn new(label: &str) -> Self {
        Self { out: Zeroizing::new(Vec::with_capacity(ROOM)) }.text(label)
    }

    /// Adds bytes.
    #[must_use]
    pub fn bytes(mut self, field: &[u8]) -> Self {
        // A field is bounded by the message size limit, far below 4 GiB; saturating keeps this
        // total, and a longer field could then not be decoded by anyone.
        let len = u32::try_from(field.len()).unwrap_or(u32::MAX);
        make_room(&mut self.out, field.len().saturating_add(size_of::<u32>()));
        self.out.extend_from_slice(&len.to_be_bytes());
        self.out.extend_from_slice(field);
        self
    }

    /// Adds text as UTF-8.
    #[must_use]
    pub fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    /// Adds a number of eight bytes.
    #[must_use]
    pub fn number(self, field: u64) -> Self {
        self.bytes(&field.to_be_bytes())
    }

    /// Adds a signed number of eight bytes (two's complement).
    #[must_use]
    pub fn signed(self, field: i64) -> Self {
        self.bytes(&field.to_be_bytes())
    }

    /// Adds a yes or no as one byte.
    #[must_use]
    pub fn flag(self, field: bool) -> Self {
        self.bytes(&[u8::from(field)])
    }

    /// Adds a list: its length as a number, then every item as a field.
    #[must_use]
    pub fn list<T: AsRef<[u8]>>(self, items: impl ExactSizeIterator<Item = T>) -> Self {
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        items.fold(self.number(count), |out, item| out.bytes(item.as_ref()))
    }

    /// The bytes.
    pub fn finish(mut self) -> Vec<u8> {
        mem::take(&mut *self.out)
    }

    /// The bytes, wiped when dropped: for those with a secret in them.
    pub fn finish_secret(self) -> Zeroizing<Vec<u8>> {
        self.out
    }

    /// The digest of the bytes, which are wiped.
    pub fn digest(self) -> Digest {
        Digest::of(&self.out)
    }
}

/// Moves the bytes to a place with room for so many more, if there is none, and wipes the old one.
fn make_room(out: &mut Zeroizing<Vec<u8>>, more: usize) {
    let needed = out.len().saturating_add(more);
    if needed > out.capacity() {
        let mut larger = Vec::with_capacity(needed.max(out.capacity().saturating_mul(2)));
        larger.extend_from_slice(out);
        *out = Zeroizing::new(larger);
    }
}

impl fmt::Debug for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is hashed may be a number or a secret.
        f.write_str("Canonical(…)")
    }
}

/// Canonical bytes ended early, went on too long, or held another label or width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not canonical bytes of the expected form")]
pub struct NotCanonical;

/// Reads canonical bytes back, field by field, strictly.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts reading bytes that must begin with this label.
    ///
    /// # Errors
    /// [`NotCanonical`] for another label.
    pub fn new(bytes: &'a [u8], label: &str) -> Result<Self, NotCanonical> {
        let mut reader = Self { rest: bytes };
        if reader.bytes()? == label.as_bytes() { Ok(reader) } else { Err(NotCanonical) }
    }

    /// The next field.
    ///
    /// # Errors
    /// [`NotCanonical`] when the bytes end first.
    pub fn bytes(&mut self) -> Result<&'a [u8], NotCanonical> {
        let (len, rest) = self.rest.split_first_chunk::<4>().ok_or(NotCanonical)?;
        let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| NotCanonical)?;
        let (field, rest) = rest.split_at_checked(len).ok_or(NotCanonical)?;
        self.rest = rest;
        Ok(field)
    }

    /// The next field as bytes of a fixed width.
    ///
    /// # Errors
    /// [`NotCanonical`] for another width.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], NotCanonical> {
        self.bytes()?.try_into().map_err(|_| NotCanonical)
    }

    /// The next field as text.
    ///
    /// # Errors
    /// [`NotCanonical`] when it is not UTF-8.
    pub fn text(&mut self) -> Result<&'a str, NotCanonical> {
        std::str::from_utf8(self.bytes()?).map_err(|_| NotCanonical)
    }

    /// The next field as a code or a word of a closed list.
    ///
    /// # Errors
    /// [`NotCanonical`] when it is none.
    pub fn word<T: TryFrom<String>>(&mut self) -> Result<T, NotCanonical> {
        word(self.bytes()?)
    }

    /// A list of at most `most` codes or words.
    ///
    /// # Errors
    /// [`NotCanonical`] when it is longer, or one of them is none.
    pub fn words<T: TryFrom<String>>(&mut self, most: usize) -> Result<Vec<T>, NotCanonical> {
        self.list(most)?.into_iter().map(word).collect()
    }

    /// The next field as a yes or no.
    ///
    /// # Errors
    /// [`NotCanonical`] for another byte than [`Canonical::flag`] writes.
    pub fn flag(&mut self) -> Result<bool, NotCanonical> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [_] => Err(NotCanonical),
        }
    }

    /// The next field as a number.
    ///
    /// # Errors
    /// [`NotCanonical`] for another width.
    pub fn number(&mut self) -> Result<u64, NotCanonical> {
        self.array().map(u64::from_be_bytes)
    }

    /// The next field as a signed number.
    ///
    /// # Errors
    /// [`NotCanonical`] for another width.
    pub fn signed(&mut self) -> Result<i64, NotCanonical> {
        self.array().map(i64::from_be_bytes)
    }

    /// A list of at most `most` fields.
    ///
    /// # Errors
    /// [`NotCanonical`] when it is longer or the bytes end first.
    pub fn list(&mut self, most: usize) -> Result<Vec<&'a [u8]>, NotCanonical> {
        let count = usize::try_from(self.number()?).map_err(|_| NotCanonical)?;
        if count > most {
            return Err(NotCanonical);
        }
        (0..count).map(|_| self.bytes()).collect()
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// [`NotCanonical`] when bytes are left.
    pub fn end(self) -> Result<(), NotCanonical> {
        if self.rest.is_empty() { Ok(()) } else { Err(NotCanonical) }
    }
}

fn word<T: TryFrom<String>>(field: &[u8]) -> Result<T, NotCanonical> {
    let text = std::str::from_utf8(field).map_err(|_| NotCanonical)?;
    T::try_from(text.to_owned()).map_err(|_| NotCanonical)
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A holder's secrets are written and read this way, and a number is hashed this way.
    #[test]
    fn what_is_written_and_read_does_not_show_in_debug_output() {
        let written = Canonical::new("l").text("999940004");
        let bytes = written.clone().finish();
        let reader = Reader::new(&bytes, "l").unwrap();
        assert_eq!(format!("{written:?} {reader:?}"), "Canonical(…) Reader(…)");
    }

    /// A vector that grows by itself leaves what it held where it was.
    #[test]
    fn bytes_only_ever_grow_by_moving_to_a_place_with_room_for_all_of_the_field() {
        let mut out = Zeroizing::new(Vec::with_capacity(8));
        for more in [0, 8, 1, 7, 8, 100, 28, 1_000, 5_000] {
            make_room(&mut out, more);
            let (place, room) = (out.as_ptr(), out.capacity());
            out.extend(vec![7; more]);
            assert_eq!((out.as_ptr(), out.capacity()), (place, room), "{more} more");
        }
        assert!(out.len() == 6_152 && out.iter().all(|byte| *byte == 7));
    }

    #[test]
    fn what_is_secret_is_written_as_anything_else() {
        for length in [0, 1, ROOM, 10 * ROOM] {
            let written = Canonical::new("l").bytes(&vec![3; length]).number(length as u64);
            assert_eq!(*written.clone().finish_secret(), written.clone().finish(), "{length}");
            assert_eq!(written.clone().digest(), Digest::of(&written.finish()), "{length}");
        }
    }

    #[test]
    fn reading_gives_back_what_was_written_and_nothing_more() {
        let bytes = Canonical::new("l").text("a").number(7).list(["x", "y"].iter()).finish();
        let mut reader = Reader::new(&bytes, "l").unwrap();
        assert_eq!(reader.text(), Ok("a"));
        assert_eq!(reader.number(), Ok(7));
        assert_eq!(reader.list(2), Ok(vec![&b"x"[..], b"y"]));
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn another_label_a_long_list_or_a_cut_is_refused() {
        let bytes = Canonical::new("l").list(["x", "y"].iter()).finish();
        assert!(Reader::new(&bytes, "m").is_err());
        assert_eq!(Reader::new(&bytes, "l").unwrap().list(1), Err(NotCanonical));
        for cut in 0..bytes.len() {
            let whole = Reader::new(&bytes[..cut], "l").and_then(|mut reader| {
                reader.list(2)?;
                reader.end()
            });
            assert_eq!(whole, Err(NotCanonical), "cut at {cut}");
        }
    }

    #[test]
    fn moving_a_byte_between_fields_changes_the_bytes() {
        let a = Canonical::new("l").text("ab").text("c").finish();
        let b = Canonical::new("l").text("a").text("bc").finish();
        assert_ne!(a, b);
    }

    #[test]
    fn a_list_of_two_differs_from_two_fields() {
        let list = Canonical::new("l").list(["a", "b"].iter()).finish();
        let fields = Canonical::new("l").text("a").text("b").finish();
        assert_ne!(list, fields);
    }

    #[test]
    fn numbers_are_big_endian_and_eight_bytes() {
        let bytes = Canonical::new("").number(258).finish();
        assert_eq!(bytes, [0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2]);
    }
}
