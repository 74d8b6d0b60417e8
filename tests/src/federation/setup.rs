//! Who takes part in a federation, and how it starts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use futures_util::future::try_join_all;
use grondslag_core::clock::{SetClock, Timestamp};

use super::Federation;
use super::between::{Between, Lies};
use super::identity::Identities;
use super::party::{At, BrokerParty, HolderParty, NodeParty, Place};
use super::witnesses::Witnessed;

/// Who takes part, and how.
#[derive(Clone)]
pub struct Setup {
    agencies: Vec<String>,
    at: String,
    fanout_ms: u64,
    bulk: bool,
    empty: Vec<String>,
    identities: Option<Arc<Identities>>,
    budget: Option<u64>,
    steps_per_day: Option<u64>,
    reply_tick_ms: u64,
    behind: BTreeMap<String, Lies>,
    unready: Vec<String>,
    key_holder: bool,
    telemetry: Option<String>,
    witnessed: Option<Witnessed>,
    on_disk: bool,
}

impl Setup {
    /// These agencies, at the demo's own moment, in memory.
    pub fn of<'a>(agencies: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            agencies: agencies.into_iter().map(ToOwned::to_owned).collect(),
            at: "2026-06-02T10:15".to_owned(),
            fanout_ms: 10_000,
            bulk: false,
            empty: Vec::new(),
            identities: None,
            budget: None,
            steps_per_day: None,
            reply_tick_ms: 0,
            behind: BTreeMap::new(),
            unready: Vec::new(),
            key_holder: false,
            telemetry: None,
            witnessed: None,
            on_disk: false,
        }
    }

    /// With stores on disk: who starts again has what it had.
    #[must_use]
    pub fn on_disk(mut self) -> Self {
        self.on_disk = true;
        self
    }

    /// At another moment.
    #[must_use]
    pub fn at(mut self, at: &str) -> Self {
        at.clone_into(&mut self.at);
        self
    }

    /// With another deadline for all nodes together.
    #[must_use]
    pub fn fanout_ms(mut self, ms: u64) -> Self {
        self.fanout_ms = ms;
        self
    }

    /// With the generated records too.
    #[must_use]
    pub fn with_bulk(mut self) -> Self {
        self.bulk = true;
        self
    }

    /// One agency that never imported anything.
    #[must_use]
    pub fn without_records(mut self, agency: &str) -> Self {
        self.empty.push(agency.to_owned());
        self.unready(agency)
    }

    /// One agency that cannot answer at first: nobody waits until it can.
    #[must_use]
    pub fn unready(mut self, agency: &str) -> Self {
        self.unready.push(agency.to_owned());
        self
    }

    /// One agency that meets a broker which lies to it, and to nobody else.
    #[must_use]
    pub fn behind(mut self, agency: &str, lies: Lies) -> Self {
        self.behind.insert(agency.to_owned(), lies);
        self
    }

    /// With certificates of its own, which the test may revoke.
    #[must_use]
    pub fn identities(mut self, identities: Arc<Identities>) -> Self {
        self.identities = Some(identities);
        self
    }

    /// With so many questions a day of one person, and twice as many of an agency: at every node
    /// and at the broker.
    #[must_use]
    pub fn budget(mut self, questions: u64) -> Self {
        self.budget = Some(questions);
        self
    }

    /// With a key holder that makes so many steps a day for one agency: one per target.
    #[must_use]
    pub fn steps_per_day(mut self, steps: u64) -> Self {
        self.steps_per_day = Some(steps);
        self
    }

    /// With nodes that answer on a tick.
    #[must_use]
    pub fn reply_tick_ms(mut self, ms: u64) -> Self {
        self.reply_tick_ms = ms;
        self
    }

    /// With a second key holder, of another organisation than the broker's.
    #[must_use]
    pub fn with_key_holder(mut self) -> Self {
        self.key_holder = true;
        self
    }

    /// With this section about telemetry in everybody's configuration.
    #[must_use]
    pub fn telemetry(mut self, section: String) -> Self {
        self.telemetry = Some(section);
        self
    }

    /// With these witnesses, of whom the first so many began, and so many seconds for them to cover
    /// an answer.
    #[must_use]
    pub fn witnessed(mut self, witnesses: &[&str], begun: usize, grace_s: u64) -> Self {
        let witnesses = witnesses.iter().map(ToString::to_string).collect();
        self.witnessed = Some(Witnessed { witnesses, begun, grace_s });
        self
    }

    /// Starts everybody and waits until they know each other.
    ///
    /// # Errors
    /// Why somebody could not start.
    pub async fn start(self) -> Result<Federation> {
        let identities = match &self.identities {
            Some(own) => own.clone(),
            None => Identities::shared()?,
        };
        let clock = Arc::new(SetClock::at(Timestamp::parse(&self.at)?));
        let mut place =
            Place::new(identities, clock, &self.agencies, self.on_disk, self.fanout_ms)?;
        (place.budget, place.reply_tick_ms) = (self.budget, self.reply_tick_ms);
        place.steps_per_day = self.steps_per_day;
        place.telemetry = self.telemetry;
        place.name_witnesses(self.witnessed)?;
        let key_holder = if self.key_holder {
            place.admit_key_holder()?;
            Some(HolderParty::start(&place, At::default()).await?)
        } else {
            None
        };
        place.key_holder = key_holder.as_ref().map(|holder| holder.address);
        let broker = BrokerParty::start(&place).await?;
        let endpoint = broker.address.to_string();
        let mut between = BTreeMap::new();
        for (id, lies) in self.behind {
            let liar = Between::start(&place, &id, &endpoint, lies).await?;
            between.insert(id, liar.to_string());
        }
        let nodes = self.agencies.iter().map(|id| {
            let records = (!self.empty.contains(id)).then_some(self.bulk);
            let endpoint = between.get(id).unwrap_or(&endpoint);
            NodeParty::start(&place, id, endpoint, records, At::default())
        });
        let nodes = try_join_all(nodes).await?;
        let nodes = self.agencies.iter().cloned().zip(nodes.into_iter().map(Some)).collect();
        let federation = Federation {
            place,
            endpoint,
            broker,
            key_holder: Mutex::new(key_holder),
            nodes: Mutex::new(nodes),
            unready: self.unready,
            keys: Mutex::default(),
            desks: Mutex::default(),
        };
        federation.settle().await?;
        Ok(federation)
    }
}
