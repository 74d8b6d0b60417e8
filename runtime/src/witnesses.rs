//! The region's witnesses in the life of a process: opened at its start, looked at until its end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use grondslag_core::id::Mode;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::Ledger;
use grondslag_evidence::witnesses::{Means, NamedWitnesses};

use crate::config::{ConfigError, Region};
use crate::limits::WITNESSES_INTERVAL_MS;
use crate::run::{Context, StartError};

/// Whether a process of this mode may do with this section. A trial may go without witnesses.
///
/// # Errors
/// [`ConfigError::Refused`] with the setting.
pub fn check(section: Option<&Region>, mode: Mode) -> Result<(), ConfigError> {
    let refused = |sentence| Err(ConfigError::Refused { key: "region.operators", sentence });
    match section.map(|section| section.operators.check()) {
        None if mode == Mode::Demo => Ok(()),
        None => refused("in production two operators of the region and its witnesses are named"),
        Some(Ok(())) => Ok(()),
        Some(Err(_)) => refused("name at least two operators, of different organisations"),
    }
}

/// Opens the region's witnesses, and follows their list until the end; none in a trial without.
///
/// # Errors
/// [`StartError`] when no list holds.
pub async fn open(
    section: Option<&Region>,
    context: &Context,
    ledger: Arc<Ledger>,
) -> Result<Option<Arc<NamedWitnesses>>, StartError> {
    check(section, context.mode())?;
    let Some(section) = section else { return Ok(None) };
    let file = section.witnesses.path().to_owned();
    let told = file.display().to_string();
    let named = NamedWitnesses::open(Means {
        region: context.region.current().root().fingerprint(),
        operators: section.operators.clone(),
        file,
        store: Arc::clone(&context.store),
        ledger,
    });
    let named = named.await.map_err(|reason| {
        StartError::new(reason, format!("{told}: {}", reason.sentence(Lang::En)))
    })?;
    let named = Arc::new(named);
    follow(context, &named)?;
    Ok(Some(named))
}

/// Looks at the file until the end. What is wrong with it is said once, not at every look.
fn follow(context: &Context, named: &Arc<NamedWitnesses>) -> Result<(), StartError> {
    let (named, failing) = (Arc::clone(named), Arc::new(Mutex::<Option<Reason>>::default()));
    context.every(Duration::from_millis(WITNESSES_INTERVAL_MS), move || {
        let (named, failing) = (Arc::clone(&named), Arc::clone(&failing));
        async move {
            let failed = named.refresh().await.err();
            let mut before = failing.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(reason) = failed
                && *before != failed
            {
                tracing::error!(%reason, "the list of witnesses was not taken; the last one counts");
            }
            *before = failed;
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "00000099000000001000+a819a1c1+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
    const TWO: &str = "00000099000000002000+89ad567d+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";

    fn section(lines: &str) -> Region {
        toml::from_str(&format!("witnesses = \"w.json\"\noperators = [{lines}]")).unwrap()
    }

    #[test]
    fn production_names_two_operators_of_two_organisations_and_a_trial_may_name_none() {
        let [one, two] = [ONE, TWO];
        assert!(check(None, Mode::Demo).is_ok());
        assert!(check(None, Mode::Production).is_err());
        for mode in [Mode::Demo, Mode::Production] {
            let check = |lines: &str| check(Some(&section(lines)), mode).is_ok();
            assert!(check(&format!("\"{one}\", \"{two}\"")));
            assert!(!check(&format!("\"{one}\", \"{one}\"")) && !check(&format!("\"{one}\"")));
            assert!(!check(""));
        }
        assert!(toml::from_str::<Region>("witnesses = \"w\"\noperators = [\"x\"]").is_err());
    }
}
