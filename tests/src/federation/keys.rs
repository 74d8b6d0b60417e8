//! Keys of a federation: what questions are hidden and sealed under, as the broker publishes it,
//! and the secrets behind it, for whoever does not keep to the protocol.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use grondslag_certs::SealedFile;
use grondslag_core::blind::inbound::{Place, made_with};
use grondslag_core::blind::{BlindError, Element, Factors, InboundKey, Link, Secret};
use grondslag_core::canonical::Reader;
use grondslag_core::card::{Card, SignedCard};
use grondslag_core::epoch::EpochKeys;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::seal::{About, SealError, SealKey, SealSecret, Suite, open};
use grondslag_proto::v1;
use grondslag_proto::v1::directory_service_client::DirectoryServiceClient;
use grondslag_runtime::channel::within;
use rand_core::UnwrapErr;
use tonic::transport::Channel;

use super::identity::KEY_HOLDER;

const WAIT: Duration = Duration::from_secs(30);
/// As the broker's sealed file of factors is labelled.
const FACTORS: &str = "broker-factors";
const SECRETS: &str = "grondslag/holder-secrets/v1";

/// Randomness for keys and seals.
pub(super) fn rng() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

/// What questions to one agency are hidden and sealed under.
#[derive(Debug, Clone)]
pub struct Addressee {
    /// What is sealed for it.
    pub seal: SealKey,
    /// Its inbound key, proved from its own key on.
    pub inbound: InboundKey,
    /// Which factors a number goes through to it.
    pub made_with: Digest,
}

/// The keys of a region in its current epoch, as the broker publishes them.
#[derive(Debug, Clone)]
pub struct RegionKeys {
    region: String,
    epoch: u32,
    agencies: BTreeMap<Oin, Addressee>,
    /// Sign keys of the key holders beside the broker.
    holders: Vec<[u8; 32]>,
}

impl RegionKeys {
    /// Reads them, and proves every inbound key.
    ///
    /// # Errors
    /// When the broker does not give them, or a key is not proved.
    pub async fn read(broker: &Channel, region: &str) -> Result<Self> {
        let client = DirectoryServiceClient::new(broker.clone());
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        let shown = client.show_epoch(within(v1::ShowEpochRequest {}, WAIT)).await?.into_inner();
        let listed = client.list_cards(within(v1::ListCardsRequest {}, WAIT)).await?.into_inner();
        let epochs = EpochKeys::try_from(shown).map_err(anyhow::Error::msg)?;
        let cards = listed.cards.into_iter().map(|card| Ok(SignedCard::try_from(card)?.card));
        let cards: Vec<Card> = cards.collect::<Result<_, Reason>>().map_err(anyhow::Error::msg)?;
        let beside = cards.iter().filter(|card| card.oin.as_str() == KEY_HOLDER);
        let mut keys = Self {
            region: region.to_owned(),
            epoch: epochs.current,
            agencies: BTreeMap::new(),
            holders: beside.map(|card| card.sign_key).collect(),
        };
        for card in cards {
            let mut links = epochs.nodes.iter().filter(|keys| keys.epoch == epochs.current);
            // A broker has no keys of its own.
            if let Some(links) = links.find(|keys| keys.node == card.oin) {
                let own = card.pseudonym_key.get(..Element::LEN).context("a pseudonym key")?;
                let seal = SealKey::parse(&card.seal_key).map_err(sealed)?;
                let inbound = keys.prove(&card.oin, &Element::parse(own)?, &links.links)?;
                keys.agencies.insert(
                    card.oin,
                    Addressee { seal, inbound, made_with: made_with(&links.links) },
                );
            }
        }
        Ok(keys)
    }

    /// What ties the points of this region together.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The epoch that questions are asked in.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether an agency has keys here.
    pub fn has(&self, oin: &Oin) -> bool {
        self.agencies.contains_key(oin)
    }

    /// What a question to an agency is hidden and sealed under. For one that the broker does not
    /// know, keys are made up.
    ///
    /// # Errors
    /// When none can be made.
    pub fn of(&self, oin: &Oin) -> Result<Addressee> {
        match self.agencies.get(oin) {
            Some(addressee) => Ok(addressee.clone()),
            None => self.made_up(oin),
        }
    }

    fn made_up(&self, oin: &Oin) -> Result<Addressee> {
        let mut rng = rng();
        let factors = Factors::random(&mut rng);
        let own = Element::new(Secret::random(&mut rng).public())?;
        let place = Place { region: &self.region, epoch: self.epoch, node: oin, number: 0 };
        let (inbound, proof) = factors.inbound(&place, &own, &mut rng)?;
        let links = [Link { inbound, proof, shuffled: factors.shuffled(None)?, signature: None }];
        let seal = SealSecret::random(Suite::XWing, &mut rng).public().map_err(sealed)?;
        let inbound = InboundKey::verify(&self.region, self.epoch, oin, &own, &links, &[])?;
        Ok(Addressee { seal, inbound, made_with: made_with(&links) })
    }

    fn prove(&self, oin: &Oin, own: &Element, links: &[Link]) -> Result<InboundKey, BlindError> {
        InboundKey::verify(&self.region, self.epoch, oin, own, links, &self.holders)
    }
}

/// Where the real broker keeps its factors.
#[derive(Debug, Clone)]
pub struct HolderKeys {
    pub(super) factors: PathBuf,
    pub(super) key: PathBuf,
    pub(super) region: String,
}

impl HolderKeys {
    /// The broker's factors for a node in an epoch.
    ///
    /// # Errors
    /// When its file does not open or holds none.
    pub fn factors(&self, epoch: u32, node: &Oin) -> Result<Factors> {
        let content = SealedFile::open(&self.factors, &self.key, FACTORS)?.read()?;
        let content = content.context("the broker has no factors yet")?;
        let mut reader = Reader::new(&content, SECRETS)?;
        for _ in 0..reader.number()? {
            let (of, secret) = (reader.number()?, reader.array::<32>()?);
            if of == u64::from(epoch) {
                return Ok(Factors::derive(&secret, &self.region, epoch, node)?);
            }
        }
        Err(anyhow!("the broker has no factors for epoch {epoch}"))
    }
}

/// Opens what was sealed for an agency, with any of the seal keys in its folder.
///
/// # Errors
/// When none of them opens it.
pub(super) fn open_with(folder: &Path, about: &About<'_>, message: &[u8]) -> Result<Vec<u8>> {
    for file in fs::read_dir(folder)? {
        let bytes = fs::read(file?.path())?;
        let secret = SealSecret::parse(&bytes).map_err(sealed)?;
        if let Ok(content) = open(&secret, about, message) {
            return Ok(content);
        }
    }
    Err(anyhow!(Reason::SealInvalid))
}

pub(super) fn sealed(error: SealError) -> anyhow::Error {
    anyhow!(error.reason())
}
