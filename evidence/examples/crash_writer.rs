//! Appends leaves until it is killed, and says of each when it was acknowledged.
//!
//! `crash_writer FOLDER ROUND WRITERS` prints a line `INDEX LEAF SIZE ROOT` per acknowledged leaf,
//! the last two of the checkpoint that was shown then. The crash tests kill it at a random moment
//! and look whether all of that is still there.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::merkle::TreeHead;
use grondslag_evidence::ledger::{Entry, Ledger, Means, Signer, Tiles};
use grondslag_evidence::store::parts::put_body;
use grondslag_evidence::store::{Backend, Batch, Config, StoreError, open};

/// A body that a value does not hold.
const BODY_BYTES: usize = 64 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(folder), Some(round), Some(count)) = (args.next(), args.next(), args.next()) else {
        return Err("usage: crash_writer FOLDER ROUND WRITERS".into());
    };
    let owner = Oin::parse("00000099000000001000")?;
    let path = PathBuf::from(folder);
    let tiles = Arc::new(Tiles::folder(path.join("ledger")));
    let config = Config { path, owner, backend: Backend::Sled };
    let store = open(config).await?;
    let clock = Arc::new(SetClock::at(Timestamp::from_ms(0)));
    let (origin, key) = (Origin::parse("crash/1")?, SigningKey::from_bytes(&[1; 32]));
    let signer = Signer { origin, key, previous: None };
    let means = Means { store, clock, name: "crash", tiles, signer };
    let ledger = Arc::new(Ledger::open(means).await?);
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..count.parse::<u32>()? {
        writers.spawn(write(Arc::clone(&ledger), format!("{round}/{writer}")));
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    Ok(())
}

/// Appends leaf after leaf and acknowledges each.
async fn write(ledger: Arc<Ledger>, name: String) -> io::Result<()> {
    for n in 0_u64.. {
        let leaf = format!("{name}/{n}");
        let state = state(&leaf, n).map_err(io::Error::other)?;
        let about = Digest::of(leaf.as_bytes());
        let entry = Entry { about, leaf: leaf.clone().into_bytes(), state };
        let receipt = ledger.append(entry).await.map_err(io::Error::other)?;
        let shown = ledger.checkpoint();
        let TreeHead { size, root } = shown.checkpoint().tree();
        // One call of write, so that a line is whole or absent.
        let line = format!("{} {leaf} {size} {root}\n", receipt.index());
        io::stdout().write_all(line.as_bytes())?;
    }
    Ok(())
}

/// Of every third leaf several values, of some a long body, of the rest one key.
fn state(leaf: &str, n: u64) -> Result<Batch, StoreError> {
    match n % 12 {
        0 | 3 | 6 | 9 => Ok((0..4).fold(Batch::new(), |batch, part| {
            batch.put(format!("s/{leaf}/{part}"), vec![0x5a; 5_000])
        })),
        5 => put_body(Batch::new(), format!("b/{leaf}").as_bytes(), &vec![0xa5; BODY_BYTES]),
        _ => Ok(Batch::new().expect_absent(leaf).put(leaf, "")),
    }
}
