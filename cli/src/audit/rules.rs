//! The rules that decisions name: those in force at a party, and earlier ones that were kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use grondslag_core::catalogue::Kind;
use grondslag_core::id::Digest;
use grondslag_policy::{Overlay, Pack};
use grondslag_runtime::config::{self, InputFile, Place};
use serde::Deserialize;

use crate::exit::Failure;
use crate::files::read_text;
use crate::limits::TEXT_BYTES_MAX;

/// Rules that are no longer in force.
#[derive(Debug, Args)]
pub(crate) struct KeptArgs {
    /// Folder with rules that were in force earlier; may be repeated
    #[arg(long, value_name = "FOLDER")]
    policy: Vec<PathBuf>,

    /// File with a node's own rules that were in force earlier; may be repeated
    #[arg(long, value_name = "FILE")]
    overlay: Vec<PathBuf>,
}

/// The files of several sets of rules.
pub(crate) type Files = Vec<BTreeMap<String, String>>;

/// Every set of rules that is at hand, each read once.
#[derive(Debug)]
pub(crate) struct Shelf {
    kept: Vec<Arc<Pack>>,
    overlays: Vec<(String, String)>,
    /// Those that some party was given, by their folder.
    read: Vec<(Option<PathBuf>, Arc<Pack>)>,
    /// Those that some party took, by their files.
    taken: Vec<(BTreeMap<String, String>, Arc<Pack>)>,
}

/// The rules that may have decided at one party.
#[derive(Debug)]
pub(crate) struct Rules {
    packs: Vec<Arc<Pack>>,
    /// The party's own rules, each on one of the packs.
    overlays: Vec<(Digest, Overlay)>,
    /// The same as they were written, and the kind of the party.
    written: Vec<(String, String)>,
    kind: Option<Kind>,
}

/// What a configuration says of rules.
#[derive(Debug, Deserialize)]
struct Ruled {
    #[serde(default)]
    policy: PolicySection,
    #[serde(default)]
    agency: Option<AgencySection>,
}

#[derive(Debug, Default, Deserialize)]
struct PolicySection {
    #[serde(default)]
    folder: Option<Place>,
    #[serde(default)]
    overlay: Option<InputFile>,
}

#[derive(Debug, Deserialize)]
struct AgencySection {
    kind: Kind,
}

impl Shelf {
    /// Reads the rules that were kept.
    pub(crate) fn read(args: &KeptArgs) -> Result<Self, Failure> {
        let mut kept = Vec::new();
        for folder in &args.policy {
            kept.push(Arc::new(Pack::open(Some(folder))?));
        }
        let overlays = args.overlay.iter().map(|file| named(file));
        let overlays = overlays.collect::<Result<_, _>>()?;
        Ok(Self { kept, overlays, read: Vec::new(), taken: Vec::new() })
    }

    /// The rules that may have decided at the party of a configuration: those that it was given,
    /// and those that it took as they were published.
    pub(crate) fn of(&mut self, config: &Path, taken: &Files) -> Result<Rules, Failure> {
        let Ruled { policy, agency } = config::load(config)?;
        let mut packs = vec![self.in_force(policy.folder.as_ref().map(Place::path))?];
        packs.extend(self.kept.iter().cloned());
        for files in taken {
            packs.push(self.taken(files)?);
        }
        let (mut overlays, mut written) = (Vec::new(), Vec::new());
        let kind = agency.map(|agency| agency.kind);
        if let Some(kind) = &kind {
            written.extend(policy.overlay.map(|file| named(file.path())).transpose()?);
            written.extend(self.overlays.iter().cloned());
            for (name, text) in &written {
                // What does not fit a set of rules did not decide with it.
                overlays.extend(packs.iter().filter_map(|pack| {
                    let overlay = Overlay::load(pack, kind, name, text).ok()?;
                    Some((pack.bundle(), overlay))
                }));
            }
        }
        Ok(Rules { packs, overlays, written, kind })
    }

    /// The same rules are taken by every party, and read once.
    fn taken(&mut self, files: &BTreeMap<String, String>) -> Result<Arc<Pack>, Failure> {
        if let Some((_, pack)) = self.taken.iter().find(|(known, _)| known == files) {
            return Ok(Arc::clone(pack));
        }
        let pack = Arc::new(Pack::from_files(files)?);
        self.taken.push((files.clone(), Arc::clone(&pack)));
        Ok(pack)
    }

    fn in_force(&mut self, folder: Option<&Path>) -> Result<Arc<Pack>, Failure> {
        if let Some((_, pack)) = self.read.iter().find(|(of, _)| of.as_deref() == folder) {
            return Ok(Arc::clone(pack));
        }
        let pack = Arc::new(Pack::open(folder)?);
        self.read.push((folder.map(Path::to_owned), Arc::clone(&pack)));
        Ok(pack)
    }
}

impl Rules {
    /// Every set of rules that may have decided.
    pub(crate) fn packs(&self) -> impl Iterator<Item = &Pack> {
        self.packs.iter().map(AsRef::as_ref)
    }

    /// The party's own rules on others, such as a draft: those that fit, and the files of those
    /// that do not.
    pub(crate) fn own_on(&self, pack: &Pack) -> (Vec<Overlay>, Vec<String>) {
        let (mut fit, mut unfit) = (Vec::new(), Vec::new());
        for (name, text) in &self.written {
            let kind = self.kind.iter();
            match kind.map(|kind| Overlay::load(pack, kind, name, text)).next() {
                Some(Ok(overlay)) => fit.push(overlay),
                Some(Err(_)) | None => unfit.push(name.clone()),
            }
        }
        (fit, unfit)
    }

    /// The rules with these digests.
    ///
    /// # Errors
    /// The word for what is not at hand.
    pub(crate) fn find(
        &self,
        (bundle, overlay): (Digest, Option<Digest>),
    ) -> Result<(&Pack, Option<&Overlay>), &'static str> {
        let pack = self.packs.iter().find(|pack| pack.bundle() == bundle).ok_or("no_bundle")?;
        let Some(wanted) = overlay else { return Ok((pack, None)) };
        let found = self.overlays.iter();
        let mut found = found.filter(|(on, own)| *on == bundle && own.digest() == wanted);
        let (_, own) = found.next().ok_or("no_overlay")?;
        Ok((pack, Some(own)))
    }
}

fn named(file: &Path) -> Result<(String, String), Failure> {
    Ok((file.display().to_string(), read_text(file, TEXT_BYTES_MAX)?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const OWN: &str = "[[row]]\nid = \"eigen-1\"\noutcome = \"hold\"\ntext = { nl = \"x\", en = \"x\" }\n\
        when = { category = [\"G16\"] }\n";

    /// A node with rules of its own, which it had otherwise earlier.
    #[test]
    fn the_rules_of_a_node_are_found_by_their_digests_and_others_are_not_at_hand() {
        let temp = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            fs::write(temp.path().join(name), text).unwrap();
            temp.path().join(name)
        };
        file("own.toml", OWN);
        let earlier = file("earlier.toml", &OWN.replace("G16", "G08"));
        let config = "[policy]\noverlay = \"own.toml\"\n[agency]\nkind = \"sch\"\n";
        let config = file("node.toml", config);
        let mut published = Pack::builtin_files();
        published.get_mut("pack.toml").unwrap().push_str("# published\n");
        let taken = vec![published.clone(), published];
        let kept = |overlay: Vec<PathBuf>| {
            let args = KeptArgs { policy: Vec::new(), overlay };
            Shelf::read(&args).unwrap().of(&config, &taken).unwrap()
        };
        let pack = Pack::builtin().unwrap();
        let (bundle, kind) = (pack.bundle(), Kind::parse("sch").unwrap());
        let digest = |text: &str| Some(Overlay::load(&pack, &kind, "x", text).unwrap().digest());
        let (own, before) = (digest(OWN), digest(&OWN.replace("G16", "G08")));
        let rules = kept(Vec::new());
        let (_, found) = rules.find((bundle, own)).unwrap();
        assert_eq!(found.map(Overlay::digest), own);
        assert!(rules.find((bundle, None)).unwrap().1.is_none());
        let taken = Pack::from_files(&taken[0]).unwrap().bundle();
        assert_ne!(taken, bundle);
        assert_eq!(rules.find((taken, own)).unwrap().0.bundle(), taken);
        assert_eq!(rules.find((bundle, before)).unwrap_err(), "no_overlay");
        assert_eq!(rules.find((Digest::new([1; 32]), own)).unwrap_err(), "no_bundle");
        let rules = kept(vec![earlier]);
        assert_eq!(rules.find((bundle, before)).unwrap().1.map(Overlay::digest), before);
    }
}
