//! A pack as it travels to another region, where it becomes a draft (issue "policy office", point
//! 8). One officer signs it: the signature says who wrote it, and puts nothing in force anywhere.

use std::collections::BTreeMap;

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::officers::{Appointment, Officer, OfficerSignature, Officers};
use grondslag_core::reason::Reason;
use serde::{Deserialize, Serialize};

use super::Refused;
use super::files::{canonical, digests, misplaced};
use super::publication::is_known;
use crate::ENGINE;
use crate::limits::{FILE_BYTES_MAX, FILE_NAME_BYTES_MAX, FILES_MAX, PUBLICATION_BYTES_MAX};
use crate::pack::Pack;
use crate::parse::first_unseen;

/// What a pack is that travels, in the words that its officer signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// The version as its authors write it.
    pub version: String,
    /// Digest of every file that decides.
    pub bundle: Digest,
    /// Digest of every file, examples included, by relative path.
    pub files: BTreeMap<String, Digest>,
    /// When it was written down.
    pub made_at: Timestamp,
    /// Name and version of the engine that it was loaded with.
    pub engine: String,
}

/// A pack that travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    /// What it is.
    pub contents: Contents,
    /// Of the officer who sends it.
    pub signature: OfficerSignature,
    /// The files by relative path.
    pub files: BTreeMap<String, String>,
}

/// What is wrong with a pack that travels, and with which file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{refused}: {file}")]
pub struct NotImported {
    /// Why, with everything that is wrong with its rules.
    pub refused: Refused,
    /// The file, and the line of it; empty when it is of the whole.
    pub file: String,
}

impl From<Refused> for NotImported {
    fn from(refused: Refused) -> Self {
        Self { refused, file: String::new() }
    }
}

impl From<Reason> for NotImported {
    fn from(reason: Reason) -> Self {
        Refused::from(reason).into()
    }
}

impl Contents {
    /// What these files are.
    ///
    /// # Errors
    /// [`NotImported`] for files that nobody would import.
    pub fn of(files: &BTreeMap<String, String>, made_at: Timestamp) -> Result<Self, NotImported> {
        check_files(files)?;
        let pack = Pack::from_files(files).map_err(Refused::from)?;
        Ok(Self {
            version: pack.version().to_owned(),
            bundle: pack.bundle(),
            files: digests(files),
            made_at,
            engine: ENGINE.to_owned(),
        })
    }

    /// The bytes that the officer signs.
    pub fn canonical(&self) -> Vec<u8> {
        Canonical::new("grondslag/pack-export/v1")
            .text(&self.version)
            .bytes(self.bundle.as_bytes())
            .list(canonical(&self.files))
            .signed(self.made_at.ms())
            .text(&self.engine)
            .finish()
    }
}

impl Exported {
    /// The rules, when this officer signed them as they are, nothing is hidden in them, and this
    /// engine knows how to read them. Whether they are good rules `check` says of the draft.
    ///
    /// # Errors
    /// [`NotImported`]: `TOO_LARGE`, `OFFICER_UNKNOWN`, `OFFICER_SIGNATURE_INVALID`,
    /// `POLICY_ALTERED`, `MALFORMED` for a name or a text that is not what it looks like,
    /// `POLICY_ENGINE`, or `POLICY_INVALID`.
    pub fn verify(&self, from: &Officer) -> Result<Pack, NotImported> {
        check_size(&self.files)?;
        let Contents { files, engine, version, bundle, .. } = &self.contents;
        if files.len() > FILES_MAX || engine.len().max(version.len()) > FILE_NAME_BYTES_MAX {
            return Err(Reason::TooLarge.into());
        }
        // Who it is from was said by telephone; a term is for whoever appointed the officer.
        let until = Timestamp::from_ms(i64::MAX);
        let only = Officers::new(vec![Appointment { officer: from.clone(), until }]);
        let signatures = std::slice::from_ref(&self.signature);
        only.verify(&self.contents.canonical(), signatures, self.contents.made_at, 1)?;
        if digests(&self.files) != *files {
            return Err(Reason::PolicyAltered.into());
        }
        check_files(&self.files)?;
        if !is_known(engine) {
            return Err(Reason::PolicyEngine.into());
        }
        let pack = Pack::from_files(&self.files).map_err(Refused::from)?;
        if (pack.version(), pack.bundle()) != (version.as_str(), *bundle) {
            return Err(Reason::PolicyAltered.into());
        }
        Ok(pack)
    }
}

/// Small enough to be looked at: no digest is taken of anything larger.
fn check_size(files: &BTreeMap<String, String>) -> Result<(), NotImported> {
    let bytes = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
    if let Some((path, _)) = files.iter().find(|(_, text)| bytes(text) > FILE_BYTES_MAX) {
        let file = path.chars().take(FILE_NAME_BYTES_MAX).filter(char::is_ascii_graphic);
        return Err(NotImported { refused: Reason::TooLarge.into(), file: file.collect() });
    }
    let all = files.iter().fold(0, |sum: u64, (path, text)| {
        sum.saturating_add(bytes(path)).saturating_add(bytes(text))
    });
    if files.len() > FILES_MAX || all > PUBLICATION_BYTES_MAX {
        return Err(Reason::TooLarge.into());
    }
    Ok(())
}

/// Names that stand in the folder of a pack and nowhere else, and texts of which everything is
/// seen: what is in a remark too, for an officer reads it.
fn check_files(files: &BTreeMap<String, String>) -> Result<(), NotImported> {
    check_size(files)?;
    let malformed = |file| NotImported { refused: Reason::Malformed.into(), file };
    if let Some(path) = misplaced(files) {
        return Err(malformed(format!("{path:?}")));
    }
    for (path, text) in files {
        if let Some(unseen) = first_unseen(path, text) {
            let line = unseen.line.unwrap_or_default();
            return Err(malformed(format!("{path}, {line}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use grondslag_core::id::Oin;

    use super::*;
    use crate::fixture::NOW;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn officer(seed: u8) -> Officer {
        let oin = Oin::parse("00000099000000001000").unwrap();
        Officer::new(oin, &format!("po-{seed}"), key(seed).verifying_key().to_bytes()).unwrap()
    }

    fn signed(contents: Contents, files: BTreeMap<String, String>, by: u8) -> Exported {
        let signature = officer(by).sign(&key(by), &contents.canonical());
        Exported { contents, signature, files }
    }

    fn exported() -> Exported {
        let files = Pack::builtin_files();
        signed(Contents::of(&files, NOW).unwrap(), files, 1)
    }

    /// Signed by whoever sends it, with files that it should not send.
    fn sent(change: impl FnOnce(&mut BTreeMap<String, String>)) -> (Reason, String) {
        let Exported { mut contents, mut files, .. } = exported();
        change(&mut files);
        contents.files = digests(&files);
        let refused = signed(contents, files, 1).verify(&officer(1)).unwrap_err();
        (refused.refused.reason, refused.file)
    }

    #[test]
    fn what_an_officer_sent_is_what_arrives() {
        let exported = exported();
        let text = serde_json::to_string(&exported).unwrap();
        let read: Exported = serde_json::from_str(&text).unwrap();
        assert_eq!(read, exported);
        let pack = read.verify(&officer(1)).unwrap();
        assert_eq!(pack.bundle(), Pack::builtin().unwrap().bundle());
    }

    #[test]
    fn of_somebody_else_or_altered_after_it_was_signed_it_is_refused() {
        let reason =
            |exported: &Exported, by: u8| exported.verify(&officer(by)).unwrap_err().refused.reason;
        assert_eq!(reason(&exported(), 2), Reason::OfficerUnknown);
        let changes: [fn(&mut Contents); 5] = [
            |c| c.version.push('x'),
            |c| c.bundle = Digest::of(b"x"),
            |c| drop(c.files.pop_first()),
            |c| c.made_at = c.made_at.plus_ms(1),
            |c| c.engine = "grondslag-policy 0.0.1".into(),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut altered = exported();
            change(&mut altered.contents);
            assert_eq!(reason(&altered, 1), Reason::OfficerSignatureInvalid, "{number}");
        }
        let mut altered = exported();
        altered.files.get_mut("catalogue.toml").unwrap().push('\n');
        assert_eq!(reason(&altered, 1), Reason::PolicyAltered);
        let mut without = exported();
        without.files.remove("cases/R27.toml");
        assert_eq!(reason(&without, 1), Reason::PolicyAltered);
        // Signed, and not what the files say.
        let changes: [fn(&mut Contents); 2] =
            [|c| c.version = "9.9.9".into(), |c| c.bundle = Digest::of(b"x")];
        for change in changes {
            let Exported { mut contents, files, .. } = exported();
            change(&mut contents);
            assert_eq!(reason(&signed(contents, files, 1), 1), Reason::PolicyAltered);
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for name in [
            "../pack.toml",
            "/etc/x.toml",
            "table/../x.toml",
            "table/a/b.toml",
            "table\\a.toml",
            "table/.toml",
            "table/a\u{202e}.toml",
            "draft.toml",
            "x.toml",
            "table/a.sh",
            "cases/R.toml/x.toml",
            "",
            &format!("table/{}.toml", "a".repeat(FILE_NAME_BYTES_MAX)),
        ] {
            let (reason, file) = sent(|files| drop(files.insert(name.to_owned(), String::new())));
            assert_eq!((reason, file), (Reason::Malformed, format!("{name:?}")), "{name}");
        }
        let twice = sent(|files| drop(files.insert("table/Gemeente.toml".into(), String::new())));
        assert_eq!(twice.0, Reason::Malformed);
    }

    #[test]
    fn a_text_of_which_not_everything_is_seen_is_refused_by_file_and_line() {
        for hidden in ["\u{202e}", "\u{200b}", "\u{feff}", "\u{0}", "\u{1b}"] {
            let (reason, file) = sent(|files| {
                files.get_mut("pack.toml").unwrap().extend(["\n# a", hidden, "b\n"]);
            });
            let lines = Pack::builtin_files()["pack.toml"].split('\n').count();
            assert_eq!((reason, file), (Reason::Malformed, format!("pack.toml, {}", lines + 1)));
        }
    }

    #[test]
    fn what_is_too_large_of_a_later_engine_or_no_pack_is_refused() {
        let size = usize::try_from(FILE_BYTES_MAX).unwrap();
        let large = sent(|files| drop(files.insert("table/z.toml".into(), "#".repeat(size + 1))));
        assert_eq!(large, (Reason::TooLarge, "table/z.toml".to_owned()));
        let many = sent(|files| {
            files.extend((0..FILES_MAX).map(|n| (format!("table/z{n}.toml"), String::new())));
        });
        assert_eq!(many.0, Reason::TooLarge);
        let heavy = sent(|files| {
            files.extend((0..5).map(|n| (format!("table/z{n}.toml"), "#".repeat(size))));
        });
        assert_eq!(heavy.0, Reason::TooLarge);
        let broken = sent(|files| drop(files.insert("table/z.toml".into(), "[[rule]".into())));
        assert_eq!(broken.0, Reason::PolicyInvalid);
        let Exported { mut contents, files, .. } = exported();
        contents.engine = "grondslag-policy 99.0.0".into();
        let later = signed(contents, files, 1).verify(&officer(1)).unwrap_err();
        assert_eq!(later.refused.reason, Reason::PolicyEngine);
        assert!(Contents::of(&BTreeMap::new(), NOW).is_err());
    }
}
