//! Processes that must not start: wrong configuration, wrong store, wrong rules, taken port.

use std::fs;
use std::net::TcpListener;

use anyhow::{Context as _, Result};
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;
use grondslag_runtime::run::RunError;
use grondslag_tests::federation::lone::Lone;
use grondslag_tests::federation::{quoted, run};

use crate::stage::SCHOOL;

async fn refused(lone: &Lone) -> Result<RunError> {
    match lone.start().await {
        Err(error) => Ok(error),
        Ok(node) => {
            node.kill().await;
            anyhow::bail!("it started")
        }
    }
}

/// The positive control: this node starts, and starts again on what it wrote.
#[test]
fn a_node_starts_and_starts_again() -> Result<()> {
    run(async {
        let lone = Lone::new(SCHOOL)?;
        for _ in 0..2 {
            lone.stop(lone.start().await?).await?;
        }
        Ok(())
    })
}

#[test]
fn a_typo_in_the_configuration_names_line_and_nearest_key() -> Result<()> {
    run(async {
        let lone = Lone::new(SCHOOL)?;
        lone.rewrite(|text| text.replace("reply_tick_ms", "reply_tikc_ms"))?;
        let error = refused(&lone).await?;
        assert_eq!(error.reason(), Reason::ConfigInvalid);
        let told = error.to_string();
        assert!(told.contains("reply_tick_ms") && told.contains(".toml:"), "{told}");
        Ok(())
    })
}

#[test]
fn a_store_of_another_agency_is_refused() -> Result<()> {
    run(async {
        let lone = Lone::new(SCHOOL)?;
        drop(lone.open_store(&Oin::parse("00000099000000001000")?).await?);
        assert_eq!(refused(&lone).await?.reason(), Reason::StoreForeign);
        Ok(())
    })
}

#[test]
fn a_store_of_a_newer_version_is_refused() -> Result<()> {
    run(async {
        let lone = Lone::new(SCHOOL)?;
        let own = Oin::parse("00000099990100010000")?;
        let store = lone.open_store(&own).await?;
        store.commit(Batch::new().put("!/format", 2_u32.to_be_bytes())).await?;
        drop(store);
        assert_eq!(refused(&lone).await?.reason(), Reason::StoreNewer);
        Ok(())
    })
}

#[test]
fn a_store_in_use_is_refused_and_its_holder_goes_on() -> Result<()> {
    run(async {
        let lone = Lone::new(SCHOOL)?;
        let node = lone.start().await?;
        assert_eq!(refused(&lone).await?.reason(), Reason::StoreInUse);
        let health = node.agency.store.health().await;
        assert!(health.writable, "{health:?}");
        node.stop().await?;
        Ok(())
    })
}

#[test]
fn a_store_folder_that_cannot_be_written_is_refused() -> Result<()> {
    run(async {
        let lone = Lone::new(SCHOOL)?;
        // A file where the folder should be: that holds for every user.
        let folder = lone.store_folder();
        fs::create_dir_all(folder.parent().context("a parent")?)?;
        fs::write(&folder, "not a folder")?;
        assert_eq!(refused(&lone).await?.reason(), Reason::StoreUnwritable);
        assert_eq!(fs::read_to_string(&folder)?, "not a folder", "nothing was overwritten");
        Ok(())
    })
}

#[test]
fn an_overlay_with_a_permit_is_refused() -> Result<()> {
    run(async {
        let lone = Lone::new(SCHOOL)?;
        let overlay = lone.file("overlay.toml");
        let row = |outcome: &str| {
            format!(
                "[[row]]\nid = \"own-1\"\noutcome = \"{outcome}\"\nlegal = [\"bw-7:457\"]\n\
                 text = {{ nl = \"Eigen regel.\", en = \"Own rule.\" }}\n\
                 when = {{ requester_kind = [\"gem\"], purpose = [\"D03\"], category = [\"G10\"] }}\n"
            )
        };
        let named = quoted(&overlay);
        lone.rewrite(|text| format!("{text}\n[policy]\noverlay = {named}\n"))?;
        fs::write(&overlay, row("hold"))?;
        lone.stop(lone.start().await?).await?;
        fs::write(&overlay, row("permit"))?;
        let error = refused(&lone).await?;
        assert_eq!(error.reason(), Reason::LocalPermit);
        assert!(error.to_string().contains("own-1"), "{error}");
        Ok(())
    })
}

#[test]
fn a_port_in_use_is_named() -> Result<()> {
    run(async {
        let lone = Lone::new(SCHOOL)?;
        let taken = TcpListener::bind("127.0.0.1:0")?;
        let address = taken.local_addr()?.to_string();
        lone.rewrite(|text| text.replacen("127.0.0.1:0", &address, 1))?;
        let error = refused(&lone).await?;
        assert_eq!(error.reason(), Reason::PortInUse);
        assert!(error.to_string().contains(&address), "{error}");
        Ok(())
    })
}

#[test]
fn a_key_that_others_can_read_stops_the_start() -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    run(async {
        let lone = Lone::new(SCHOOL)?;
        let open = lone.file("open.key");
        let identities = grondslag_tests::federation::identity::Identities::shared()?;
        fs::copy(identities.agency(SCHOOL)?.join("sign.key"), &open)?;
        fs::set_permissions(&open, fs::Permissions::from_mode(0o644))?;
        let own = identities.agency(SCHOOL)?.join("sign.key");
        lone.rewrite(|text| text.replace(&quoted(&own), &quoted(&open)))?;
        assert_eq!(refused(&lone).await?.reason(), Reason::PermissionsOpen);
        Ok(())
    })
}
