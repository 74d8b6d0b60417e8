//! The memory of a process that this one started, as Linux shows it under `/proc`.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use grondslag_core::reason::Reason;

use crate::demo::limits::MAPS_BYTES_MAX;
use crate::exit::Failure;

/// What cannot be read is skipped by the page.
const PAGE_BYTES: u64 = 4_096;

/// A range of addresses that the process can write to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mapping {
    /// Its first address.
    start: u64,
    /// The address behind it.
    end: u64,
    /// `[heap]`, `[stack]`, a file's name, or `anonymous`.
    pub(super) name: String,
}

impl Mapping {
    /// Its size.
    pub(super) const fn bytes(&self) -> u64 {
        self.end - self.start
    }
}

/// The writable ranges of a process.
pub(super) fn writable(pid: u32) -> Result<Vec<Mapping>, Failure> {
    if !Path::new("/proc/self/maps").exists() {
        return Err(Failure::told(
            Reason::Internal,
            "Dit systeem toont geen geheugen onder /proc; de blindheidsproef is hier niet mogelijk.",
            "This system shows no memory under /proc; the blind check is not available here.",
        ));
    }
    let maps = File::open(format!("/proc/{pid}/maps")).and_then(|file| {
        let mut text = String::new();
        file.take(MAPS_BYTES_MAX).read_to_string(&mut text).map(|_| text)
    });
    let found = parse(&maps.map_err(|error| hidden(pid, &error))?);
    if found.is_empty() {
        return Err(hidden(pid, &io::Error::from(io::ErrorKind::NotFound)));
    }
    Ok(found)
}

/// The ranges that can be written to, but for those of the kernel and of devices.
fn parse(maps: &str) -> Vec<Mapping> {
    maps.lines().filter_map(mapping).collect()
}

fn mapping(line: &str) -> Option<Mapping> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let rights = words.next()?;
    // Offset, device and number of the file.
    let name = words.skip(3).collect::<Vec<_>>().join(" ");
    let address = |text: &str| u64::from_str_radix(text, 16).ok();
    let (start, end) = (address(start)?, address(end)?);
    // Memory that processes share shows as a device, and is memory nevertheless.
    let shared = name.starts_with("/dev/shm/") || name.starts_with("/dev/zero");
    let foreign = (name.starts_with("/dev/") && !shared) || name.starts_with("[v");
    if !rights.contains('w') || foreign || start >= end {
        return None;
    }
    let name = match name.rsplit('/').next() {
        Some("") | None => "anonymous".to_owned(),
        Some(last) => last.to_owned(),
    };
    Some(Mapping { start, end, name })
}

/// The memory of a process.
#[derive(Debug)]
pub(super) struct Memory {
    pid: u32,
    file: File,
    /// Bytes of mappings that could not be read: given back since, or never backed by anything.
    pub(super) unread_bytes: u64,
}

impl Memory {
    /// Opens the memory of a process, which only its owner and its parent may.
    pub(super) fn open(pid: u32) -> Result<Self, Failure> {
        let file = File::open(format!("/proc/{pid}/mem"));
        Ok(Self { pid, file: file.map_err(|error| hidden(pid, &error))?, unread_bytes: 0 })
    }

    /// What one mapping holds.
    pub(super) fn of<'a>(&'a mut self, mapping: &Mapping) -> Reader<'a> {
        Reader { at: mapping.start, end: mapping.end, memory: self }
    }

    /// Refuses to speak of memory of which too much was not seen.
    pub(super) fn whole(&self, read_bytes: u64) -> Result<(), Failure> {
        if self.unread_bytes > read_bytes / 100 {
            return Err(hidden(self.pid, &io::Error::from(io::ErrorKind::UnexpectedEof)));
        }
        Ok(())
    }
}

/// Reads one mapping from its beginning to its end.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    at: u64,
    end: u64,
    memory: &'a mut Memory,
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at < self.end {
            let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
            let wanted = left.min(into.len());
            let into = into.get_mut(..wanted).unwrap_or_default();
            match self.memory.file.read_at(into, self.at) {
                Ok(read) if read > 0 || wanted == 0 => {
                    self.at += u64::try_from(read).unwrap_or_default();
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Gone since, or never there: the next page may be.
                Ok(_) | Err(_) => {
                    let next = ((self.at / PAGE_BYTES + 1) * PAGE_BYTES).min(self.end);
                    self.memory.unread_bytes += next - self.at;
                    self.at = next;
                }
            }
        }
        Ok(0)
    }
}

fn hidden(pid: u32, error: &io::Error) -> Failure {
    Failure::told(
        Reason::Internal,
        format!(
            "Het geheugen van proces {pid} is niet te lezen ({error}); een systeem kan dat \
                 verbieden (kernel.yama.ptrace_scope, een container zonder ptrace)."
        ),
        format!(
            "The memory of process {pid} cannot be read ({error}); a system can forbid that \
                 (kernel.yama.ptrace_scope, a container without ptrace)."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
55d0c0000000-55d0c0001000 r--p 00000000 fe:00 247774      /usr/bin/grondslag
55d0c0001000-55d0c0003000 r-xp 00001000 fe:00 247774      /usr/bin/grondslag
55d0c0003000-55d0c0004000 rw-p 00003000 fe:00 247774      /usr/bin/my grondslag
55d0c1000000-55d0c1021000 rw-p 00000000 00:00 0           [heap]
7f0000000000-7f0000002000 rw-p 00000000 00:00 0
7f0000002000-7f0000004000 ---p 00000000 00:00 0
7f0000004000-7f0000005000 rw-s 00000000 00:05 9           /dev/nvidia0
7f0000005000-7f0000006000 rw-s 00000000 00:01 9           /dev/zero (deleted)
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0           [stack]
7ffd00030000-7ffd00034000 rw-p 00000000 00:00 0           [vvar]
nonsense
";

    #[test]
    fn only_memory_that_can_be_written_to_is_read() {
        let maps = parse(MAPS);
        let seen: Vec<(&str, u64)> =
            maps.iter().map(|one| (one.name.as_str(), one.bytes())).collect();
        let expected = [
            ("my grondslag", 0x1000),
            ("[heap]", 0x2_1000),
            ("anonymous", 0x2000),
            ("zero (deleted)", 0x1000),
            ("[stack]", 0x2_1000),
        ];
        assert_eq!(seen, expected);
        assert_eq!(maps[1].start, 0x55d0_c100_0000);
    }

    /// The process is this one; what is looked for stands on its heap.
    #[test]
    fn what_a_process_holds_is_read_and_a_process_that_is_gone_is_a_failure() {
        let held: Vec<u8> = (0..64_u8).map(|byte| byte.wrapping_mul(151) ^ 0x5a).collect();
        let pid = std::process::id();
        let address = u64::try_from(held.as_ptr().addr()).unwrap();
        let maps = writable(pid).unwrap();
        let own = maps.iter().find(|one| (one.start..one.end).contains(&address)).unwrap();
        let mut memory = Memory::open(pid).unwrap();
        let mut seen = Vec::new();
        memory.of(own).read_to_end(&mut seen).unwrap();
        assert_eq!(u64::try_from(seen.len()).unwrap() + memory.unread_bytes, own.bytes());
        assert!(seen.windows(held.len()).any(|window| window == held));
        memory.whole(own.bytes()).unwrap();
        assert_eq!(writable(u32::MAX).unwrap_err().reason(), Reason::Internal);
        assert_eq!(Memory::open(u32::MAX).unwrap_err().reason(), Reason::Internal);
    }

    #[test]
    fn what_is_not_there_is_skipped_and_counted_and_then_nothing_is_claimed() {
        let mut memory = Memory::open(std::process::id()).unwrap();
        let nowhere = Mapping { start: 0x1000, end: 0x3800, name: "anonymous".into() };
        let mut seen = Vec::new();
        memory.of(&nowhere).read_to_end(&mut seen).unwrap();
        assert_eq!((seen.len(), memory.unread_bytes), (0, 0x2800));
        assert_eq!(memory.whole(0).unwrap_err().reason(), Reason::Internal);
        assert!(memory.whole(100 * 0x2800).is_ok());
    }
}
