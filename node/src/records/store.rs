//! The agency's records in the node's own store.

use std::sync::Arc;

use async_trait::async_trait;
use grondslag_core::answer::Record;
use grondslag_core::clock::Timestamp;
use grondslag_evidence::store::Store;
use grondslag_evidence::store::parts::read_body;
use grondslag_subject::{Bsn, Name};
use serde::de::DeserializeOwned;

use super::keys::{self, Entry, LIVE, Table};
use super::shape::{ClientRow, FactRow, Live, decode, in_term};
use super::{
    Client, Dossier, Own, Readiness, Register, RegisterFact, Source, SourceFault, SubjectKey,
};
use crate::answers::verify::Attested;
use crate::limits::{LOOKUPS_MAX, PAGE};
use crate::secret::NodeSecret;

/// Records that were imported into the node's store.
///
/// An import may replace all of them at any moment, in one commit. Every read says afterwards
/// whether the generation it read is still in use, since rows of an old one are being removed.
#[derive(Debug)]
pub struct StoreSource {
    store: Arc<dyn Store>,
    secret: Arc<NodeSecret>,
}

#[async_trait]
impl Source for StoreSource {
    async fn find(
        &self,
        _attested: &Attested,
        key: &SubjectKey,
        at: Timestamp,
    ) -> Result<Option<Client>, SourceFault> {
        self.client_at(key, at).await
    }

    async fn records(
        &self,
        _attested: &Attested,
        client: &Client,
        at: Timestamp,
    ) -> Result<Vec<Record>, SourceFault> {
        self.records_at(client, at).await
    }

    async fn facts(
        &self,
        _attested: &Attested,
        client: &Client,
        at: Timestamp,
    ) -> Result<Vec<RegisterFact>, SourceFault> {
        self.facts_at(client, at).await
    }

    async fn ready(&self) -> Result<Readiness, SourceFault> {
        let live = self.live().await?;
        Ok(Readiness { index_as_of: live.as_of, holds_unnumbered_records: live.unnumbered })
    }
}

#[async_trait]
impl Register for StoreSource {
    async fn subjects(&self) -> Result<Vec<SubjectKey>, SourceFault> {
        for _ in 0..LOOKUPS_MAX {
            let generation = self.live().await?.generation;
            let subjects = self.subjects_of(generation).await;
            if self.live().await?.generation == generation {
                return subjects;
            }
        }
        Err(SourceFault::Changed)
    }

    async fn number(&self, key: &SubjectKey) -> Result<Option<Bsn>, SourceFault> {
        let (_, row) = self.row_of(key).await?;
        row.map(|row| row.number()).transpose()
    }

    async fn dossier(&self, key: &SubjectKey) -> Result<Option<Dossier>, SourceFault> {
        let (_, row) = self.row_of(key).await?;
        let dossier = |row: ClientRow| {
            Ok(Dossier { number: row.number()?, id: row.client, registered: row.from })
        };
        row.map(dossier).transpose()
    }
}

#[async_trait]
impl Own for StoreSource {
    async fn names(&self, bsn: &Bsn) -> Result<Vec<Name>, SourceFault> {
        let key = SubjectKey::of(&self.secret, bsn);
        match self.row_of(&key).await {
            // The last check behind the digest.
            Ok((_, row)) => row.iter().filter(|row| row.is_of(bsn)).map(ClientRow::name).collect(),
            Err(SourceFault::NotReady) => Ok(Vec::new()),
            Err(fault) => Err(fault),
        }
    }

    async fn client(&self, bsn: &Bsn, at: Timestamp) -> Result<Option<Client>, SourceFault> {
        let key = SubjectKey::of(&self.secret, bsn);
        let client = self.client_at(&key, at).await?;
        // The last check behind the digest.
        Ok(client.filter(|client| client.number == *bsn))
    }

    async fn everybody(&self) -> Result<Vec<SubjectKey>, SourceFault> {
        self.subjects().await
    }

    async fn one(&self, key: &SubjectKey, at: Timestamp) -> Result<Option<Client>, SourceFault> {
        self.client_at(key, at).await
    }
}

// INVARIANT: what looks up for somebody else is private; the trait's methods, which demand an
// `Attested`, are the only door.
impl StoreSource {
    /// The records in this store, under this node's secret.
    pub fn new(store: Arc<dyn Store>, secret: Arc<NodeSecret>) -> Self {
        Self { store, secret }
    }

    pub(super) async fn client_at(
        &self,
        key: &SubjectKey,
        at: Timestamp,
    ) -> Result<Option<Client>, SourceFault> {
        let (revision, row) = self.row_of(key).await?;
        let row = row.filter(|row| in_term(row.from, row.until, at));
        let client = |row: ClientRow| {
            Ok(Client {
                number: row.number()?,
                id: row.client,
                birth_date: row.birth_date.into(),
                registered: row.from,
                revision,
            })
        };
        row.map(client).transpose()
    }

    async fn subjects_of(&self, generation: u64) -> Result<Vec<SubjectKey>, SourceFault> {
        let prefix = keys::table_prefix(generation, Table::Client);
        let mut subjects = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.store.scan(&prefix, after.as_deref(), PAGE).await?;
            for pair in &page {
                let key = pair.key.strip_prefix(prefix.as_slice());
                let key = key.and_then(SubjectKey::from_bytes);
                subjects.push(key.ok_or(SourceFault::Damaged)?);
            }
            let full = page.len() >= PAGE;
            after = page.into_iter().next_back().map(|pair| pair.key);
            if !full {
                return Ok(subjects);
            }
        }
    }

    pub(super) async fn records_at(
        &self,
        client: &Client,
        at: Timestamp,
    ) -> Result<Vec<Record>, SourceFault> {
        let mut records: Vec<Record> = self.rows_of(client, Table::Record).await?;
        records.retain(|record| record.dated <= at);
        Ok(records)
    }

    pub(super) async fn facts_at(
        &self,
        client: &Client,
        at: Timestamp,
    ) -> Result<Vec<RegisterFact>, SourceFault> {
        let rows: Vec<FactRow> = self.rows_of(client, Table::Fact).await?;
        let rows = rows.into_iter().filter(|row| in_term(row.from, row.until, at));
        Ok(rows.map(|row| row.fact).collect())
    }

    /// The row of a subject in the generation that is in use, and that generation.
    async fn row_of(&self, key: &SubjectKey) -> Result<(u64, Option<ClientRow>), SourceFault> {
        for _ in 0..LOOKUPS_MAX {
            let generation = self.live().await?.generation;
            let row = keys::entry_key(generation, Table::Client, key.as_bytes());
            let read = self.row::<ClientRow>(&row).await;
            // A row that is missing or in pieces says nothing if its generation is being removed.
            if self.live().await?.generation == generation {
                return read.map(|row| (generation, row));
            }
        }
        Err(SourceFault::Changed)
    }

    async fn rows_of<T: DeserializeOwned>(
        &self,
        client: &Client,
        table: Table,
    ) -> Result<Vec<T>, SourceFault> {
        let entry = keys::client_entry(&self.secret, &client.id);
        let read = self.rows(client.revision, table, &entry).await;
        if self.live().await?.generation == client.revision {
            read
        } else {
            Err(SourceFault::Changed)
        }
    }

    async fn rows<T: DeserializeOwned>(
        &self,
        generation: u64,
        table: Table,
        entry: &Entry,
    ) -> Result<Vec<T>, SourceFault> {
        let prefix = keys::entry_key(generation, table, entry);
        let mut rows = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        // The import bounds the rows of one client.
        loop {
            let page = self.store.scan(&prefix, after.as_deref(), PAGE).await?;
            for pair in &page {
                rows.extend(self.row(&pair.key).await?);
            }
            let full = page.len() >= PAGE;
            after = page.into_iter().next_back().map(|pair| pair.key);
            if !full {
                return Ok(rows);
            }
        }
    }

    async fn row<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, SourceFault> {
        let body = read_body(self.store.as_ref(), key).await?;
        body.map(|body| decode(&body)).transpose()
    }

    async fn live(&self) -> Result<Live, SourceFault> {
        let value = self.store.get(LIVE).await?.ok_or(SourceFault::NotReady)?;
        decode(&value)
    }
}
