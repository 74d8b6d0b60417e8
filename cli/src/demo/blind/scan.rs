//! One pass over a source of bytes, in bounded pieces.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use super::needles::{Hit, Kind, Patterns};
use crate::demo::limits::NEEDLE_BYTES_MAX;

/// Bytes around nine digits that tell whether they are a number or part of a digest.
const CONTEXT: usize = 32;
/// Hex letters in a row that make a digest or an id, half a SHA-256 long.
const DIGEST_LETTERS: usize = 32;
/// What is kept of a piece: a needle that ends in the next one, with what stands before it.
const KEPT: usize = NEEDLE_BYTES_MAX + 2 * CONTEXT;

/// What one source held.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scanned {
    /// Bytes that were looked at.
    pub(super) bytes: u64,
    /// What was found, and how often.
    pub(super) found: BTreeMap<Kind, u64>,
    /// Which of the needles were found that are so short that chance writes them too.
    pub(super) short: BTreeMap<Kind, BTreeSet<usize>>,
}

/// Looks through everything that `source` gives, so many bytes at a time.
pub(super) fn scan(
    patterns: &Patterns,
    source: &mut dyn Read,
    piece_bytes: usize,
) -> io::Result<Scanned> {
    let mut scanned = Scanned::default();
    let mut piece = Vec::with_capacity(KEPT + piece_bytes);
    // What ends up to here in `piece` was counted before.
    let mut counted = 0;
    loop {
        let bytes_max = u64::try_from(piece_bytes).unwrap_or(u64::MAX);
        let read = (&mut *source).take(bytes_max).read_to_end(&mut piece)?;
        scanned.bytes += u64::try_from(read).unwrap_or_default();
        let last = read < piece_bytes;
        // The context of what ends later has not been read yet.
        let until = if last { piece.len() } else { piece.len().saturating_sub(CONTEXT) };
        for Hit { kind, needle, start, end } in patterns.find(&piece) {
            let fresh = counted < end && end <= until;
            if fresh && !(kind == Kind::BsnText && in_digest(&piece, start, end)) {
                *scanned.found.entry(kind).or_default() += 1;
                if matches!(kind, Kind::BsnU64 | Kind::BsnBcd) {
                    scanned.short.entry(kind).or_default().insert(needle);
                }
            }
        }
        if last {
            return Ok(scanned);
        }
        let gone = piece.len().saturating_sub(KEPT);
        piece.drain(..gone);
        counted = until.saturating_sub(gone);
    }
}

/// Nine digits of a digest or an id written as hex are no number: one megabyte of such text holds
/// one of 4,000 numbers in every seventeenth run. A row of digits alone is no digest.
fn in_digest(bytes: &[u8], start: usize, end: usize) -> bool {
    let hex = |byte: &&u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(*byte);
    let before = bytes.get(start.saturating_sub(CONTEXT)..start).unwrap_or_default();
    let after = bytes.get(end..bytes.len().min(end + CONTEXT)).unwrap_or_default();
    let before: Vec<u8> = before.iter().rev().take_while(hex).copied().collect();
    let after: Vec<u8> = after.iter().take_while(hex).copied().collect();
    let row = before.len() + (end - start) + after.len();
    let letters = before.iter().chain(&after).any(u8::is_ascii_alphabetic);
    row >= DIGEST_LETTERS && letters
}

#[cfg(test)]
mod tests {
    use super::super::needles::Needles;
    use super::*;
    use crate::demo::limits::SCAN_PIECE_BYTES;
    use crate::demo::world::{World, extract};

    /// Small pieces, so that every place around a border can be tried.
    const PIECE: usize = 2 * KEPT;

    /// The needles of the world that came with the program.
    fn world() -> Patterns {
        let folder = tempfile::tempdir().unwrap();
        extract(folder.path()).unwrap();
        Needles::of(&World::load(folder.path()).unwrap()).unwrap().compile().unwrap()
    }

    fn found(patterns: &Patterns, bytes: &[u8]) -> Vec<(Kind, u64)> {
        let scanned = scan(patterns, &mut &bytes[..], PIECE).unwrap();
        assert_eq!(scanned.bytes, u64::try_from(bytes.len()).unwrap());
        scanned.found.into_iter().collect()
    }

    /// Bytes that look random and are the same every time.
    struct Noise(u64);

    impl Read for Noise {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            for eight in into.chunks_mut(8) {
                self.0 ^= self.0 << 13;
                self.0 ^= self.0 >> 7;
                self.0 ^= self.0 << 17;
                eight.copy_from_slice(&self.0.to_le_bytes()[..eight.len()]);
            }
            Ok(into.len())
        }
    }

    /// Each is planted once between other bytes: numbers of a story and of a generated youth.
    #[test]
    fn every_form_of_a_child_of_the_world_is_found_where_it_was_planted() {
        let patterns = world();
        let digest = sha256_hex("999940004");
        let planted: [(Kind, &[u8]); 16] = [
            (Kind::BsnText, b"{\"bsn\":\"999940004\"}"),
            (Kind::BsnText, b"GV-20000,999960362,Hidde"),
            (Kind::BsnU64, &[9, 0, 0, 0, 0, 0x3b, 0x99, 0xdf, 0xa4, 9]),
            (Kind::BsnU64, &[9, 0xa4, 0xdf, 0x99, 0x3b, 0, 0, 0, 0, 9]),
            (Kind::BsnVarint, &[9, 0x10, 0xa4, 0xbf, 0xe7, 0xdc, 0x03, 9]),
            (Kind::BsnBcd, &[9, 0x09, 0x99, 0x94, 0x00, 0x04, 9]),
            (Kind::BsnSha256, &digest),
            (Kind::BsnBase64, b"=OTk5OTQwMDA0="),
            (Kind::BsnBase64, b"=IDk5OTk0MDAwNA="),
            (Kind::BsnBase64, b"=ICA5OTk5NDAwMDQ="),
            (Kind::Name, b"<Noor Terpstra>"),
            (Kind::Name, b"<Lotte de Wit>"),
            (Kind::Name, b"<Lotte Wit>"),
            (Kind::Name, b"<Stijn van der Klaver>"),
            (Kind::Name, b"<Sophie Jansen>"),
            (Kind::Marker, b"Een team. [merk:7f3a9c51e]"),
        ];
        for (kind, form) in planted {
            let text = String::from_utf8_lossy(form);
            assert_eq!(found(&patterns, form), [(kind, 1)], "{text}");
            let longer = [&[0; 999][..], form, &[0xff; 999]].concat();
            assert_eq!(found(&patterns, &longer), [(kind, 1)], "{text}");
        }
        assert_eq!(found(&patterns, b"999940005 Noor Terpstro [merk:7f3a9c51f]"), []);
    }

    fn sha256_hex(digits: &str) -> Vec<u8> {
        use sha2::Digest as _;
        hex::encode(sha2::Sha256::digest(digits.as_bytes())).into_bytes()
    }

    #[test]
    fn what_lies_across_two_pieces_is_found_once() {
        let mut needles = Needles::default();
        needles.add(Kind::BsnText, b"999940004");
        needles.add(Kind::Point, &[0xaa; NEEDLE_BYTES_MAX]);
        let patterns = needles.compile().unwrap();
        for border in [PIECE, 2 * PIECE] {
            for shift in 0..2 * KEPT {
                let at = border - KEPT + shift;
                let mut bytes = vec![0; 2 * PIECE + 2 * KEPT];
                bytes[at..at + 9].copy_from_slice(b"999940004");
                assert_eq!(found(&patterns, &bytes), [(Kind::BsnText, 1)], "{at}");
            }
        }
        for shift in 0..2 * NEEDLE_BYTES_MAX {
            let at = PIECE - NEEDLE_BYTES_MAX + shift;
            let mut bytes = vec![0; PIECE + 4 * NEEDLE_BYTES_MAX];
            bytes[at..at + NEEDLE_BYTES_MAX].fill(0xaa);
            assert_eq!(found(&patterns, &bytes), [(Kind::Point, 1)], "{at}");
        }
    }

    #[test]
    fn nine_digits_of_a_digest_are_no_number_and_beside_letters_they_are() {
        let mut needles = Needles::default();
        needles.add(Kind::BsnText, b"999940004");
        let patterns = needles.compile().unwrap();
        let count = |text: &str| found(&patterns, text.as_bytes()).len();
        assert_eq!(count("\"0b1c2d3e4f5a6b7c999940004d8e9f0a\""), 0);
        assert_eq!(count("0b1c2d3e999940004d8e9f0a"), 1, "shorter than a digest");
        assert_eq!(count("00000000000000000000000999940004"), 1, "no letter");
        assert_eq!(count("subject=999940004 corr=0b1c2d3e4f5a6b7c0b1c2d3e4f5a6b7c"), 1);
        // The same digest across the border of two pieces.
        let mut bytes = vec![b'.'; PIECE + 100];
        let digest = b"0b1c2d3e4f5a6b7c999940004d8e9f0a";
        for at in PIECE - 40..PIECE + 8 {
            bytes.fill(b'.');
            bytes[at..at + digest.len()].copy_from_slice(digest);
            assert_eq!(found(&patterns, &bytes), [], "{at}");
        }
    }

    #[test]
    fn nothing_is_found_in_noise() {
        let patterns = world();
        let mut noise = Noise(0x9e37_79b9_7f4a_7c15).take(64 * 1_024 * 1_024);
        let scanned = scan(&patterns, &mut noise, SCAN_PIECE_BYTES).unwrap();
        assert_eq!(scanned.found, BTreeMap::new());
        assert_eq!(scanned.bytes, 64 * 1_024 * 1_024);
    }
}
