//! What a node enrolled, seen by its own privacy officer, and an operator who does not wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::TryStreamExt as _;
use grondslag_core::blind::enrolment::digest_of_wire;
use grondslag_core::canonical::Reader;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, Store, parts};
use grondslag_node::records::import::{Files, Terms, import};
use grondslag_node::secret::NodeSecret;
use grondslag_policy::Pack;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use grondslag_proto::v1::node_operator_service_client::NodeOperatorServiceClient;
use grondslag_proto::v1::opening::Shown as Wire;
use grondslag_runtime::channel::{reason_of, within};
use grondslag_subject::Bsn;
use grondslag_subject::pseudonym::Canary;
use grondslag_subject::pseudonym::spot_check::{Shown, Verdict, draw_from, judge_in};
use grondslag_tests::federation::between::Lies;
use grondslag_tests::federation::desk::{Desk, Turned};
use grondslag_tests::federation::hand::Plea;
use grondslag_tests::federation::{Federation, Setup, run};

use crate::stage::{NOBODY, NOOR, NOW, SAFETY, SCHOOL, VT, line, records, wish};

const WAIT: Duration = Duration::from_secs(60);
const SEED: [u8; 32] = [3; 32];
/// The record of a spot check.
const KIND: &str = "grondslag/record/spot-check/v1";

async fn region() -> Result<Federation> {
    Setup::of([VT, SCHOOL]).at(NOW).start().await
}

fn officer(federation: &Federation, agency: &str) -> Result<Desk> {
    federation.desk(agency, &federation.world().privacy_officer(agency)?.id)
}

/// What a school's officer finds in so many positions, verified at their own desk.
async fn spot_check(federation: &Federation, count: u32) -> Result<Vec<Verdict>> {
    let (desk, region) = (officer(federation, SCHOOL)?, federation.hand(SCHOOL)?.region);
    let (epoch, batches) = desk.batches(0).await?;
    let sizes: Vec<u64> = batches.iter().map(|batch| batch.points).collect();
    let drawn = draw_from(&SEED, &sizes, usize::try_from(count)?);
    let listed = u64::try_from(batches.len())?;
    let request = v1::OpenPositionsRequest { epoch, batches: listed, seed: SEED.to_vec(), count };
    let (opened, closed) = desk.open_positions(request).await?;
    assert_eq!(closed.broker, "agree", "{closed:?}");
    let mut verdicts = Vec::new();
    for (drawn, opened) in drawn.iter().zip(&opened) {
        let batch = batches.get(drawn.batch).context("a batch")?;
        assert_eq!(opened.number, batch.number);
        assert_eq!(opened.noted, batch.digest, "as at the broker");
        let digest = digest_of_wire(&opened.points).context("points")?;
        assert_eq!(digest.as_bytes().as_slice(), batch.digest, "as in the node's ledger");
        let positions: Vec<u64> = opened.openings.iter().map(|one| one.position).collect();
        assert_eq!(positions, drawn.positions);
        for one in &opened.openings {
            let shown = shown(one)?;
            verdicts.push(judge_in(&region, &opened.points, one.position, &one.rho, &shown));
        }
    }
    let of = |verdict| verdicts.iter().filter(|one| **one == verdict).count();
    let own = [closed.clients, closed.canaries, closed.padding, closed.not_opening];
    let own = own.into_iter().chain([closed.without_dossier, closed.strangers]);
    let own = own.map(usize::try_from);
    let own: Vec<usize> = own.collect::<Result<_, _>>()?;
    assert_eq!(own, Verdict::ALL.map(of), "the node counts as its officer does");
    Ok(verdicts)
}

fn shown(opening: &v1::Opening) -> Result<Shown> {
    Ok(match opening.shown.clone() {
        None => Shown::Nothing,
        Some(Wire::Padding(_)) => Shown::Padding,
        Some(Wire::Canary(digits)) => Shown::Canary(Canary::parse(&digits)?),
        Some(Wire::Stranger(one)) => {
            let number = Bsn::parse(&one.subject);
            Shown::Stranger(number.map_err(|error| anyhow::anyhow!(error.reason()))?)
        }
        Some(Wire::Client(client)) => {
            assert!(!client.file_number.is_empty() && client.registered_ms > 0);
            let number = Bsn::parse(&client.subject);
            Shown::Client(number.map_err(|error| anyhow::anyhow!(error.reason()))?)
        }
    })
}

/// Changes the first kept batch of a node so that one client stands there as padding.
async fn plant(federation: &Federation, agency: &str) -> Result<()> {
    let store: Arc<dyn Store> = federation.store(agency)?;
    let mut key = b"x/".to_vec();
    key.extend([0, 0, 0, 1]);
    key.extend(b"/b\0\0\0\0\0\0\0\0");
    let body = parts::read_body(store.as_ref(), &key).await?.context("the first batch")?;
    let mut kept: serde_json::Value = serde_json::from_slice(&body)?;
    let places = kept.get_mut("places").and_then(|places| places.as_array_mut());
    // 63 is the mark of a client.
    let client = places
        .context("places")?
        .iter_mut()
        .find(|place| place.as_str().is_some_and(|place| place.starts_with("63")));
    *client.context("a client")? = "".into();
    store.commit(parts::delete_body(store.as_ref(), Batch::new(), &key).await?).await?;
    let body = serde_json::to_vec(&kept)?;
    Ok(store.commit(parts::put_body(Batch::new(), &key, &body)?).await?)
}

#[test]
fn a_privacy_officer_sees_that_only_own_clients_are_enrolled_and_finds_a_planted_one() -> Result<()>
{
    run(async {
        let federation = region().await?;
        let broker = federation.broker_store();
        let honest = spot_check(&federation, 500).await?;
        assert_eq!(honest.len(), 256, "all there are");
        assert!(honest.iter().all(|verdict| verdict.is_sound()), "{honest:?}");
        let of = |verdict| honest.iter().filter(|one| **one == verdict).count();
        assert!(of(Verdict::Client) > 0 && of(Verdict::Canary) == 8);
        assert_eq!(spot_check(&federation, 60).await?.len(), 60);

        plant(&federation, SCHOOL).await?;
        let lying = spot_check(&federation, 500).await?;
        let found = lying.iter().filter(|verdict| **verdict == Verdict::NotOpening).count();
        assert_eq!(found, 1, "the positive control");

        // Who, when and what is recorded at the node; nothing of it reaches the broker.
        let leaves = records(&federation, SCHOOL, KIND).await?;
        assert_eq!(leaves.len(), 3);
        let id = &federation.world().privacy_officer(SCHOOL)?.id;
        let mut reader = Reader::new(leaves.last().context("a record")?, KIND)?;
        assert_eq!(reader.text()?, id);
        let values = broker.scan(b"", None, 10_000).await?.into_iter().map(|pair| pair.value);
        let all = values.collect::<Vec<_>>().concat();
        assert!(!all.is_empty() && !all.windows(9).any(|part| part == NOOR.as_bytes()));
        Ok(())
    })
}

#[test]
fn nobody_but_the_agencys_own_privacy_officer_draws() -> Result<()> {
    run(async {
        let federation = region().await?;
        let stranger = federation.desk(VT, "triage-1")?;
        let refused = |turned: Turned| turned.reason();
        assert_eq!(stranger.batches(0).await.map_err(refused), Err(Reason::RoleNotHeld));
        let request =
            || v1::OpenPositionsRequest { epoch: 1, batches: 1, seed: SEED.to_vec(), count: 60 };
        let opened = stranger.open_positions(request()).await.map_err(refused);
        assert_eq!(opened, Err(Reason::RoleNotHeld));
        // An officer of another agency has no way in: their certificate is of another desk.
        let other = federation.world().privacy_officer(VT)?.id.clone();
        let folder = federation.identities().person(VT, &other)?;
        let turned = federation.desk_with(SCHOOL, &folder)?.batches(0).await;
        assert!(turned.is_err(), "{turned:?}");

        let own = officer(&federation, SCHOOL)?;
        for (request, why) in [
            (v1::OpenPositionsRequest { count: 0, ..request() }, Reason::Malformed),
            (v1::OpenPositionsRequest { count: 501, ..request() }, Reason::TooLarge),
            (v1::OpenPositionsRequest { batches: 9, ..request() }, Reason::Malformed),
            (v1::OpenPositionsRequest { epoch: 7, ..request() }, Reason::EpochStale),
            (v1::OpenPositionsRequest { seed: vec![], ..request() }, Reason::Malformed),
        ] {
            assert_eq!(own.open_positions(request).await.map_err(refused), Err(why));
        }
        assert_eq!(records(&federation, SCHOOL, KIND).await?, Vec::<Vec<u8>>::new());
        assert_eq!(records(&federation, VT, KIND).await?, Vec::<Vec<u8>>::new());
        Ok(())
    })
}

/// A pupil comes to the register of a school that runs.
async fn come(federation: &Federation, number: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let clients = folder.path().join("clients.csv");
    let header = "client,bsn,given_names,prefix,family_name,birth_date,from,until";
    let row = format!("L-1,{number},Nieuw,,Kind,2018-01-02,2026-06-01,");
    std::fs::write(&clients, format!("{header}\n{row}\n"))?;
    let (pack, agency) = (Pack::builtin()?, federation.agency(SCHOOL)?);
    let terms = Terms {
        mode: agency.mode,
        bsn_right: true,
        vocabulary: pack.catalogue(),
        skip_bad: false,
        as_of: federation.now(),
    };
    let secret = federation.identities().agency(SCHOOL)?.join("node.secret");
    let (secret, store) = (NodeSecret::load(&secret)?, federation.store(SCHOOL)?);
    let store: Arc<dyn Store> = store;
    let files = Files { clients: vec![clients], records: vec![], facts: vec![] };
    import(&store, &secret, &files, &terms, &mut |_| ()).await?;
    Ok(())
}

/// Has the school's node enrol at once, at somebody's word.
async fn enrol_now(federation: &Federation, by: &str) -> Result<Vec<v1::EnrolNowResponse>, Reason> {
    let hand = if by == "broker" { federation.broker_hand() } else { federation.hand(by) };
    let channel = hand.and_then(|hand| federation.to_node(&hand, SCHOOL));
    let mut client = NodeOperatorServiceClient::new(channel.map_err(|_| Reason::Internal)?);
    let answer = client.enrol_now(within(v1::EnrolNowRequest {}, WAIT)).await;
    let stream = answer.map_err(|status| reason_of(&status))?.into_inner();
    stream.try_collect().await.map_err(|status| reason_of(&status))
}

/// Whether a question meets the pupil.
async fn is_met(federation: &Federation, number: &str) -> Result<bool> {
    let plea = Plea { subject: number, ..SAFETY };
    let heard = federation.ask(VT, "triage-1", wish(federation, &plea, &[SCHOOL])?).await?;
    let inquiry = heard.inquiry.context("it was asked")?;
    line(&heard, &federation.oin(SCHOOL)?)?;
    let decision = federation.decision(SCHOOL, &inquiry).await?.context("a decision")?;
    Ok(decision.lines.iter().all(|line| line.outcome != "miss"))
}

/// The broker turns the first batch away, as if it were down for a moment.
#[test]
fn an_operator_enrols_at_once_and_after_a_failure_again_where_it_was() -> Result<()> {
    run(async {
        let sent = Arc::new(AtomicUsize::new(0));
        let seen = sent.clone();
        let enrol = move |_: &v1::EnrolRequest| {
            let number = seen.fetch_add(1, Ordering::SeqCst);
            (number == 1).then_some(Reason::NotReady)
        };
        let lies = Lies { enrol: Some(Arc::new(enrol)), ..Lies::default() };
        let federation = Setup::of([VT, SCHOOL]).at(NOW).behind(SCHOOL, lies).start().await?;
        assert!(!is_met(&federation, NOBODY).await?, "the control: not a pupil");
        come(&federation, NOBODY).await?;
        assert!(!is_met(&federation, NOBODY).await?, "it waits for its hour");

        for stranger in [VT, "broker"] {
            let refused = enrol_now(&federation, stranger).await;
            assert_eq!(refused, Err(Reason::CallerUnknown), "{stranger}");
        }
        assert_eq!(sent.load(Ordering::SeqCst), 1, "the first run of the epoch");

        let cut = enrol_now(&federation, SCHOOL).await.map_err(anyhow::Error::msg)?;
        let refusal = cut.last().and_then(|last| last.refusal.as_ref()).context("a refusal")?;
        assert_eq!(reason(&refusal.reason), Reason::NotReady);
        assert!(!is_met(&federation, NOBODY).await?);

        let steps = enrol_now(&federation, SCHOOL).await.map_err(anyhow::Error::msg)?;
        let last = steps.last().context("an end")?;
        assert!(last.whole && last.refusal.is_none(), "{steps:?}");
        assert_eq!(last.index_as_of_ms, federation.now().ms());
        let at = steps.iter().filter(|step| !step.whole).map(|step| (step.done, step.total));
        assert_eq!(at.collect::<Vec<_>>(), [(0, 4), (4, 4)]);
        assert!(is_met(&federation, NOBODY).await?);
        // The import replaced the register: the newcomer is its only client.
        let verdicts = spot_check(&federation, 500).await?;
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Client).count(), 1);
        Ok(())
    })
}
