//! The operators of a federation, and the witnesses that they named.

use std::fs;

use anyhow::{Context as _, Result};
use ed25519_dalek::SigningKey;
use grondslag_certs::Root;
use grondslag_core::id::Oin;
use grondslag_core::operators::Operator;
use grondslag_core::witnesses::{SignedWitnessList, WitnessList};
use grondslag_runtime::config::{Region, WITNESSES_FILE};
use grondslag_runtime::rules;

use super::party::Place;

/// Who the witnesses are, and how long they have.
#[derive(Debug, Clone)]
pub(super) struct Witnessed {
    /// Agencies of the world.
    pub(super) witnesses: Vec<String>,
    /// How many of them, from the first on, an operator let begin.
    pub(super) begun: usize,
    /// Seconds to cover an answer.
    pub(super) grace_s: u64,
}

impl Witnessed {
    /// Whether an operator let this witness begin.
    pub(super) fn has_begun(&self, id: &str) -> bool {
        self.witnesses.iter().take(self.begun).any(|witness| witness == id)
    }
}

/// The keys of two operators, of no agency of the world.
fn operators() -> Result<[(Oin, SigningKey); 2]> {
    let operator = |number: u8| -> Result<(Oin, SigningKey)> {
        let oin = Oin::parse(&format!("0000009999000000{number}000"))?;
        Ok((oin, SigningKey::from_bytes(&[number; 32])))
    };
    Ok([operator(1)?, operator(2)?])
}

impl Place {
    /// Has two operators sign the list of witnesses, for everybody to read.
    pub(super) fn name_witnesses(&mut self, witnessed: Option<Witnessed>) -> Result<()> {
        if let Some(witnessed) = &witnessed {
            let root = Root::load(&self.identities.ca().join("ca.pem"))?;
            let world = self.identities.world();
            let oins = witnessed.witnesses.iter().map(|id| world.agency(id)?.oin());
            let witnesses = oins.collect::<Result<_>>()?;
            let list = WitnessList { region: root.fingerprint(), seq: 1, witnesses };
            let document = list.canonical();
            let signatures = operators()?;
            let signatures =
                signatures.iter().map(|(oin, key)| Operator::sign(oin, key, &document));
            let signed = SignedWitnessList { signatures: signatures.collect(), list };
            let file = self.file(WITNESSES_FILE);
            fs::write(&file, serde_json::to_vec(&signed)?).context("the list of witnesses")?;
        }
        self.witnessed = witnessed;
        Ok(())
    }

    /// The section that pins the operators.
    pub(super) fn region_section(&self) -> String {
        let Ok(operators) = operators() else { return String::new() };
        let operators = operators.map(|(oin, key)| Operator::new(oin, &key));
        match self.witnessed {
            Some(_) => Region::section(&operators, rules::testing::officers().all()),
            None => String::new(),
        }
    }
}
