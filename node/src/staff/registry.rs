//! The register of staff in the node's own store.

use std::fmt;
use std::sync::Arc;

use grondslag_certs::{DeskPeer, Serial};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::StaffId;
use grondslag_evidence::store::{Batch, Store, StoreError};

use super::{Person, Staff, StaffError};
use crate::limits::{PAGE, STAFF_MAX, STAFF_REVOKED_MAX};
use crate::secret::NodeSecret;

/// Members of staff by id.
const PREFIX: &[u8] = b"s/p/";

/// The register of staff. Every call reads the store, so that what another process of the same
/// node revoked counts at once.
pub struct Registry {
    store: Arc<dyn Store>,
    secret: Arc<NodeSecret>,
}

impl Registry {
    /// The register in this store, under this node's secret.
    pub fn new(store: Arc<dyn Store>, secret: Arc<NodeSecret>) -> Self {
        Self { store, secret }
    }

    /// The person at the desk, if they may act now.
    ///
    /// # Errors
    /// [`StaffError`] with the reason why not.
    pub async fn person(&self, peer: &DeskPeer, now: Timestamp) -> Result<Person, StaffError> {
        self.admit(peer.staff(), peer.serial(), peer.public_key(), now).await
    }

    /// A person whose desk certificate was verified in another way than a handshake: a second
    /// person, whose certificate came with a signed approval.
    ///
    /// INVARIANT: the caller has verified that the certificate with this serial number was issued
    /// by this node's desk authority, to this person and this key.
    pub(crate) async fn admit(
        &self,
        id: &StaffId,
        serial: &Serial,
        public_key: &[u8; 32],
        now: Timestamp,
    ) -> Result<Person, StaffError> {
        let (staff, _) = self.find(id).await?.ok_or(StaffError::Unknown)?;
        staff.may_act(serial, now)?;
        let pseudonym = self.secret.pseudonym(id);
        Ok(Person { staff, pseudonym, serial: serial.clone(), public_key: *public_key })
    }

    /// Whether somebody may act still: known, not revoked, with a mandate.
    ///
    /// # Errors
    /// [`StaffError`] of the store.
    pub(crate) async fn acts(&self, id: &StaffId, now: Timestamp) -> Result<bool, StaffError> {
        let found = self.find(id).await?;
        Ok(found.is_some_and(|(staff, _)| !staff.revoked && now < staff.mandate_until))
    }

    /// Adds a member of staff.
    ///
    /// # Errors
    /// [`StaffError::Exists`] for an id that is taken; others of the store.
    pub async fn add(&self, staff: &Staff) -> Result<(), StaffError> {
        let key = key(&staff.id);
        let batch = Batch::new().expect_absent(key.as_slice()).put(key.as_slice(), encode(staff)?);
        self.store.commit(batch).await.map_err(|error| match error {
            StoreError::Conflict { .. } => StaffError::Exists,
            other => StaffError::Store(other),
        })
    }

    /// Adds these people, or gives those who are there these names, roles and mandates, in one
    /// commit. Who was revoked stays revoked, and who is not named stays as they are.
    ///
    /// # Errors
    /// [`StaffError`] of the store.
    pub async fn load(&self, people: Vec<Staff>) -> Result<(), StaffError> {
        if people.len() > STAFF_MAX {
            return Err(StaffError::TooMany);
        }
        let mut batch = Batch::new();
        for mut staff in people {
            let key = key(&staff.id);
            batch = match self.find(&staff.id).await? {
                Some((known, value)) => {
                    staff.revoked |= known.revoked;
                    staff.revoked_certificates.extend(known.revoked_certificates);
                    batch.expect_value(key.as_slice(), value)
                }
                None => batch.expect_absent(key.as_slice()),
            };
            batch = batch.put(key, encode(&staff)?);
        }
        Ok(self.store.commit(batch).await?)
    }

    /// Ends that a person may act, whatever certificate they show.
    ///
    /// # Errors
    /// [`StaffError::Unknown`] for an id that is not there; others of the store.
    pub async fn revoke(&self, id: &StaffId) -> Result<(), StaffError> {
        self.change(id, |staff| {
            staff.revoked = true;
            Ok(())
        })
        .await
    }

    /// Ends one desk certificate of a person, who may act with another.
    ///
    /// # Errors
    /// [`StaffError::Unknown`] for an id that is not there; others of the store.
    pub async fn revoke_certificate(
        &self,
        id: &StaffId,
        serial: &Serial,
    ) -> Result<(), StaffError> {
        self.change(id, |staff| {
            if staff.revoked_certificates.len() >= STAFF_REVOKED_MAX {
                return Err(StaffError::TooMany);
            }
            staff.revoked_certificates.insert(serial.as_str().to_owned());
            Ok(())
        })
        .await
    }

    /// Everybody in the register, in order of their ids.
    ///
    /// # Errors
    /// [`StaffError`] of the store.
    pub async fn list(&self) -> Result<Vec<Staff>, StaffError> {
        let mut people = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.store.scan(PREFIX, after.as_deref(), PAGE).await?;
            for pair in &page {
                people.push(decode(&pair.value)?);
            }
            let full = page.len() >= PAGE;
            after = page.into_iter().next_back().map(|pair| pair.key);
            if !full {
                return Ok(people);
            }
        }
    }

    async fn change(
        &self,
        id: &StaffId,
        change: impl Fn(&mut Staff) -> Result<(), StaffError>,
    ) -> Result<(), StaffError> {
        let (mut staff, value) = self.find(id).await?.ok_or(StaffError::Unknown)?;
        change(&mut staff)?;
        let key = key(id);
        let batch = Batch::new().expect_value(key.as_slice(), value).put(key, encode(&staff)?);
        Ok(self.store.commit(batch).await?)
    }

    /// The entry of an id, and its bytes as they stand there.
    async fn find(&self, id: &StaffId) -> Result<Option<(Staff, Vec<u8>)>, StaffError> {
        match self.store.get(&key(id)).await? {
            Some(value) => Ok(Some((decode(&value)?, value))),
            None => Ok(None),
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry(…)")
    }
}

fn key(id: &StaffId) -> Vec<u8> {
    [PREFIX, id.as_str().as_bytes()].concat()
}

fn encode(staff: &Staff) -> Result<Vec<u8>, StaffError> {
    serde_json::to_vec(staff).map_err(|_| StaffError::Damaged)
}

fn decode(bytes: &[u8]) -> Result<Staff, StaffError> {
    serde_json::from_slice(bytes).map_err(|_| StaffError::Damaged)
}

#[cfg(test)]
mod tests {
    use grondslag_core::catalogue::Role;
    use grondslag_core::reason::Reason;
    use grondslag_evidence::store::MemoryStore;

    use super::super::StaffName;
    use super::*;

    fn registry() -> Registry {
        Registry::new(Arc::new(MemoryStore::default()), Arc::new(NodeSecret::of(1)))
    }

    fn id(text: &str) -> StaffId {
        StaffId::parse(text).unwrap()
    }

    fn role(text: &str) -> Role {
        Role::parse(text).unwrap()
    }

    fn staff(text: &str) -> Staff {
        Staff {
            id: id(text),
            name: StaffName::parse("Hanneke Bruin").unwrap(),
            roles: [role("gem.lokaalteam")].into(),
            mandate_until: Timestamp::from_ms(1_000),
            revoked: false,
            revoked_certificates: [].into(),
        }
    }

    fn serial(text: &str) -> Serial {
        Serial::parse(text).unwrap()
    }

    async fn at(registry: &Registry, who: &str, with: &str, ms: i64) -> Result<Person, StaffError> {
        registry.admit(&id(who), &serial(with), &[9; 32], Timestamp::from_ms(ms)).await
    }

    #[tokio::test]
    async fn a_person_in_the_register_acts_until_the_mandate_ends() {
        let registry = registry();
        registry.add(&staff("lokaalteam-1")).await.unwrap();
        let person = at(&registry, "lokaalteam-1", "01", 999).await.unwrap();
        assert_eq!(person.pseudonym(), NodeSecret::of(1).pseudonym(&id("lokaalteam-1")));
        assert_eq!(person.public_key(), &[9; 32]);
        let ended = at(&registry, "lokaalteam-1", "01", 1_000).await.unwrap_err();
        assert_eq!(ended.reason(), Reason::MandateEnded);
        let unknown = at(&registry, "lokaalteam-2", "01", 0).await.unwrap_err();
        assert_eq!(unknown.reason(), Reason::StaffUnknown);
    }

    #[tokio::test]
    async fn a_person_acts_in_the_roles_of_the_mandate_only() {
        let registry = registry();
        registry.add(&staff("a")).await.unwrap();
        let person = at(&registry, "a", "01", 0).await.unwrap();
        assert_eq!(
            person.as_role(&role("gem.lokaalteam")).unwrap().role().as_str(),
            "gem.lokaalteam"
        );
        let refused = person.as_role(&role("gem.doorzetter")).unwrap_err();
        assert_eq!(refused.reason(), Reason::RoleNotHeld);
    }

    #[tokio::test]
    async fn a_revocation_counts_at_the_next_call() {
        let registry = registry();
        registry.add(&staff("a")).await.unwrap();
        registry.revoke_certificate(&id("a"), &serial("0a0b")).await.unwrap();
        let refused = at(&registry, "a", "0A:0B", 0).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::StaffRevoked);
        assert!(at(&registry, "a", "0c", 0).await.is_ok());
        registry.revoke(&id("a")).await.unwrap();
        assert_eq!(at(&registry, "a", "0c", 0).await.unwrap_err(), StaffError::Revoked);
        assert_eq!(registry.revoke(&id("b")).await, Err(StaffError::Unknown));
    }

    #[tokio::test]
    async fn loading_a_file_again_renews_mandates_and_keeps_revocations() {
        let registry = registry();
        registry.load(vec![staff("a"), staff("b")]).await.unwrap();
        registry.revoke(&id("a")).await.unwrap();
        let renew = |text| Staff { mandate_until: Timestamp::from_ms(2_000), ..staff(text) };
        registry.load(vec![renew("a"), renew("c")]).await.unwrap();
        assert_eq!(at(&registry, "a", "01", 0).await.unwrap_err(), StaffError::Revoked);
        assert!(at(&registry, "c", "01", 1_500).await.is_ok());
        assert!(at(&registry, "b", "01", 999).await.is_ok());
        assert_eq!(registry.list().await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn adding_somebody_twice_changes_nothing() {
        let registry = registry();
        registry.add(&staff("a")).await.unwrap();
        let other = Staff { mandate_until: Timestamp::from_ms(9_000), ..staff("a") };
        assert_eq!(registry.add(&other).await, Err(StaffError::Exists));
        assert_eq!(registry.list().await.unwrap(), [staff("a")]);
    }

    #[tokio::test]
    async fn a_name_does_not_show_in_debug_output() {
        assert!(!format!("{:?}", staff("a")).contains("Hanneke"));
    }
}
