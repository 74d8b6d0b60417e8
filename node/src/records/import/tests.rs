//! Journeys of an import: files on disk, a store in memory, and what a look-up then finds.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use grondslag_core::answer::{About, LayerError, Record};
use grondslag_core::tier::Tier;
use grondslag_evidence::store::MemoryStore;
use grondslag_evidence::store::faulty::{Fault as StoreFault, FaultyStore};
use grondslag_subject::Bsn;
use tempfile::TempDir;

use super::*;
use crate::records::keys::{LIVE, ROWS, STAGING};
use crate::records::{Client, Own, RegisterFact, Source, StoreSource, SubjectKey};

const CLIENTS: &str = "client,bsn,given_names,prefix,family_name,birth_date,from,until\n";
const RECORDS: &str = "client,category,about,dated,source,t1,t2,t3,t4,t5\n";
const FACTS: &str = "client,column,value,from,until,for_kind,for_purposes,for_categories\n";
const NOOR: &str = "V-1,999940004,Noor,,Terpstra,2018-11-02,2026-03-01,\n";
const SEM: &str = "V-2,999940016,Sem,de,Wit,2022-05-19,2026-03-01,2026-03-31\n";
const RECORD: &str = "V-1,G05,child,2026-03-10T12:20,dossier,Een team.,,Belt {third:oma}.,,\n";
const FACT: &str = "V-1,measure,ots,2026-05-12,2027-05-11,gi gem,D09,G05 G10\n";

struct Words;

impl Vocabulary for Words {
    fn category_exists(&self, category: &Category) -> bool {
        ["G05", "G10"].contains(&category.as_str())
    }
    fn kind_exists(&self, kind: &Kind) -> bool {
        ["gem", "gi"].contains(&kind.as_str())
    }
    fn purpose_exists(&self, purpose: &Purpose) -> bool {
        purpose.as_str() == "D09"
    }
    fn fact_value_exists(&self, column: &str, value: &str) -> bool {
        (column, value) == ("measure", "ots")
    }
}

/// A node's store and a folder with files to import.
struct World {
    folder: TempDir,
    store: Arc<dyn Store>,
    secret: Arc<NodeSecret>,
    files: Files,
}

fn world() -> World {
    world_on(Arc::new(MemoryStore::default()))
}

fn world_on(store: Arc<dyn Store>) -> World {
    World {
        folder: tempfile::tempdir().unwrap(),
        store,
        secret: Arc::new(NodeSecret::of(1)),
        files: Files::default(),
    }
}

fn terms() -> Terms<'static> {
    Terms {
        mode: Mode::Demo,
        bsn_right: true,
        vocabulary: &Words,
        skip_bad: false,
        as_of: moment("2026-09-15T09:00"),
    }
}

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn bsn(text: &str) -> Bsn {
    Bsn::parse(text).unwrap()
}

impl World {
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> Vec<PathBuf> {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        vec![path]
    }

    fn clients(&mut self, rows: &str) -> &mut Self {
        self.files.clients = self.file("clients.csv", format!("{CLIENTS}{rows}"));
        self
    }

    fn records(&mut self, rows: &str) -> &mut Self {
        self.files.records = self.file("records.csv", format!("{RECORDS}{rows}"));
        self
    }

    fn facts(&mut self, rows: &str) -> &mut Self {
        self.files.facts = self.file("facts.csv", format!("{FACTS}{rows}"));
        self
    }

    async fn import(&self) -> Result<Report, ImportError> {
        self.import_with(terms()).await
    }

    async fn import_with(&self, terms: Terms<'_>) -> Result<Report, ImportError> {
        import(&self.store, &self.secret, &self.files, &terms, &mut |_| ()).await
    }

    /// The one problem that refuses the import.
    async fn refused(&self, terms: Terms<'_>) -> Problem {
        match self.import_with(terms).await.unwrap_err() {
            ImportError::Refused { mut problems, further: 0 } if problems.len() == 1 => {
                problems.remove(0)
            }
            other => panic!("{other:?}"),
        }
    }

    fn source(&self) -> StoreSource {
        StoreSource::new(self.store.clone(), self.secret.clone())
    }

    fn key(&self, number: &str) -> SubjectKey {
        SubjectKey::of(&self.secret, &bsn(number))
    }

    async fn find(&self, number: &str, at: &str) -> Option<Client> {
        self.source().client_at(&self.key(number), moment(at)).await.unwrap()
    }

    async fn records_of(&self, number: &str, at: &str) -> Vec<Record> {
        let client = self.find(number, at).await.unwrap();
        self.source().records_at(&client, moment(at)).await.unwrap()
    }

    async fn facts_of(&self, number: &str, at: &str) -> Vec<RegisterFact> {
        let client = self.find(number, at).await.unwrap();
        self.source().facts_at(&client, moment(at)).await.unwrap()
    }

    /// Generations of which rows stand in the store.
    async fn generations(&self) -> Vec<u64> {
        let rows = self.store.scan(ROWS, None, 1_000).await.unwrap();
        let mut seen: Vec<_> =
            rows.iter().filter_map(|pair| super::super::keys::generation_of(&pair.key)).collect();
        seen.dedup();
        seen
    }
}

#[tokio::test]
async fn what_is_imported_is_found_from_its_own_moment_on() {
    let mut world = world();
    let report = world.clients(&[NOOR, SEM].concat()).records(RECORD).facts(FACT).import().await;
    assert_eq!(report.unwrap(), Report { clients: 2, records: 1, facts: 1, ..Report::default() });

    assert!(world.find("999940004", "2026-02-28T23:59").await.is_none());
    let noor = world.find("999940004", "2026-03-01T00:00").await.unwrap();
    assert_eq!(noor.id.as_str(), "V-1");
    assert_eq!(noor.registered, moment("2026-03-01T00:00"));
    assert!(world.find("999940028", "2026-06-01T00:00").await.is_none());

    assert!(world.records_of("999940004", "2026-03-10T12:19").await.is_empty());
    let records = world.records_of("999940004", "2026-03-10T12:20").await;
    assert_eq!(records[0].about, About::Child);
    assert_eq!(records[0].layers.keys().copied().collect::<Vec<_>>(), [Tier::T1, Tier::T3]);

    assert!(world.facts_of("999940004", "2026-05-11T23:59").await.is_empty());
    let facts = world.facts_of("999940004", "2027-05-11T23:59").await;
    assert_eq!((facts[0].column.as_str(), facts[0].for_kind.len()), ("measure", 2));
    assert!(world.facts_of("999940004", "2027-05-12T00:00").await.is_empty());
}

#[tokio::test]
async fn a_client_is_one_through_the_last_day_and_no_longer() {
    let mut world = world();
    world.clients(SEM).import().await.unwrap();
    assert!(world.find("999940016", "2026-03-31T23:59").await.is_some());
    assert!(world.find("999940016", "2026-04-01T00:00").await.is_none());
}

#[tokio::test]
async fn a_register_that_was_never_loaded_is_not_ready_and_holds_no_names() {
    let world = world();
    let source = world.source();
    assert_eq!(source.ready().await, Err(SourceFault::NotReady));
    let found = source.client_at(&world.key("999940004"), moment("2026-06-01T00:00")).await;
    assert_eq!(found.unwrap_err().reason(), Reason::NotReady);
    assert!(source.names(&bsn("999940004")).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_loaded_register_says_what_it_covers() {
    let mut world = world();
    world.clients(NOOR).import().await.unwrap();
    let ready = world.source().ready().await.unwrap();
    assert_eq!(ready.index_as_of, terms().as_of);
    assert!(!ready.holds_unnumbered_records);
    // An empty number is no problem: the client is not enrolled, and the register says so.
    world.clients("V-9,,Sophie,,Jansen,2015-03-14,2025-01-01,\n");
    world.records("V-9,G05,child,2026-01-01,dossier,Bekend.,,,,\n").import().await.unwrap();
    assert!(world.source().ready().await.unwrap().holds_unnumbered_records);
}

#[tokio::test]
async fn the_asker_learns_the_names_in_their_own_register_only() {
    let mut world = world();
    world.clients(&[NOOR, SEM].concat()).import().await.unwrap();
    let names = world.source().names(&bsn("999940016")).await.unwrap();
    assert_eq!(names[0].expose(), "Sem de Wit");
    assert!(world.source().names(&bsn("999940028")).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_import_replaces_the_register_as_a_whole() {
    let mut world = world();
    world.clients(&[NOOR, SEM].concat()).records(RECORD).import().await.unwrap();
    world.clients(NOOR).records("").import().await.unwrap();
    assert!(world.find("999940016", "2026-03-02T00:00").await.is_none());
    assert!(world.records_of("999940004", "2026-09-01T00:00").await.is_empty());
    assert_eq!(world.generations().await, [2]);
}

#[tokio::test]
async fn a_client_found_before_an_import_is_not_read_after_it() {
    let mut world = world();
    world.clients(NOOR).records(RECORD).import().await.unwrap();
    let found = world.find("999940004", "2026-06-01T00:00").await.unwrap();
    world.import().await.unwrap();
    let read = world.source().records_at(&found, moment("2026-06-01T00:00")).await;
    assert_eq!(read, Err(SourceFault::Changed));
}

#[tokio::test]
async fn a_bad_row_in_the_middle_leaves_the_old_content() {
    let mut world = world();
    world.clients(NOOR).records(RECORD).import().await.unwrap();
    let bad = "V-3,999940029,Iris,,Vos,1990-01-01,2026-03-01,\n";
    world.clients(&[SEM, bad, NOOR].concat());
    let problem = world.refused(terms()).await;
    assert_eq!((problem.line, problem.column.as_deref()), (3, Some("bsn")));
    assert_eq!(problem.fault, Fault::BsnInvalid);
    assert!(world.find("999940016", "2026-03-02T00:00").await.is_none());
    assert_eq!(world.records_of("999940004", "2026-09-01T00:00").await.len(), 1);
    assert_eq!(world.generations().await, [1]);
    assert_eq!(world.store.get(STAGING).await, Ok(None));
}

#[tokio::test]
async fn bad_rows_are_skipped_and_reported_when_asked() {
    let mut world = world();
    let bad = "V-3,999940029,Iris,,Vos,1990-01-01,2026-03-01,\n";
    world.clients(&[bad, NOOR].concat());
    world.records(&["V-3,G05,child,2026-03-10,dossier,Een team.,,,,\n", RECORD].concat());
    let report = world.import_with(Terms { skip_bad: true, ..terms() }).await.unwrap();
    assert_eq!((report.clients, report.records), (1, 1));
    let faults: Vec<_> = report.skipped.iter().map(|p| (p.line, p.fault)).collect();
    assert_eq!(faults, [(2, Fault::BsnInvalid), (2, Fault::ClientRefused)]);
    assert_eq!(world.records_of("999940004", "2026-09-01T00:00").await.len(), 1);
}

#[tokio::test]
async fn every_bad_field_of_a_client_has_its_own_fault() {
    for (row, column, fault) in [
        (",999940004,Noor,,T,2018-11-02,2026-03-01,", "client", Fault::Empty),
        ("V-1,999940004,Noor,,T,2018-11-02,2026-03-01,", "client", Fault::ClientTwice),
        ("V-5,999940028,Iris,,V,1990-01-01,2026-03-01,", "bsn", Fault::BsnTwice),
        ("V-5,999940029,Iris,,V,1990-01-01,2026-03-01,", "bsn", Fault::BsnInvalid),
        ("V-5,123456782,Iris,,V,1990-01-01,2026-03-01,", "bsn", Fault::BsnNotAdmitted),
        ("V-5,,,van,,1990-01-01,2026-03-01,", "family_name", Fault::BadName),
        ("V-5,,Iris,,V,01-01-1990,2026-03-01,", "birth_date", Fault::BadDate),
        ("V-5,,Iris,,V,1990-02-30,2026-03-01,", "birth_date", Fault::BadDate),
        ("V-5,,Iris,,V,2026-09-16,2026-03-01,", "birth_date", Fault::BornLater),
        ("V-5,,Iris,,V,1990-01-01,maart,", "from", Fault::BadMoment),
        ("V-5,,Iris,,V,1990-01-01,,", "from", Fault::Empty),
        ("V-5,,Iris,,V,1990-01-01,2026-03-01,nooit", "until", Fault::BadMoment),
        ("V-5,,Iris,,V,1990-01-01,2026-03-01,2026-02-28", "until", Fault::EndsBeforeStart),
    ] {
        let mut world = world();
        let first = "V-1,999940028,Iris,,Vos,1990-01-01,2026-03-01,\n";
        let problem = world.clients(&format!("{first}{row}\n")).refused(terms()).await;
        let found = (problem.line, problem.column.as_deref(), problem.fault);
        assert_eq!(found, (3, Some(column), fault), "{row}");
    }
}

#[tokio::test]
async fn every_bad_field_of_a_record_has_its_own_fault() {
    for (row, column, fault) in [
        ("V-8,G05,child,2026-03-10,d,x,,,,", "client", Fault::ClientUnknown),
        ("V-1,G99,child,2026-03-10,d,x,,,,", "category", Fault::UnknownCategory),
        ("V-1,,child,2026-03-10,d,x,,,,", "category", Fault::Empty),
        ("V-1,G05,kind,2026-03-10,d,x,,,,", "about", Fault::BadAbout),
        ("V-1,G05,child,10-03-2026,d,x,,,,", "dated", Fault::BadMoment),
        ("V-1,G05,child,2026-03-10,d,,,,,", "t1", Fault::NoLayer),
        ("V-1,G05,child,2026-03-10,d,x,{place:y,,,", "t2", Fault::BadMark(LayerError::Brace)),
        ("V-1,G05,child,2026-03-10,d,x,,,,{plek:y}", "t5", Fault::BadMark(LayerError::Mark)),
        ("V-1,G05,child,2026-03-10,d,x\u{7},,,,", "t1", Fault::BadText),
    ] {
        let mut world = world();
        let problem = world.clients(NOOR).records(&format!("{row}\n")).refused(terms()).await;
        let found = (problem.file.as_str(), problem.line, problem.column.as_deref());
        assert_eq!(found, ("records.csv", 2, Some(column)), "{row}");
        assert_eq!(problem.fault, fault, "{row}");
    }
}

#[tokio::test]
async fn a_fact_of_another_word_than_the_catalogues_is_refused() {
    for (row, column, fault) in [
        ("V-1,measure,otss,2026-05-12,,,,", "value", Fault::UnknownFact),
        ("V-1,measure,ots,2026-05-12,,vt,,", "for_kind", Fault::UnknownKind),
        ("V-1,measure,ots,2026-05-12,,,D09 D10,", "for_purposes", Fault::UnknownPurpose),
        ("V-1,measure,ots,2026-05-12,,,,G5", "for_categories", Fault::UnknownCategory),
    ] {
        let mut world = world();
        let problem = world.clients(NOOR).facts(&format!("{row}\n")).refused(terms()).await;
        assert_eq!((problem.column.as_deref(), problem.fault), (Some(column), fault), "{row}");
    }
}

#[tokio::test]
async fn a_party_without_a_bsn_right_imports_no_numbers() {
    let mut world = world();
    let problem = world.clients(NOOR).refused(Terms { bsn_right: false, ..terms() }).await;
    assert_eq!(problem.fault.reason(), Reason::NoBsnRight);
    world.clients("V-9,,Sophie,,Jansen,2015-03-14,2025-01-01,\n");
    assert!(world.import_with(Terms { bsn_right: false, ..terms() }).await.is_ok());
}

#[tokio::test]
async fn production_refuses_test_numbers() {
    let mut world = world();
    let production = Terms { mode: Mode::Production, ..terms() };
    let problem = world.clients(NOOR).refused(production).await;
    assert_eq!(problem.fault.reason(), Reason::BsnNotAdmitted);
}

#[tokio::test]
async fn a_file_in_another_encoding_is_refused_even_when_skipping() {
    let utf16: Vec<u8> = CLIENTS.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xff\xfe".as_slice(), utf16.as_slice()].concat();
    let latin = [CLIENTS.as_bytes(), b"V-1,,Zo\xeb,,T,2018-11-02,2026-03-01,\n"].concat();
    for (content, line) in [(utf16, 1), (marked, 1), (latin, 2)] {
        let mut world = world();
        world.files.clients = world.file("clients.csv", content);
        let skipping = Terms { skip_bad: true, ..terms() };
        let error = world.import_with(skipping).await.unwrap_err();
        assert_eq!(error.reason(), Reason::ImportEncoding);
        let ImportError::Refused { problems, .. } = error else { panic!("{error}") };
        assert_eq!(problems[0].line, line);
        assert_eq!(world.store.get(LIVE).await, Ok(None));
    }
}

#[tokio::test]
async fn a_byte_order_mark_semicolons_and_another_order_of_columns_are_accepted() {
    let mut world = world();
    let text = "\u{feff}bsn;client;given_names;prefix;family_name;from;until;birth_date\r\n\
                999940004;V-1;Noor;;\"Terp;stra\";2026-03-01;;2018-11-02\r\n";
    world.files.clients = world.file("clients.csv", text);
    world.import().await.unwrap();
    let names = world.source().names(&bsn("999940004")).await.unwrap();
    assert_eq!(names[0].expose(), "Noor Terp;stra");
}

#[tokio::test]
async fn a_wrong_header_names_the_column_and_the_nearest() {
    let header = CLIENTS.trim_end();
    for (header, column, fault) in [
        (
            header.replace("birth_date", "birthdate"),
            "birthdate",
            Fault::UnknownColumn(Some("birth_date")),
        ),
        (header.replace(",until", ""), "until", Fault::MissingColumn),
        (header.replace("prefix", "bsn"), "bsn", Fault::ColumnTwice),
        (NOOR.trim_end().to_owned(), "1", Fault::UnknownColumn(None)),
    ] {
        let mut world = world();
        world.files.clients = world.file("clients.csv", format!("{header}\n{NOOR}"));
        let problem = world.refused(Terms { skip_bad: true, ..terms() }).await;
        let found = (problem.line, problem.column.as_deref(), problem.fault);
        assert_eq!(found, (1, Some(column), fault), "{header}");
        assert_eq!(problem.fault.reason(), Reason::ImportHeaderBad);
    }
}

#[tokio::test]
async fn an_empty_and_a_missing_file_are_told_apart() {
    let mut world = world();
    world.files.clients = world.file("clients.csv", "");
    assert_eq!(world.refused(terms()).await.fault, Fault::NoHeader);
    world.files.clients = vec![world.folder.path().join("absent.csv")];
    assert_eq!(world.import().await.unwrap_err().reason(), Reason::FileUnreadable);
}

#[tokio::test]
async fn a_row_with_a_field_too_few_is_named_by_its_line_behind_a_text_of_two_lines() {
    let mut world = world();
    world.clients(NOOR);
    world.records("V-1,G05,child,2026-03-10,d,\"twee\nregels\",,,,\nV-1,G05,child\n");
    let problem = world.refused(terms()).await;
    assert_eq!((problem.line, problem.fault), (4, Fault::FieldCount));
}

#[tokio::test]
async fn a_quote_that_never_closes_does_not_fill_the_memory() {
    let mut world = world();
    let endless = format!("V-1,\"{}", "x".repeat(400 * 1_024));
    let problem = world.clients(&endless).refused(terms()).await;
    assert_eq!((problem.line, problem.fault), (2, Fault::RowTooLong));
}

#[tokio::test]
async fn json_lines_have_the_same_names_and_the_same_rules() {
    let mut world = world();
    let noor = r#"{"client":"V-1","bsn":"999940004","given_names":"Noor","family_name":"Terpstra",
"birth_date":"2018-11-02","from":"2026-03-01","until":null}"#
        .replace('\n', "");
    world.files.clients = world.file("clients.jsonl", format!("\u{feff}{noor}\n\n"));
    world.records(RECORD).import().await.unwrap();
    assert_eq!(world.records_of("999940004", "2026-09-01T00:00").await.len(), 1);

    for (from, to, column, fault) in [
        ("\"999940004\"", "999940004", Some("31"), Fault::NotText),
        ("birth_date", "birthdate", Some("birthdate"), Fault::UnknownColumn(Some("birth_date"))),
        ("given_names", "client", Some("client"), Fault::ColumnTwice),
        ("999940004", "999940005", Some("bsn"), Fault::BsnInvalid),
        ("{", "", Some("8"), Fault::NotJson),
    ] {
        world.files.clients =
            world.file("clients.jsonl", format!("\n{}", noor.replacen(from, to, 1)));
        world.files.records = Vec::new();
        let problem = world.refused(terms()).await;
        assert_eq!((problem.line, problem.fault), (2, fault), "{to}");
        assert_eq!(problem.column.as_deref(), column, "{to}");
    }
    assert_eq!(world.records_of("999940004", "2026-09-01T00:00").await.len(), 1);
}

#[tokio::test]
async fn a_long_record_comes_back_whole_and_goes_as_a_whole() {
    let mut world = world();
    let text = "Een lange zin met een eind. ".repeat(1_000);
    world.clients(NOOR);
    world.records(&format!("V-1,G05,child,2026-03-10,d,x,,,,{text}\n")).import().await.unwrap();
    let records = world.records_of("999940004", "2026-09-01T00:00").await;
    assert_eq!(records[0].layers[&Tier::T5].without(&[]).0, text.trim());
    world.records("").import().await.unwrap();
    let parts = grondslag_evidence::store::parts::PREFIX;
    assert!(world.store.scan(parts, None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_store_that_fails_at_any_commit_leaves_the_old_or_the_new_content() {
    // Fail each commit of the second import in turn, with and without the write having landed.
    for fault in [StoreFault::Lost, StoreFault::Landed] {
        for commit in 1..=4 {
            let faulty = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
            let mut world = world_on(faulty.clone());
            world.clients(NOOR).records(RECORD).import().await.unwrap();
            world.clients(SEM).records("");
            faulty.fail_commit(commit, fault);
            let imported = world.import().await.is_ok();
            // Staging, rows, flip, removal of old rows: past the flip the import is done.
            let done = commit == 4 || (commit == 3 && fault == StoreFault::Landed);
            assert_eq!(imported, done, "{fault:?} {commit}");
            let new = world.find("999940016", "2026-03-02T00:00").await.is_some();
            let old = world.find("999940004", "2026-03-02T00:00").await.is_some();
            assert_eq!((old, new), (!done, done), "{fault:?} {commit}");
            if old {
                assert_eq!(world.records_of("999940004", "2026-09-01T00:00").await.len(), 1);
            }
            // The next import succeeds and leaves nothing behind.
            world.import().await.unwrap();
            assert_eq!(world.generations().await.len(), 1, "{fault:?} {commit}");
        }
    }
}

#[tokio::test]
async fn an_import_that_was_overtaken_publishes_nothing() {
    let mut world = world();
    world.clients(NOOR).import().await.unwrap();
    let first = Stage::begin(world.store.clone()).await.unwrap();
    world.clients(SEM).import().await.unwrap();
    let overtaken = first.publish(terms().as_of, false).await.unwrap_err();
    assert_eq!(overtaken.reason(), Reason::Busy);
    assert!(world.find("999940016", "2026-03-02T00:00").await.is_some());
}

#[tokio::test]
async fn at_most_a_hundred_problems_are_listed_and_all_are_counted() {
    let mut world = world();
    let rows: Vec<_> = (0..150).map(|n| format!("V-{n},1,X,,Y,2018-11-02,2026-03-01,\n")).collect();
    let error = world.clients(&rows.concat()).import().await.unwrap_err();
    let ImportError::Refused { problems, further } = &error else { panic!("{error}") };
    assert_eq!((problems.len(), *further), (100, 50));
    assert!(error.to_string().ends_with("(11-proof) (and 149 more)"), "{error}");
}

#[tokio::test]
async fn no_problem_repeats_what_stands_in_the_file() {
    let mut world = world();
    world.clients("V-1,999940005,Noor,,Terpstra,2018-11-02,2026-03-01,\n");
    let text = world.import().await.unwrap_err().to_string();
    for personal in ["999940005", "Noor", "Terpstra", "2018", "V-1"] {
        assert!(!text.contains(personal), "{text}");
    }
}

#[tokio::test]
async fn progress_ends_at_the_size_of_the_files() {
    let mut world = world();
    let rows: Vec<_> =
        (0..1_500).map(|n| format!("V-{n},,X,,Y,2018-11-02,2026-03-01,\n")).collect();
    world.clients(&rows.concat());
    let mut seen = Vec::new();
    let mut note = |progress| seen.push(progress);
    import(&world.store, &world.secret, &world.files, &terms(), &mut note).await.unwrap();
    assert!(seen.len() > 2);
    assert!(seen.windows(2).all(|pair| pair[0].bytes_done <= pair[1].bytes_done));
    let last: &Progress = seen.last().unwrap();
    assert_eq!((last.rows, last.bytes_done), (1_500, last.bytes_total));
}
