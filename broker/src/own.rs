//! The card of a process that nobody asks: a broker's, or a key holder's.

use ed25519_dalek::SigningKey;
use grondslag_certs::tls::Region;
use grondslag_certs::{OwnCard, Taken, authority, key};
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_runtime::config::{InputFile, SecretFile};
use grondslag_runtime::run::StartError;

use crate::directory::Directory;

/// What its configuration says of it.
#[derive(Debug)]
pub(crate) struct Own<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it is reached.
    pub endpoint: String,
    /// Telephone of the operator on duty.
    pub duty_phone: &'a str,
    /// The key that signs.
    pub sign_key: &'a SigningKey,
    /// The one before, for a while after a change.
    pub previous: Option<&'a SecretFile>,
    /// The region authority's admission.
    pub admission: &'a InputFile,
}

impl Own<'_> {
    /// Reads the files that it names.
    ///
    /// # Errors
    /// [`StartError`] for a file that cannot be read.
    pub(crate) fn read(self) -> Result<OwnCard, StartError> {
        let previous = self.previous.map(|file| key::load_signing_key(file.path())).transpose();
        Ok(OwnCard {
            kind: Kind::parse(Kind::BROKER)
                .map_err(|_| StartError::new(Reason::Internal, Kind::BROKER))?,
            name: self.name.to_owned(),
            endpoint: self.endpoint,
            duty_phone: self.duty_phone.to_owned(),
            sign_key: self.sign_key.clone(),
            previous: previous.map_err(|error| StartError::new(error.reason(), error))?,
            // Nobody asks it.
            seal_key: Vec::new(),
            pseudonym_key: Vec::new(),
            admission: authority::read_admission(self.admission.path())
                .map_err(|error| StartError::new(error.reason(), error))?,
        })
    }
}

/// Puts a process's own card in its directory; a new one only when something on it changed, or
/// when others hold one numbered `seq_known` that comes after its own.
///
/// # Errors
/// Why the card cannot be made or is not taken.
pub(crate) async fn publish_own(
    directory: &Directory,
    own: &OwnCard,
    seq_known: u64,
    region: &Region,
    now: Timestamp,
) -> Result<Taken, Reason> {
    let held = directory.last_card(region.oin());
    let signed = own.next(held.as_ref(), seq_known, region, now)?;
    directory.publish(region.oin(), signed).await
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use grondslag_certs::tls::{Reloading, TlsFiles};
    use grondslag_core::clock::{Clock as _, SetClock};
    use grondslag_core::id::Oin;
    use grondslag_evidence::ledger::{Ledger, testing};
    use grondslag_evidence::store::MemoryStore;

    use super::*;
    use crate::directory::operator::Admits;

    struct Scene {
        dir: tempfile::TempDir,
        region: Arc<Reloading<Region>>,
        store: Arc<MemoryStore>,
        clock: Arc<SetClock>,
        ledger: Arc<Ledger>,
    }

    async fn scene() -> Scene {
        let dir = tempfile::tempdir().unwrap();
        let (ca, folder) = (dir.path().join("ca"), dir.path().join("broker"));
        let now = grondslag_certs::time::tls_now();
        authority::init(&ca, "Drieveen", now).unwrap();
        authority::issue(&ca, &folder, &oin(), "Broker", now).unwrap();
        std::fs::create_dir(dir.path().join("operator")).unwrap();
        let region = Arc::new(Reloading::open(TlsFiles::in_folder(&folder)).unwrap());
        let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(SetClock::at(now)));
        let ledger = testing::open(store.clone(), clock.clone(), "broker").await;
        Scene { region, store, clock, ledger: Arc::new(ledger.unwrap()), dir }
    }

    fn oin() -> Oin {
        Oin::parse("00000099000000009000").unwrap()
    }

    fn own(ca: &Path, key: u8, previous: Option<u8>) -> OwnCard {
        let (kinds, now) = ([Kind::parse(Kind::BROKER).unwrap()], grondslag_certs::time::tls_now());
        let until = Timestamp::parse("2100-01-01").unwrap();
        let key_of = |n| SigningKey::from_bytes(&[n; 32]);
        OwnCard {
            kind: kinds[0].clone(),
            name: "Broker".into(),
            endpoint: "127.0.0.1:1".into(),
            duty_phone: "000".into(),
            sign_key: key_of(key),
            previous: previous.map(key_of),
            seal_key: Vec::new(),
            pseudonym_key: Vec::new(),
            admission: authority::admit(ca, &oin(), &kinds, until, now).unwrap(),
        }
    }

    impl Scene {
        /// One start of the broker: what its directory made of its own card, and its seq.
        async fn start(&self, key: u8, previous: Option<u8>) -> Result<(Taken, u64), Reason> {
            let directory = Directory::open(
                self.region.clone(),
                self.clock.clone(),
                self.store.clone(),
                self.ledger.clone(),
                (self.dir.path().join("operator"), Admits::Listed),
            );
            let directory = directory.await.unwrap();
            let own = own(&self.dir.path().join("ca"), key, previous);
            let (region, now) = (self.region.current(), self.clock.now());
            let taken = publish_own(&directory, &own, 0, &region, now).await?;
            Ok((taken, directory.card(&oin()).unwrap().card().seq))
        }
    }

    #[tokio::test]
    async fn a_broker_that_starts_again_has_the_same_card_unless_its_key_changed() {
        let scene = scene().await;
        assert_eq!(scene.start(1, None).await, Ok((Taken::New, 1)));
        scene.clock.set(scene.clock.now().plus_ms(60_000));
        assert_eq!(scene.start(1, None).await, Ok((Taken::Same, 1)));
        assert_eq!(scene.ledger.size().await.unwrap(), 1, "nothing changed, no leaf");
        assert_eq!(scene.start(2, None).await, Err(Reason::CardKeyChanged));
        assert_eq!(scene.start(2, Some(1)).await, Ok((Taken::Renewed, 2)));
        assert_eq!(scene.start(2, Some(1)).await, Ok((Taken::Same, 2)));
    }
}
