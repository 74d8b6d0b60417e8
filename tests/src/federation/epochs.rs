//! The epochs of a federation: how one ends, and what is left of it.

use std::fs;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use grondslag_broker::admin;
use grondslag_core::blind::Factors;
use grondslag_core::id::Oin;
use grondslag_evidence::store::Store as _;

use super::keys::RegionKeys;
use super::{Federation, LOOK, SETTLE};

impl Federation {
    /// Switches to the next epoch at once, as the broker's operator does, and waits until every
    /// node has met it, has enrolled in it, and holds everybody's new card.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn next_epoch(&self) -> Result<()> {
        let before = self.keys()?;
        admin::rotate(&self.place.file("operator"), self.now()).map_err(anyhow::Error::msg)?;
        let switched = async {
            let (reader, _) = self.agencies().into_iter().next().context("an agency")?;
            let hand = self.hand(&reader)?;
            let channel = self.to_broker(&hand)?;
            while RegionKeys::read(&channel, &hand.region).await?.epoch() == before.epoch() {
                tokio::time::sleep(LOOK).await;
            }
            for (_, agency) in self.agencies() {
                agency.refresh_epoch().await.map_err(anyhow::Error::msg)?;
            }
            self.renewed(&before).await
        };
        tokio::time::timeout(SETTLE, switched).await.context("the epoch did not change")??;
        self.settle().await
    }

    /// Waits until every node holds another card of everybody than the one with the old seal key.
    async fn renewed(&self, before: &RegionKeys) -> Result<()> {
        let agencies = self.agencies();
        for (_, reader) in &agencies {
            for (_, other) in &agencies {
                let old = before.of(&other.oin)?.seal.bytes().to_vec();
                let held = || reader.directory.card(&other.oin).map(|card| card.card().clone());
                while held().map_err(anyhow::Error::msg)?.seal_key == old {
                    let link = Arc::clone(&reader.broker_link);
                    reader.directory.refresh(link.as_ref()).await.map_err(anyhow::Error::msg)?;
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
        Ok(())
    }

    /// The names of an agency's seal keys, the oldest first.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn seal_keys(&self, agency: &str) -> Result<Vec<String>> {
        let files = fs::read_dir(self.place.seal_keys(agency))?;
        let names = files.map(|file| Ok(file?.file_name().to_string_lossy().into_owned()));
        let mut names: Vec<String> = names.collect::<Result<_>>()?;
        names.sort();
        Ok(names)
    }

    /// The broker's factors for an agency in an epoch.
    ///
    /// # Errors
    /// When it has none, or they cannot be read.
    pub fn factors(&self, epoch: u32, oin: &Oin) -> Result<Factors> {
        self.broker_hand()?.holder.context("a broker")?.factors(epoch, oin)
    }

    /// Whether an agency still knows under which pseudonyms it met anybody in an epoch.
    ///
    /// # Errors
    /// When its store cannot be read.
    pub async fn has_index(&self, agency: &str, epoch: u32) -> Result<bool> {
        let prefix = [b"x/".as_slice(), &epoch.to_be_bytes(), b"/e"].concat();
        Ok(!self.store(agency)?.scan(&prefix, None, 1).await?.is_empty())
    }
}
