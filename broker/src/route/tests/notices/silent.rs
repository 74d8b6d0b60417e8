//! Senders that do not ask again, and more notices than are counted.

use std::io;

use grondslag_core::limits::NOTICE_SILENT_MS;
use grondslag_runtime::config::Log;
use grondslag_runtime::telemetry;

use super::*;
use crate::limits::NOTICES_WAITING_MAX;

const MISSED: State = State::Unreachable(Reason::Unreachable);

impl Scene {
    fn pass(&self, ms: i64) {
        self.clock.set(self.clock.now().plus_ms(ms));
    }

    /// How many wait after one turn of the sweep. Nobody opens `Deliver` for it.
    async fn swept(&self) -> usize {
        self.broker.notices.sweep(self.clock.now()).await.unwrap();
        let kept = self.kept().await;
        let asked = self.broker.notices.may_ask(&oin(SCHOOL)).await;
        assert_eq!(asked, if kept > 0 { Err(Reason::NotReady) } else { Ok(()) });
        kept
    }

    /// How a notice of the asker ended at the school.
    async fn note(&self, id: [u8; 16], state: State) {
        self.noted(&self.asked(), id, state).await;
    }

    /// What the asker's notices are parts of.
    fn asked(&self) -> Inquiry {
        Inquiry::parse(question(self, &["G32"], is_notice), self.clock.now()).unwrap()
    }

    async fn noted(&self, inquiry: &Inquiry, id: [u8; 16], state: State) {
        let notice = Notice::of(inquiry, NoticeId::new(id)).unwrap();
        let states = [(oin(SCHOOL), state)];
        self.broker.notices.note(&notice, &states, self.clock.now()).await.unwrap();
    }
}

/// What is logged.
#[derive(Debug, Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    /// Takes what this thread logs as long as the guard lives.
    fn take() -> (Self, tracing::subscriber::DefaultGuard) {
        let page = Self::default();
        let lines = telemetry::subscriber(&Log::default(), Box::new(page.clone()));
        (page, tracing::subscriber::set_default(lines))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn a_silent_sender_is_dropped_after_its_time_and_not_before() {
    let scene = plenty(&[(SCHOOL, away())]).await;
    scene.bring(1).await;
    // However long the target is away.
    scene.pass(40 * 24 * 3_600 * 1_000);
    assert_eq!(scene.swept().await, 1);
    assert_eq!(scene.waiting().await, 1, "it is back");
    // It opens again and again: the time does not begin anew.
    scene.pass(NOTICE_SILENT_MS - 1_000);
    assert_eq!((scene.waiting().await, scene.swept().await), (1, 1));
    scene.pass(1_000);
    assert_eq!((scene.waiting().await, scene.swept().await), (1, 1));
    scene.pass(1);
    assert_eq!((scene.swept().await, scene.waiting().await), (0, 0));
}

#[tokio::test]
async fn the_warning_names_both_agencies_and_no_number() {
    let (page, _taken) = Page::take();
    let scene = plenty(&[(SCHOOL, away())]).await;
    scene.bring(1).await;
    scene.note(*b"notice-number-16", MISSED).await;
    scene.waiting().await;
    scene.pass(NOTICE_SILENT_MS + 1);
    scene.swept().await;
    let text = page.text();
    let warned: Vec<&str> = text.lines().filter(|line| line.contains("WARN")).collect();
    let [line] = warned.as_slice() else { panic!("{text}") };
    assert!(
        line.contains(ASKER) && line.contains(SCHOOL) && line.contains("\"count\":2"),
        "{line}"
    );
    for number in [hex::encode(ID), hex::encode(b"notice-number-16"), "notice-number".into()] {
        assert!(!text.contains(&number), "{text}");
    }
}

#[tokio::test]
async fn a_sender_that_still_asks_is_not_silent() {
    let scene = plenty(&[(SCHOOL, away())]).await;
    scene.bring(1).await;
    scene.note([1; 16], MISSED).await;
    for inquiry in 2..6 {
        scene.waiting().await;
        scene.pass(NOTICE_SILENT_MS);
        // One try speaks for both.
        scene.bring(inquiry).await;
        scene.pass(1);
        assert_eq!(scene.swept().await, 2);
    }
    scene.waiting().await;
    scene.pass(NOTICE_SILENT_MS + 1);
    assert_eq!(scene.swept().await, 0);
}

/// A target that replied can be reached, also when it opens nothing.
#[tokio::test]
async fn what_a_sender_does_not_ask_after_a_reply_is_dropped() {
    let scene = plenty(&[]).await;
    scene.note([1; 16], MISSED).await;
    scene.note([2; 16], MISSED).await;
    scene.note([1; 16], State::Replied).await;
    scene.pass(NOTICE_SILENT_MS);
    assert_eq!(scene.swept().await, 1);
    scene.pass(1);
    assert_eq!(scene.swept().await, 0);
}

#[tokio::test]
async fn a_restart_begins_the_time_anew() {
    let mut scene = plenty(&[(SCHOOL, away())]).await;
    scene.bring(1).await;
    scene.waiting().await;
    scene.pass(NOTICE_SILENT_MS);
    let store = Arc::clone(&scene.broker.store);
    Arc::get_mut(&mut scene.broker).unwrap().notices = Notices::open(store).await.unwrap();
    scene.pass(1);
    assert_eq!(scene.swept().await, 1);
    scene.waiting().await;
    scene.pass(NOTICE_SILENT_MS + 1);
    assert_eq!(scene.swept().await, 0);
}

#[tokio::test]
async fn a_sweep_that_cannot_write_drops_nothing_and_is_done_again() {
    for (fault, left) in [(Fault::Lost, 1), (Fault::Landed, 0)] {
        let scene = plenty(&[(SCHOOL, away())]).await;
        scene.bring(1).await;
        scene.waiting().await;
        scene.pass(NOTICE_SILENT_MS + 1);
        scene.store.fail_commit_of(b"bn/", fault);
        assert!(scene.broker.notices.sweep(scene.clock.now()).await.is_err());
        assert_eq!(scene.waiting().await, left, "{fault:?}");
        scene.pass(NOTICE_SILENT_MS + 1);
        assert_eq!(scene.swept().await, 0);
    }
}

#[tokio::test]
async fn no_more_than_the_bound_are_counted_of_one_sender_and_all_are_dropped_at_once() {
    let (page, _taken) = Page::take();
    let scene = plenty(&[]).await;
    let id = |n: u32| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        id
    };
    let inquiry = scene.asked();
    for n in 0..NOTICES_WAITING_MAX {
        scene.noted(&inquiry, id(n), MISSED).await;
    }
    assert!(!page.text().contains("WARN"));
    scene.note(id(NOTICES_WAITING_MAX), MISSED).await;
    assert_eq!(scene.waiting().await, NOTICES_WAITING_MAX);
    assert!(page.text().contains("no more notices are counted"));
    // Those that wait are asked again all the same.
    scene.note(id(0), MISSED).await;
    scene.note(id(1), State::Replied).await;
    scene.note(id(NOTICES_WAITING_MAX), MISSED).await;
    assert_eq!(scene.waiting().await, NOTICES_WAITING_MAX);
    // Counted anew, page by page, they are as many.
    let reopened = Notices::open(Arc::clone(&scene.broker.store)).await.unwrap();
    assert_eq!(reopened.opened(&oin(SCHOOL), scene.clock.now()).await, Ok(NOTICES_WAITING_MAX));
    scene.pass(NOTICE_SILENT_MS + 1);
    assert_eq!(scene.swept().await, 0);
}

#[tokio::test]
async fn what_is_no_waiting_notice_is_corrupt() {
    let scene = plenty(&[]).await;
    for key in ["bn/x", "bn/00000099000000002000/00000099000000001000/short"] {
        let store = Arc::new(MemoryStore::default());
        let batch = grondslag_evidence::store::Batch::new().put(key, "{}");
        store.commit(batch).await.unwrap();
        assert_eq!(Notices::open(store).await.err(), Some(Reason::StoreCorrupt), "{key}");
    }
    assert_eq!(scene.waiting().await, 0);
}
