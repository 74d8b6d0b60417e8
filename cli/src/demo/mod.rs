//! `grondslag demo`: a whole fictional region on one machine.
//!
//! Life of a demo: `world` reads the world; `found` makes authority, broker, nodes and desks in a
//! folder (`place`, `home`); `stock` imports every agency's records; `crew` starts broker and
//! nodes, each a process of its own; `driver` plays the storylines as the people of the story, and
//! `acts` what they write down in consent registers;
//! `report` holds what came of it against what the law says; `blind` looks for the children of the
//! world in all that the broker holds; `audit` verifies every log once all processes have ended.

mod acts;
mod audit;
mod blind;
mod crew;
mod driver;
mod escalations;
mod found;
mod handovers;
mod home;
mod limits;
mod load;
mod measure;
mod oversee;
mod own_views;
mod place;
mod report;
mod reviews;
mod rights;
mod serve;
mod step;
mod stock;
mod tell;
mod world;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use grondslag_core::reason::Reason;
use grondslag_policy::bench::decision_ns;
use grondslag_runtime::clock::{ClockError, RegionClockFile};
use grondslag_runtime::shutdown::Shutdown;
use serde_json::json;
use tokio::time::sleep;

use self::acts::{ActSeen, Numbers};
use self::audit::Audited;
use self::blind::BlindCheck;
use self::crew::{BROKER, Crew};
use self::driver::{Desks, Driver};
use self::home::Home;
use self::own_views::OwnViewSeen;
use self::place::{Place, Ports};
use self::report::{Report, judge, refusals};
use self::reviews::ReviewSeen;
use self::rights::RightSeen;
use self::step::Step;
use self::stock::Stocked;
use self::tell::Teller;
use self::world::{Event, Half, Question, World};
use crate::ask::Names;
use crate::exit::{Exit, Failure};
use crate::output::{Output, dim};
use crate::wait::wait;

/// Watch a whole, fictional region work
///
/// Starts an authority, a broker and 17 agencies on this machine, each a process of its own that
/// listens on 127.0.0.1 alone, and plays ten stories of children: what each agency asks, and what
/// the law lets the others answer. Then it serves, and you can ask from a second terminal.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(subcommand)]
    command: Option<DemoCommand>,

    #[command(flatten)]
    play: PlayArgs,
}

#[derive(Debug, Args)]
struct PlayArgs {
    /// Play every story to its end, measure, and stop; fails when a story ends otherwise than the
    /// law says
    #[arg(long)]
    once: bool,

    /// Then look through the broker's memory, folder and traffic for every child of the world;
    /// fails when anything is found
    #[arg(long, requires = "once")]
    blind_check: bool,

    /// Ask so many questions of eight agencies each instead of the stories, drawn by the seed, and
    /// stop: something to audit
    #[arg(long, value_name = "QUESTIONS", conflicts_with = "once")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::LOAD_MAX)))]
    load: Option<u32>,

    /// What is drawn by; the same seed asks the same
    #[arg(long, value_name = "NUMBER", requires = "load", default_value_t = 1)]
    seed: u64,

    /// Make the region in this folder, which must be new or empty, and leave it there
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,

    /// Leave the region's folder when the demo ends
    #[arg(long)]
    keep: bool,

    /// Play another world than the one that came with the program
    #[arg(long, value_name = "FOLDER")]
    world: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum DemoCommand {
    /// Step the clock of a running demo forward
    Advance {
        /// How far: 30m, 1h, 2d
        #[arg(value_name = "STEP")]
        by: Step,
        /// The demo's folder; needed only when several run, or it was started with --dir
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
}

/// Runs `grondslag demo`.
pub(crate) fn run(args: &DemoArgs, out: Output) -> Result<Exit, Failure> {
    let since = Instant::now();
    match &args.command {
        Some(DemoCommand::Advance { by, dir }) => step::advance(*by, dir.as_deref(), out),
        None => wait(live(&args.play, out, since)),
    }
}

/// From an empty folder to the end, which is the last question, a failure or Ctrl-C. The
/// processes end before this returns.
async fn live(args: &PlayArgs, out: Output, since: Instant) -> Result<Exit, Failure> {
    let shutdown = Shutdown::on_signals().map_err(|error| Failure::new(Reason::Internal, error))?;
    let home = Home::make(args.dir.as_deref(), args.keep)?;
    let place = home.place();
    let mut crew = Crew::default();
    let ended = tokio::select! {
        ended = region(args, &place, &mut crew, out, since) => ended,
        // A demo that serves is ended so; one that should have played to its end was not done.
        () = shutdown.requested() => {
            Ok(if args.once || args.load.is_some() { Exit::Refused } else { Exit::Done })
        }
    };
    crew.stop().await;
    if home.stays(args.keep) {
        out.note(&format!(
            "{} {}",
            out.tr("De map blijft staan:", "The folder stays:"),
            place.folder().display()
        ));
    }
    ended
}

async fn region(
    args: &PlayArgs,
    place: &Place,
    crew: &mut Crew,
    out: Output,
    since: Instant,
) -> Result<Exit, Failure> {
    let names = Names::load(out.lang())?;
    let world = world(args, place)?;
    let control = args.blind_check.then(|| blind::control(&world)).transpose()?;
    let (ports, stocked) = start(&world, place, crew, &names, control.as_deref(), out).await?;
    let desks = Desks::new(place, out.lang());
    let steps =
        out.progress(Some(count(&world)), out.tr("wachten op de knooppunten", "waiting for nodes"));
    crew.ready(&world, place, &desks, &|| steps.inc(1)).await?;
    steps.finish_and_clear();
    tell::region(out, &world, &ports);
    let clock = RegionClockFile::open(&place.clock()).map_err(clocked)?;
    let numbers = Numbers::default();
    let driver = Driver { world: &world, desks: &desks, names: &names, clock, numbers };
    let seen = Seen::default();
    let mut show = Show { driver, crew, out, since, stocked, control, seen };
    match args.load {
        Some(count) => show.load(count, args.seed, place).await,
        None if args.once => show.once(place).await,
        None => show.serve(place).await,
    }
}

fn world(args: &PlayArgs, place: &Place) -> Result<World, Failure> {
    if let Some(folder) = &args.world {
        return World::load(folder);
    }
    world::extract(&place.world())?;
    World::load(&place.world())
}

/// Makes the region, imports every register, and starts the processes. With a control for the
/// blind check, records are marked, and the broker and that node copy what passes.
async fn start(
    world: &World,
    place: &Place,
    crew: &mut Crew,
    names: &Names,
    control: Option<&str>,
    out: Output,
) -> Result<(Ports, Stocked), Failure> {
    let mut ports = Ports::find(world)?;
    let steps = out.progress(Some(count(world) + 1), out.tr("sleutels maken", "making keys"));
    found::found(world, place, &ports, &|| steps.inc(1))?;
    steps.finish_and_clear();
    let marked = control.map(|_| place.marked());
    if let Some(marked) = &marked {
        blind::mark(world, marked)?;
    }
    let steps = out.progress(Some(count(world)), out.tr("dossiers inlezen", "importing records"));
    let stocked =
        stock::stock(world, place, names.pack(), marked.as_deref(), &|| steps.inc(1)).await?;
    steps.finish_and_clear();
    if let Some(node) = control {
        crew.tap(node);
    }
    crew.start(world, place, &mut ports).await?;
    Ok((ports, stocked))
}

/// A region that runs, and what was seen of it.
struct Show<'a> {
    driver: Driver<'a>,
    crew: &'a mut Crew,
    out: Output,
    since: Instant,
    stocked: Stocked,
    /// The node on which the blind check shows that it finds what is there.
    control: Option<String>,
    seen: Seen,
}

#[derive(Debug, Default)]
struct Seen {
    halves: Vec<Half>,
    acts: Vec<ActSeen>,
    own_views: Vec<OwnViewSeen>,
    rights: Vec<RightSeen>,
    reviews: Vec<ReviewSeen>,
    questions: usize,
    answers: u64,
    startup: Option<Duration>,
    ask_ms_p50: Option<f64>,
}

impl Show<'_> {
    /// Plays everything, measures, reports, and ends.
    async fn once(&mut self, place: &Place) -> Result<Exit, Failure> {
        let timeline = self.driver.world.timeline();
        let widest = measure::widest(&timeline);
        self.play(&self.driver.world.events(), place).await?;
        // At the end, for who sees the log of that child would see every one of these.
        if let Some(question) = widest {
            self.out.note(&dim(self.out.tr("meten", "measuring")));
            let p50 = measure::ask_ms_p50(&self.driver, question, limits::MEASURED_QUESTIONS);
            self.seen.ask_ms_p50 = Some(p50.await?);
        }
        sleep(Duration::from_millis(limits::REST_MS)).await;
        let mut report = self.report();
        report.withdrawal_ms = self.driver.withdrawal_ms().await?;
        let world = self.driver.world;
        if let Some(node) = &self.control {
            let check = blind::check(world, place, self.crew, node, self.out).await?;
            report.blind_check = Some(check);
        }
        if let Some(question) = widest {
            report.ask_ms_p50_tick = self.ticked(place, question).await?;
        }
        self.crew.stop().await;
        report.audit = Some(audit::audit(world, place, self.out).await?);
        tell::summary(self.out, &report);
        self.out.json(&report)?;
        Ok(verdict(self.out, &report))
    }

    /// Asks many questions, and ends.
    async fn load(&mut self, count: u32, seed: u64, place: &Place) -> Result<Exit, Failure> {
        let steps = self.out.progress(Some(count.into()), self.out.tr("vragen", "questions"));
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let mut loaded = load::load(&self.driver, count, seed, &steps).await?;
        steps.finish_and_clear();
        for wanted in self.driver.world.own_views() {
            loaded.view(&self.driver.view(wanted, place).await?);
        }
        self.crew.still_well()?;
        sleep(Duration::from_millis(limits::REST_MS)).await;
        self.crew.stop().await;
        tell::loaded(self.out, &loaded);
        self.out.json(&json!({ "folder": place.folder(), "load": loaded }))?;
        Ok(Exit::Done)
    }

    /// Measures a question once more, with nodes that hide how long a look-up took.
    async fn ticked(&mut self, place: &Place, question: &Question) -> Result<f64, Failure> {
        let (world, driver) = (self.driver.world, &self.driver);
        let label = self.out.tr("meten met antwoordtik", "measuring with the reply tick");
        let steps = self.out.progress(Some(count(world)), label);
        found::tick_on(world, place)?;
        self.crew.restart_nodes(world, place).await?;
        self.crew.ready(world, place, driver.desks, &|| steps.inc(1)).await?;
        steps.finish_and_clear();
        measure::ask_ms_p50(driver, question, limits::TICKED_QUESTIONS).await
    }

    /// Plays up to the demo's own moment, and serves from there until the end.
    async fn serve(&mut self, place: &Place) -> Result<Exit, Failure> {
        let world = self.driver.world;
        let moment = world.region.clock_demo;
        let events = world.events();
        let past: Vec<Event<'_>> = events.into_iter().filter(|one| one.at() <= moment).collect();
        self.play(&past, place).await?;
        self.driver.step_to(moment)?;
        self.driver.clock.run().map_err(clocked)?;
        serve::invite(self.out, world, place);
        self.out.json(&json!({ "folder": place.folder(), "serving": true }))?;
        serve::look_after(self.out, self.crew).await;
        Ok(Exit::Done)
    }

    async fn play(&mut self, events: &[Event<'_>], place: &Place) -> Result<(), Failure> {
        let mut teller = Teller::new(self.out, self.driver.world);
        for event in events {
            let question = match event {
                Event::Question(question) => *question,
                Event::OwnView(own_view) => {
                    let seen = self.driver.view(own_view, place).await?;
                    self.crew.still_well()?;
                    teller.tell_own_view(own_view, &seen);
                    self.seen.own_views.push(seen);
                    continue;
                }
                Event::Right(step) => {
                    let seen = self.driver.exercise(step).await?;
                    self.crew.still_well()?;
                    teller.tell_right(step, &seen);
                    self.seen.rights.push(seen);
                    continue;
                }
                Event::Review(step) => {
                    let seen = self.driver.review(step, place).await?;
                    self.crew.still_well()?;
                    teller.tell_review(step, &seen);
                    self.seen.reviews.push(seen);
                    continue;
                }
                Event::Act(act) => {
                    let seen = self.driver.write(act).await?;
                    self.crew.still_well()?;
                    teller.tell_act(act, &seen);
                    self.seen.acts.push(seen);
                    continue;
                }
            };
            let played = self.driver.play(question).await?;
            self.crew.still_well()?;
            teller.tell(question, &played);
            if let Ok(answered) = &played.answered {
                self.seen.answers += u64::from(answered.replied);
                let first = answered.first_reply.map(|at| at.duration_since(self.since));
                self.seen.startup = self.seen.startup.or(first);
            }
            self.seen.questions += 1;
            self.seen.halves.extend(played.seen);
        }
        Ok(())
    }

    fn report(&self) -> Report {
        let (world, seen) = (self.driver.world, &self.seen);
        let startup = seen.startup.unwrap_or_default().as_millis();
        let rss = self.crew.pid(BROKER).and_then(measure::rss_mb);
        Report {
            agencies: world.agencies.len(),
            storylines: judge(world, seen),
            questions: seen.questions,
            answers: seen.answers,
            refusals: refusals(&seen.halves),
            startup_ms: u64::try_from(startup).unwrap_or(u64::MAX),
            ask_ms_p50: seen.ask_ms_p50.unwrap_or_default(),
            ask_ms_p50_tick: 0.0,
            withdrawal_ms: None,
            escalation: seen.reviews.iter().find_map(|one| one.file),
            own_view_ms: seen.own_views.iter().map(|one| one.took_ms).max(),
            decision_ns: decision_ns(self.driver.names.pack()),
            import_rows_per_s: self.stocked.rows_per_s(),
            broker_rss_mb: rss.unwrap_or_default(),
            blind_check: None,
            audit: None,
        }
    }
}

/// A story that ended otherwise than the law says makes the whole fail, by name; so does a broker
/// that is not blind, by what was found and where.
fn verdict(out: Output, report: &Report) -> Exit {
    tell::differences(out, &report.storylines);
    let blind = report.blind_check.as_ref();
    if let Some(check) = blind {
        tell::not_blind(out, check);
    }
    if let Some(audited) = &report.audit {
        tell::not_sound(out, audited);
    }
    let told = report.storylines.iter().all(|one| one.ok);
    let sound = report.audit.as_ref().is_some_and(Audited::ok);
    if told && sound && blind.is_none_or(BlindCheck::ok) { Exit::Done } else { Exit::Refused }
}

fn count(world: &World) -> u64 {
    u64::try_from(world.agencies.len()).unwrap_or(u64::MAX)
}

fn clocked(error: ClockError) -> Failure {
    Failure::new(error.reason(), error)
}
