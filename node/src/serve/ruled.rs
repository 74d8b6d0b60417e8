//! The rules that a node begins with.

use std::sync::Arc;

use grondslag_evidence::ledger::Ledger;
use grondslag_policy::Pack;
use grondslag_runtime::config::Place;
use grondslag_runtime::rules::{self, Rules};
use grondslag_runtime::run::{Context, StartError};

use super::{check_section, policy, read};
use crate::config::NodeConfig;
use crate::limits::TEXT_FILE_BYTES_MAX;
use crate::own_rules::OwnRules;

/// The region's rules, and the node's own on top.
pub(super) async fn all_rules(
    config: &NodeConfig,
    context: &Context,
    ledger: &Arc<Ledger>,
) -> Result<(Rules, Option<OwnRules>), StartError> {
    let folder = config.policy.folder.as_ref().map(Place::path);
    let rules = rules::open(context, config.region.as_ref(), folder, Arc::clone(ledger)).await?;
    let pack = rules.now();
    check_section(&config.agency, &pack)?;
    let own = own_rules(config, &pack)?;
    Ok((rules, own))
}

/// The node's own rules. A node does not start when they do not fit the region's, and is not ready
/// when that comes about later (`Agency::overlay_on`).
fn own_rules(config: &NodeConfig, pack: &Pack) -> Result<Option<OwnRules>, StartError> {
    let Some(file) = &config.policy.overlay else {
        return Ok(None);
    };
    let text = read(file.path(), TEXT_FILE_BYTES_MAX)?;
    let name = file.path().display().to_string();
    let own = OwnRules::new(config.agency.kind.clone(), name, text);
    own.on(pack).map_err(policy)?;
    Ok(Some(own))
}
