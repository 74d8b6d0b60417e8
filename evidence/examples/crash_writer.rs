//! Appends leaves until it is killed, and says of each when it was acknowledged.
//!
//! `crash_writer FOLDER ROUND` prints a line `INDEX LEAF` per acknowledged leaf. The crash test
//! kills it at a random moment and looks whether each of them is still there.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_evidence::ledger::{Entry, Ledger, Means, Signer, Tiles};
use grondslag_evidence::store::{Backend, Batch, Config, open};

/// Writers that share group commits.
const WRITERS: usize = 8;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(folder), Some(round)) = (args.next(), args.next()) else {
        return Err("usage: crash_writer FOLDER ROUND".into());
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
    for writer in 0..WRITERS {
        writers.spawn(write(Arc::clone(&ledger), format!("{round}/{writer}")));
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    Ok(())
}

/// Appends leaf after leaf, every third with a state of several values, and acknowledges each.
async fn write(ledger: Arc<Ledger>, name: String) -> io::Result<()> {
    for n in 0_u64.. {
        let leaf = format!("{name}/{n}");
        let state = match n % 3 {
            0 => (0..4).fold(Batch::new(), |batch, part| {
                batch.put(format!("s/{leaf}/{part}"), vec![0x5a; 5_000])
            }),
            _ => Batch::new().expect_absent(leaf.as_str()).put(leaf.as_str(), ""),
        };
        let about = Digest::of(leaf.as_bytes());
        let entry = Entry { about, leaf: leaf.clone().into_bytes(), state };
        let receipt = ledger.append(entry).await.map_err(io::Error::other)?;
        // One call of write, so that a line is whole or absent.
        io::stdout().write_all(format!("{} {leaf}\n", receipt.index()).as_bytes())?;
    }
    Ok(())
}
