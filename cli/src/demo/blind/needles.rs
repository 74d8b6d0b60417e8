//! What is looked for: every form in which a child of the world could show.
//!
//! A form is only worth looking for where finding it means something. Over 100 MB of random bytes
//! a needle of `b` bits is met by chance 2^27 / 2^b times, for `n` needles `n` times as often:
//!
//! | form | bits | needles | expected by chance |
//! |---|---|---|---|
//! | nine digits as text | 72 | 4,000 | 1e-10 |
//! | half of a SHA-256, raw, as hex, as base64 | 128 and more | 4,000 | 0 |
//! | base64 of the digits, three alignments | 66 and more | 12,000 | 2e-8 |
//! | name of six letters, the shortest | 48 | some tens | 1e-5 |
//! | 64-bit binary, both orders | 64 | 2 x 29 | 1e-9 |
//! | varint of five bytes behind a tag | 48 | 15 x 29 | 2e-4 |
//! | BCD of five bytes | 40 | 29 | 4e-3 |
//!
//! Memory is not random: it is full of zeros, so that a 64-bit form has the strength of its other
//! 32 bits. And a process that waits holds the rest of a second in nanoseconds, a little less than
//! 1,000,000,000, which is where test numbers (9999xxxxx) lie: some ten to twenty such words were
//! counted in every process, and for 4,000 needles one in three processes would be a false alarm.
//! So the binary forms are looked for as the BCD form is: of the named persons, who alone are
//! asked about. A generated youth's number reaches nobody in the stories, and is looked for as
//! text, digest and base64. What is left, 29 needles, would still be met by a wait in some runs of
//! a thousand; in memory a 64-bit word therefore counts once a second one says the same of
//! another form or person. A broker that handled numbers so would hold many of them. In files and
//! traffic, where nothing waits, one is enough.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use grondslag_core::reason::Reason;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::clients::{Client, read};
use super::mark::MARKER;
use crate::demo::limits::NEEDLE_BYTES_MAX;
use crate::demo::world::World;
use crate::exit::Failure;

/// Tags of a protobuf field 1 to 15 that holds a varint.
const VARINT_TAGS: std::ops::RangeInclusive<u8> = 1..=15;
/// Bytes of a digest that identify it; half of SHA-256 is found by nobody by chance.
const DIGEST_BYTES: usize = 16;
/// Letters of base64 that the bytes before do not reach into, per alignment.
const BASE64_LEAD: [usize; 3] = [0, 2, 3];

/// What sort of thing was looked for or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::demo) enum Kind {
    /// A number, as nine digits.
    BsnText,
    /// A number, as 64 bits in either order.
    BsnU64,
    /// A number, as a varint behind the tag of its field.
    BsnVarint,
    /// A number, two digits per byte.
    BsnBcd,
    /// The SHA-256 of nine digits, raw, as hex or as base64.
    BsnSha256,
    /// Nine digits as base64, at any place in a longer text.
    BsnBase64,
    /// A full name.
    Name,
    /// The word that every answer of the demo carries.
    Marker,
    /// A point that belongs to a number: what a pseudonym is made of, or the pseudonym.
    Point,
}

impl Kind {
    /// As the report names it.
    pub(in crate::demo) const fn word(self) -> &'static str {
        match self {
            Self::BsnText => "bsn_text",
            Self::BsnU64 => "bsn_u64",
            Self::BsnVarint => "bsn_varint",
            Self::BsnBcd => "bsn_bcd",
            Self::BsnSha256 => "bsn_sha256",
            Self::BsnBase64 => "bsn_base64",
            Self::Name => "name",
            Self::Marker => "marker",
            Self::Point => "point",
        }
    }
}

/// Byte strings and what each of them means.
#[derive(Default)]
pub(in crate::demo) struct Needles {
    all: BTreeMap<Vec<u8>, Kind>,
    numbers: Numbers,
}

impl std::fmt::Debug for Needles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Needles({}…)", self.all.len())
    }
}

impl Needles {
    /// Everything that the files of a world hold about children, and the marker.
    pub(in crate::demo) fn of(world: &World) -> Result<Self, Failure> {
        let mut needles = Self::default();
        let mut numbers = Numbers::default();
        for agency in &world.agencies {
            let folder = world.folder.join("agencies").join(&agency.id);
            for (file, named) in [("clients.csv", true), ("bulk-clients.csv", false)] {
                needles.clients(&folder.join(file), named, &mut numbers)?;
            }
        }
        let questions = world.storylines.iter().flat_map(|story| &story.question);
        numbers.named.extend(questions.map(|question| question.subject.0.clone()));
        numbers.all.extend(numbers.named.iter().cloned());
        numbers.all.iter().for_each(|number| needles.number(number));
        numbers.named.iter().for_each(|number| needles.binary(number));
        needles.add(Kind::Marker, MARKER.as_bytes());
        needles.numbers = numbers;
        Ok(needles)
    }

    /// The numbers of the world.
    pub(super) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// One more thing to look for. Of a long one the beginning says enough; an empty one nothing.
    pub(in crate::demo) fn add(&mut self, kind: Kind, bytes: &[u8]) {
        let bytes = bytes.get(..NEEDLE_BYTES_MAX).unwrap_or(bytes);
        if !bytes.is_empty() {
            self.all.entry(bytes.to_vec()).or_insert(kind);
        }
    }

    /// Ready to look for all of them at once.
    pub(in crate::demo) fn compile(self) -> Result<Patterns, Failure> {
        let (bytes, kinds): (Vec<_>, Vec<_>) = self.all.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            // Overlapping matches are asked for, and only this kind has them.
            .match_kind(MatchKind::Standard)
            // A deterministic one of so many needles would take hundreds of megabytes.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&bytes)
            .map_err(|error| Failure::new(Reason::Internal, error))?;
        Ok(Patterns { automaton, kinds })
    }

    fn clients(&mut self, file: &Path, named: bool, numbers: &mut Numbers) -> Result<(), Failure> {
        for Client { bsn, given, prefix, family } in read(file)? {
            let full: Vec<&str> = [given.as_str(), prefix.as_str(), family.as_str()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            self.add(Kind::Name, full.join(" ").as_bytes());
            self.add(Kind::Name, format!("{given} {family}").as_bytes());
            if !bsn.is_empty() {
                if named {
                    numbers.named.insert(bsn.clone());
                }
                numbers.all.insert(bsn);
            }
        }
        Ok(())
    }

    /// The forms of any number.
    fn number(&mut self, digits: &str) {
        self.add(Kind::BsnText, digits.as_bytes());
        let digest = Sha256::digest(digits.as_bytes());
        let half = digest.get(..DIGEST_BYTES).unwrap_or(&digest);
        self.add(Kind::BsnSha256, half);
        self.add(Kind::BsnSha256, hex::encode(half).as_bytes());
        self.add(Kind::BsnSha256, hex::encode_upper(half).as_bytes());
        for alphabet in ALPHABETS {
            for lead in BASE64_LEAD.into_iter().enumerate() {
                self.add(Kind::BsnBase64, &base64(digits.as_bytes(), lead, alphabet));
            }
            self.add(Kind::BsnSha256, &base64(half, (0, 0), alphabet));
        }
    }

    /// The forms of a named person's number.
    fn binary(&mut self, digits: &str) {
        let Ok(number) = digits.parse::<u64>() else { return };
        self.add(Kind::BsnU64, &number.to_be_bytes());
        self.add(Kind::BsnU64, &number.to_le_bytes());
        for field in VARINT_TAGS {
            let mut tagged = vec![field << 3];
            varint(number, &mut tagged);
            self.add(Kind::BsnVarint, &tagged);
        }
        self.add(Kind::BsnBcd, &bcd(digits));
    }
}

/// The numbers of a world.
#[derive(Default, Clone)]
pub(super) struct Numbers {
    /// Every one.
    pub(super) all: BTreeSet<String>,
    /// Those of persons with a name, whom the stories are about.
    pub(super) named: BTreeSet<String>,
}

/// Where something was found.
pub(super) struct Hit {
    /// What sort of thing.
    pub(super) kind: Kind,
    /// Which needle, to tell one from another.
    pub(super) needle: usize,
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

/// Needles, ready.
pub(in crate::demo) struct Patterns {
    automaton: AhoCorasick,
    kinds: Vec<Kind>,
}

impl std::fmt::Debug for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Patterns({}…)", self.kinds.len())
    }
}

impl Patterns {
    /// Every occurrence in `bytes`.
    pub(super) fn find<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Hit> + 'a {
        let found = self.automaton.find_overlapping_iter(bytes);
        found.filter_map(|hit| {
            let kind = self.kinds.get(hit.pattern().as_usize())?;
            let (needle, start, end) = (hit.pattern().as_usize(), hit.start(), hit.end());
            Some(Hit { kind: *kind, needle, start, end })
        })
    }
}

/// Seven bits per byte, lowest first, as protobuf writes a number.
fn varint(mut number: u64, into: &mut Vec<u8>) {
    loop {
        let seven = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            into.push(seven);
            return;
        }
        into.push(seven | 0x80);
    }
}

/// Two digits per byte; nine digits have a zero before them.
fn bcd(digits: &str) -> Vec<u8> {
    let padded = format!("{digits:0>10}");
    padded
        .as_bytes()
        .chunks(2)
        .map(|two| two.iter().fold(0, |b, d| (b << 4) | (d & 0x0f)))
        .collect()
}

/// The two alphabets of base64.
const ALPHABETS: [&[u8; 64]; 2] = [
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
];

/// The letters that these bytes alone decide, with `before` bytes between them and the beginning
/// of a group of three, which reach into the first `lead` letters.
fn base64(bytes: &[u8], (before, lead): (usize, usize), alphabet: &[u8; 64]) -> Vec<u8> {
    let shifted = [vec![0; before], bytes.to_vec()].concat();
    let whole = shifted.len() * 8 / 6;
    let letter = |position: usize| {
        let bit = position * 6;
        let byte = |at: usize| u16::from(shifted.get(at).copied().unwrap_or_default());
        let two = (byte(bit / 8) << 8) | byte(bit / 8 + 1);
        let index = usize::from((two >> (10 - bit % 8)) & 0x3f);
        alphabet.get(index).copied().unwrap_or_default()
    };
    (lead..whole).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_every_form() {
        let mut needles = Needles::default();
        needles.number("999940004");
        needles.binary("999940004");
        let has = |kind, bytes: &[u8]| assert_eq!(needles.all.get(bytes), Some(&kind), "{bytes:?}");
        has(Kind::BsnText, b"999940004");
        has(Kind::BsnU64, &[0, 0, 0, 0, 0x3b, 0x99, 0xdf, 0xa4]);
        has(Kind::BsnU64, &[0xa4, 0xdf, 0x99, 0x3b, 0, 0, 0, 0]);
        has(Kind::BsnVarint, &[0x08, 0xa4, 0xbf, 0xe7, 0xdc, 0x03]);
        has(Kind::BsnVarint, &[0x78, 0xa4, 0xbf, 0xe7, 0xdc, 0x03]);
        has(Kind::BsnBcd, &[0x09, 0x99, 0x94, 0x00, 0x04]);
        // printf 999940004 | base64; the same behind one and two letters, without what they touch.
        has(Kind::BsnBase64, b"OTk5OTQwMDA0");
        has(Kind::BsnBase64, b"k5OTk0MDAwN");
        has(Kind::BsnBase64, b"5OTk5NDAwMD");
        // printf 999940004 | sha256sum, and the first sixteen bytes of it as base64
        has(Kind::BsnSha256, b"84a27023048005646e3853f91f18946a");
        has(Kind::BsnSha256, b"84A27023048005646E3853F91F18946A");
        has(Kind::BsnSha256, b"hKJwIwSABWRuOFP5HxiUa");
        has(Kind::BsnSha256, &hex::decode("84a27023048005646e3853f91f18946a").unwrap());
    }

    #[test]
    fn a_name_has_its_prefix_or_none_and_an_empty_needle_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clients.csv");
        let rows = "client,bsn,given_names,prefix,family_name,birth_date,from,until\n\
                    A-1,999940089,Lotte,de,Wit,2010-01-01,2020-01-01,\n\
                    A-2,,Sophie,,Jansen,2010-01-01,2020-01-01,\n";
        std::fs::write(&file, rows).unwrap();
        let (mut needles, mut numbers) = (Needles::default(), Numbers::default());
        needles.clients(&file, true, &mut numbers).unwrap();
        needles.add(Kind::Point, b"");
        let names: Vec<&[u8]> = needles.all.keys().map(Vec::as_slice).collect();
        assert_eq!(names, [&b"Lotte Wit"[..], b"Lotte de Wit", b"Sophie Jansen"]);
        assert_eq!((numbers.all.len(), numbers.named.len()), (1, 1));
        assert_eq!(format!("{needles:?}"), "Needles(3…)");
    }

    #[test]
    fn a_long_needle_is_found_by_its_beginning() {
        let mut needles = Needles::default();
        needles.add(Kind::Point, &[7; 200]);
        assert_eq!(needles.all.keys().next().unwrap().len(), NEEDLE_BYTES_MAX);
    }

    #[test]
    fn every_kind_has_the_word_of_the_report() {
        for kind in [Kind::BsnText, Kind::BsnU64, Kind::BsnVarint, Kind::BsnBcd, Kind::Point] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
