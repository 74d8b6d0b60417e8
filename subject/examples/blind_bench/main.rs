//! What hiding a number costs, on one core.
//!
//! `cargo run --release -p grondslag-subject --example blind_bench [--subjects N] [--json]`. One
//! line per figure with the bound that it must keep. Time is processor time of this thread, so
//! that neighbours count as little as they can; whatever goes over the wire is encoded and decoded
//! again. `--subjects` (100,000 unless told) enrols so many clients in batches of 4,096, the last
//! one filled up.

mod question;

use std::collections::HashMap;
use std::hint::black_box;
use std::io::{self, Write};

use getrandom::SysRng;
use grondslag_core::blind::enrolment::Batch;
use grondslag_core::blind::inbound::{Place, verify_own_key};
use grondslag_core::blind::{
    Element, Encrypted, Evaluated, Factors, InboundKey, Link, Pair, Proof, question as hidden,
};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::limits::ENROL_POINTS_MAX;
use grondslag_core::seal::{self, About, Label, SealSecret, Suite};
use grondslag_subject::Bsn;
use grondslag_subject::pseudonym::{Enrolment, INDEX_LEN, OpeningKey, Shuffled, number_point};
use rand_core::{Rng as _, UnwrapErr};

use self::question::Asker;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const REGION: &str = "drieveen";
const EPOCH: u32 = 1;
const SUBJECTS: usize = 100_000;
const INDEX_ENTRIES: usize = 1_000_000;
const TARGETS: usize = 20;
const RUN_NS: u64 = 1_000_000_000;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words = arguments.iter();
    let (mut subjects, mut json) = (SUBJECTS, false);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => json = true,
            "--subjects" => subjects = words.next().ok_or("--subjects N")?.parse()?,
            _ => return Err("usage: blind_bench [--subjects N] [--json]".into()),
        }
    }
    let world = World::new()?;
    let mut figures = Figures { json, all: serde_json::Map::new() };
    // First, so that the peak of memory is its own.
    let entries = world.enrol(subjects, &mut figures)?;
    world.ask(&mut figures)?;
    world.open(entries, &mut figures)?;
    world.fold(&mut figures)?;
    world.whole(&mut figures)?;
    seal_and_open(&mut figures)?;
    figures.finish()
}

/// What a figure is held to.
#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
    None,
}

struct Figures {
    json: bool,
    all: serde_json::Map<String, serde_json::Value>,
}

impl Figures {
    fn add(&mut self, name: &str, value: f64, unit: &str, bound: Bound) -> Outcome<()> {
        let (held, text) = match bound {
            Bound::AtLeast(least) => (value >= least, format!("at least {least:.0}")),
            Bound::AtMost(most) => (value <= most, format!("at most {most:.0}")),
            Bound::None => (true, "no bound".into()),
        };
        if !self.json {
            let word = if held { "" } else { "  MISSED" };
            writeln!(io::stdout(), "{name:<40} {value:>10.1} {unit:<8} ({text}){word}")?;
        }
        let figure = serde_json::json!({
            "value": (value * 10.0).round() / 10.0, "unit": unit, "bound": text, "held": held,
        });
        self.all.insert(name.into(), figure);
        Ok(())
    }

    /// How often per second of processor time an action can be done.
    fn rate<T>(
        &mut self,
        name: &str,
        bound: Bound,
        mut action: impl FnMut() -> Outcome<T>,
    ) -> Outcome<()> {
        let (start, mut count, mut spent) = (cpu_ns()?, 0_u32, 0);
        while spent < RUN_NS {
            for _ in 0..64 {
                black_box(action()?);
            }
            count += 64;
            spent = cpu_ns()? - start;
        }
        self.add(name, f64::from(count) / seconds(spent), "/s", bound)
    }

    /// How many milliseconds of processor time an action takes.
    fn each_ms<T>(
        &mut self,
        name: &str,
        bound: Bound,
        mut action: impl FnMut() -> Outcome<T>,
    ) -> Outcome<()> {
        let (start, mut count, mut spent) = (cpu_ns()?, 0_u32, 0);
        while spent < RUN_NS {
            black_box(action()?);
            count += 1;
            spent = cpu_ns()? - start;
        }
        self.add(name, seconds(spent) * 1_000.0 / f64::from(count), "ms", bound)
    }

    fn finish(self) -> Outcome<()> {
        if self.json {
            writeln!(io::stdout(), "{}", serde_json::Value::Object(self.all))?;
        }
        Ok(())
    }
}

/// One node behind one key holder.
struct World {
    node: Oin,
    y: OpeningKey,
    factors: Factors,
    link: Link,
    key: InboundKey,
    // The 9,091 test numbers; real ones have no place here.
    numbers: Vec<Bsn>,
}

impl World {
    fn new() -> Outcome<Self> {
        let (node, mut rng) = (Oin::parse("00000099000000001000")?, UnwrapErr(SysRng));
        let (y, factors) = (OpeningKey::random(&mut rng), Factors::random(&mut rng));
        let own = verify_own_key(&node, &y.public(&node, &mut rng))?;
        let place = Place { region: REGION, epoch: EPOCH, node: &node, number: 0 };
        let (inbound, proof) = factors.inbound(&place, &own, &mut rng)?;
        let link = Link { inbound, proof, shuffled: factors.shuffled(None)?, signature: None };
        let key = InboundKey::verify(REGION, EPOCH, &node, &own, &[link], &[])?;
        let digits = (0..100_000).map(|n| format!("9999{n:05}"));
        let numbers = digits.filter_map(|digits| Bsn::parse(&digits).ok()).collect();
        Ok(Self { node, y, factors, link, key, numbers })
    }

    fn numbers(&self) -> impl Iterator<Item = &Bsn> {
        self.numbers.iter().cycle()
    }

    fn pair(&self, number: &Bsn) -> Outcome<[u8; Pair::LEN]> {
        let point = number_point(REGION, number)?;
        let encrypted = Encrypted::new(&point, &[&self.key], &mut UnwrapErr(SysRng))?;
        let two = encrypted.two().first().ok_or("no target")?;
        Ok(Pair { one: encrypted.one(), two: *two }.bytes())
    }

    fn step(&self, pair: &[u8]) -> Outcome<[u8; Pair::LEN]> {
        let pair = Pair::parse(pair)?;
        Ok(self.factors.step(&pair, &self.link.inbound, &mut UnwrapErr(SysRng))?.bytes())
    }

    fn ask(&self, figures: &mut Figures) -> Outcome<()> {
        let mut numbers = self.numbers();
        figures.rate("encrypt for one target", Bound::AtLeast(10_000.0), || {
            self.pair(numbers.next().ok_or("no number")?)
        })?;
        let pairs = self.numbers().take(512).map(|number| self.pair(number));
        let pairs = pairs.collect::<Outcome<Vec<_>>>()?;
        let mut pairs = pairs.iter().cycle();
        figures.rate("step of a key holder", Bound::AtLeast(4_000.0), || {
            self.step(pairs.next().ok_or("no pair")?)
        })
    }

    /// With an index of a million entries, those of the enrolment among them.
    fn open(&self, entries: Vec<[u8; INDEX_LEN]>, figures: &mut Figures) -> Outcome<()> {
        let mut index = HashMap::with_capacity(INDEX_ENTRIES);
        index.extend((0_u32..).zip(entries).map(|(client, entry)| (entry, client)));
        let mut rng = UnwrapErr(SysRng);
        while index.len() < INDEX_ENTRIES {
            let mut entry = [0; INDEX_LEN];
            rng.fill_bytes(&mut entry);
            index.insert(entry, 0);
        }
        let pairs = self.numbers().take(512).map(|number| self.step(&self.pair(number)?));
        let pairs = pairs.collect::<Outcome<Vec<_>>>()?;
        let mut pairs = pairs.iter().cycle();
        figures.rate("open and look up at a node", Bound::AtLeast(10_000.0), || {
            let pair = Pair::parse(pairs.next().ok_or("no pair")?)?;
            let client = index.get(&self.y.open(&pair).index(&INDEX_KEY));
            Ok(*client.ok_or("a client was not found")?)
        })
    }

    /// A question to many targets: here one key many times, which costs the same.
    fn fold(&self, figures: &mut Figures) -> Outcome<()> {
        let (about, keys) = (Digest::of(b"question"), [&self.key; TARGETS]);
        let points = [*self.key.element(); TARGETS];
        let child = number_point(REGION, self.numbers.first().ok_or("no number")?)?;
        let make = || -> Outcome<(Element, Vec<Element>, Proof)> {
            let encrypted = Encrypted::new(&child, &keys, &mut UnwrapErr(SysRng))?;
            let (one, two) = (encrypted.one(), encrypted.two().to_vec());
            Ok((one, two, encrypted.prove(&about, &mut UnwrapErr(SysRng))))
        };
        figures.rate("question to 20 targets with proof", Bound::None, make)?;
        let (one, two, proof) = make()?;
        figures.rate("check of that proof", Bound::None, || {
            Ok(hidden::verify(&about, &one, &two, &points, &proof)?)
        })
    }
}

impl World {
    /// A question to many targets, from the number to what goes over the wire.
    fn whole(&self, figures: &mut Figures) -> Outcome<()> {
        let secret = SealSecret::random(Suite::XWing, &mut UnwrapErr(SysRng));
        let asker = Asker::new(&self.key, secret.public()?, TARGETS)?;
        let mut numbers = self.numbers();
        figures.each_ms("question to 20 targets, whole", Bound::AtMost(8.0), || {
            asker.ask(numbers.next().ok_or("no number")?)
        })
    }
}

/// The node's index key; a fixed one will do here.
const INDEX_KEY: [u8; 32] = [7; 32];

/// Processor time of an enrolment, in nanoseconds.
#[derive(Default)]
struct Spent {
    blind: u64,
    evaluate: u64,
    finish: u64,
}

impl World {
    fn enrol(&self, subjects: usize, figures: &mut Figures) -> Outcome<Vec<[u8; INDEX_LEN]>> {
        let (mut spent, mut entries) = (Spent::default(), Vec::with_capacity(subjects));
        let shuffled = Shuffled::new(&self.link.shuffled);
        let (mut numbers, mut batches) = (self.numbers(), 0);
        while entries.len() < subjects {
            let clients: Vec<&Bsn> = numbers.by_ref().take(ENROL_POINTS_MAX).collect();
            entries.extend(self.enrol_batch(batches, &clients, &shuffled, &mut spent)?);
            batches += 1;
        }
        let count = f64::from(u32::try_from(entries.len())?);
        for (name, ns) in [
            ("enrolment: blind at a node", spent.blind),
            ("enrolment: evaluate at a key holder", spent.evaluate),
            ("enrolment: verify, unblind at a node", spent.finish),
        ] {
            figures.add(name, count / seconds(ns), "/s", Bound::None)?;
        }
        let million = |ns| seconds(ns) * 1e6 / count;
        let (node, holder) = (spent.blind + spent.finish, spent.evaluate);
        figures.add("enrolment: clients", count, "", Bound::None)?;
        figures.add("enrolment: node, in all", seconds(node), "s", Bound::None)?;
        figures.add("enrolment: key holder, in all", seconds(holder), "s", Bound::None)?;
        let bound = Bound::AtMost(100.0);
        figures.add("enrolment: node, per million", million(node), "s", bound)?;
        figures.add("enrolment: key holder, per million", million(holder), "s", bound)?;
        figures.add("enrolment: peak of memory", peak_mb()?, "MB", Bound::AtMost(200.0))?;
        Ok(entries)
    }

    /// Node, wire, key holder, wire, node.
    fn enrol_batch(
        &self,
        number: u64,
        clients: &[&Bsn],
        shuffled: &Shuffled,
        spent: &mut Spent,
    ) -> Outcome<Vec<[u8; INDEX_LEN]>> {
        let batch = Batch { region: REGION, epoch: EPOCH, node: &self.node, number };
        let mut rng = UnwrapErr(SysRng);

        let start = cpu_ns()?;
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let enrolment = Enrolment::new(seed);
        let blind = |(position, number): (u64, &&Bsn)| -> Outcome<Element> {
            Ok(enrolment.blind(position, Some(&number_point(REGION, number)?))?)
        };
        let blinded = (0..).zip(clients).map(blind).collect::<Outcome<Vec<_>>>()?;
        let sent: Vec<_> = blinded.iter().map(Element::bytes).collect();
        let sent_at = cpu_ns()?;

        let received = sent.iter().map(|bytes| Element::parse(bytes));
        let received = received.collect::<Result<Vec<_>, _>>()?;
        let evaluated = self.factors.evaluate(&batch, None, &received, &mut rng)?;
        let answer: Vec<_> = evaluated.points.iter().map(Element::bytes).collect();
        let answered_at = cpu_ns()?;

        let points = answer.iter().map(|bytes| Element::parse(bytes));
        let points = points.collect::<Result<Vec<_>, _>>()?;
        let evaluated = Evaluated { points, proof: evaluated.proof };
        batch.verify(None, &self.link.shuffled, &blinded, &evaluated)?;
        let unblind = |(position, point)| -> Outcome<[u8; INDEX_LEN]> {
            Ok(enrolment.unblind(position, point, shuffled)?.index(&INDEX_KEY))
        };
        let entries = (0..).zip(&evaluated.points).map(unblind).collect::<Outcome<Vec<_>>>()?;
        let end = cpu_ns()?;

        spent.blind += sent_at - start;
        spent.evaluate += answered_at - sent_at;
        spent.finish += end - answered_at;
        Ok(entries)
    }
}

fn seal_and_open(figures: &mut Figures) -> Outcome<()> {
    let (from, to) = (Oin::parse("00000099000000001000")?, Oin::parse("00000099000000002000")?);
    let about = About {
        label: Label::Answer,
        target_id: TargetId::new([7; TargetId::LEN]),
        from: &from,
        to: &to,
        epoch: EPOCH,
        reply_no: 1,
        part: 1,
        last: true,
        answer_by: Timestamp::from_ms(0),
    };
    let secret = SealSecret::random(Suite::XWing, &mut UnwrapErr(SysRng));
    let key = secret.public()?;
    for (name, bytes) in [("4 KiB", 4_096), ("64 KiB", 65_536)] {
        let content = vec![7; seal::room(&key, bytes)];
        let seal = || seal::seal(&key, &about, &content, bytes, &mut UnwrapErr(SysRng));
        let sealed = seal()?;
        figures.rate(&format!("seal {name}, X-Wing"), Bound::None, || Ok(seal()?))?;
        figures.rate(&format!("open {name}, X-Wing"), Bound::None, || {
            Ok(seal::open(&secret, &about, &sealed)?)
        })?;
    }
    Ok(())
}

fn seconds(ns: u64) -> f64 {
    std::time::Duration::from_nanos(ns).as_secs_f64()
}

/// Processor time that this thread has used.
fn cpu_ns() -> Outcome<u64> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(line.split_whitespace().next().ok_or("no processor time")?.parse()?)
}

/// The most memory that this process has had, in megabytes.
fn peak_mb() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kib: u32 = line.trim_end_matches("kB").trim().parse()?;
    Ok(f64::from(kib) / 1_024.0)
}
