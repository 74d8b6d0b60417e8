//! Rules over the wire: two officers publish them at the desks of their municipality, and every
//! party goes by them from the same moment on.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::lang::Text;
use grondslag_core::officers::{Appointment, Officers};
use grondslag_core::reason::Reason;
use grondslag_policy::publish::{Entry, Plan, Publication};
use grondslag_policy::simulate::Simulated;
use grondslag_proto::v1;
use grondslag_proto::v1::policy_service_client::PolicyServiceClient;
use grondslag_runtime::channel::reason_of;
use grondslag_runtime::rules::testing::{files, signature, signed};
use grondslag_runtime::rules::travel;
use grondslag_tests::federation::{Federation, Setup, run};
use tokio_stream::StreamExt as _;
use tonic::transport::Channel;

use crate::stage::{DOCTOR, GEM, NOW, SAFETY, SCHOOL, VT, line, wish};

const PARTIES: [&str; 4] = [VT, SCHOOL, DOCTOR, GEM];
const HOUR: i64 = 3_600_000;
/// Longest wait for what parties do by themselves.
const WAIT: Duration = Duration::from_secs(30);

async fn region() -> Result<Federation> {
    let setup = Setup::of(PARTIES).at(NOW);
    setup.witnessed(&[VT, SCHOOL, GEM], 2, 60).start().await
}

/// A privacy officer of the municipality at their desk.
fn office(federation: &Federation, person: &str) -> Result<PolicyServiceClient<Channel>> {
    Ok(PolicyServiceClient::new(federation.desk(GEM, person)?.channel()))
}

/// Rules that follow those of the region, as an officer makes them from what their desk says.
async fn draft(
    federation: &Federation,
    version: &str,
    (entry, from): (Entry, Timestamp),
) -> Result<Publication> {
    let shown = office(federation, "po-1")?.show_policy(v1::ShowPolicyRequest {}).await?;
    let shown = shown.into_inner();
    let officers = shown.officers.iter().map(|line| Appointment::parse(line));
    let plan = Plan {
        region: Digest::from_slice(&shown.region).context("the region")?,
        next: (shown.next_number, Digest::from_slice(&shown.previous).context("the last one")?),
        entry,
        made_at: Timestamp::from_ms(shown.now_ms),
        valid_from: from,
        officers: Officers::new(officers.collect::<Result<_, _>>()?),
        why: Text { nl: "Proef.".to_owned(), en: "A trial.".to_owned() },
    };
    Publication::draft(files(version), plan).map_err(anyhow::Error::new)
}

async fn propose(federation: &Federation, publication: &Publication) -> Result<v1::PolicyOutcome> {
    let pieces = travel::pieces(&publication.encode().map_err(anyhow::Error::msg)?).into_iter();
    let pieces: Vec<_> = pieces.map(|piece| v1::ProposeRulesRequest { piece }).collect();
    let mut office = office(federation, "po-1")?;
    let answer = office.propose_rules(tokio_stream::iter(pieces)).await?;
    answer.into_inner().outcome.context("an outcome")
}

async fn approve(
    federation: &Federation,
    publication: &Publication,
    by: u8,
) -> Result<v1::PolicyOutcome> {
    let signature = signature(publication, by);
    let request = v1::ApproveProposedRequest {
        digest: publication.manifest.digest().as_bytes().to_vec(),
        officer: signature.officer.to_string(),
        signature: signature.signature.to_vec(),
    };
    let answer = office(federation, "fg-1")?.approve_proposed(request).await?;
    answer.into_inner().outcome.context("an outcome")
}

/// Waits until every party took the publication of a number.
async fn everywhere(federation: &Federation, number: u64) -> Result<()> {
    let began = Instant::now();
    for party in PARTIES {
        while *federation.agency(party)?.rules.newest().borrow() < number {
            ensure!(began.elapsed() < WAIT, "{party} did not take {number}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(())
}

/// By which rules the school decided the last question of Veilig Thuis.
async fn decided_by(federation: &Federation) -> Result<Vec<u8>> {
    let heard = federation.ask(VT, "triage-1", wish(federation, &SAFETY, &[SCHOOL])?).await?;
    assert_eq!(line(&heard, &federation.oin(SCHOOL)?)?.state, "replied");
    let decisions = federation.decisions(SCHOOL).await?;
    Ok(decisions.last().context("a decision")?.policy_bundle.clone())
}

#[test]
fn what_two_officers_sign_is_in_force_at_every_party_from_one_moment_on() -> Result<()> {
    run(async {
        let federation = region().await?;
        let old = federation.agency(SCHOOL)?.rules.now().bundle();
        let from = federation.now().plus_ms(HOUR);
        let publication = draft(&federation, "1.1.0", (Entry::Planned, from)).await?;
        let new = publication.manifest.bundle;
        let proposal = signed(publication, &[1]);
        assert_eq!(propose(&federation, &proposal).await?.published, 0);
        let listed = office(&federation, "fg-1")?.list_proposed(v1::ListProposedRequest {}).await?;
        let listed = listed.into_inner().proposals;
        assert_eq!((listed.len(), listed[0].version.as_str()), (1, "1.1.0"));
        let read = v1::ReadProposedRequest { digest: listed[0].digest.clone() };
        let read = office(&federation, "fg-1")?.read_proposed(read).await?.into_inner();
        let read = travel::received(read, |one| one.piece).await.map_err(anyhow::Error::msg)?;
        assert_eq!(Publication::decode(&read).map_err(anyhow::Error::msg)?, proposal);
        let again = approve(&federation, &proposal, 1).await?;
        assert_eq!(again.published, 0, "the author does not approve");
        let unknown = approve(&federation, &proposal, 9).await?.refusal.context("a refusal")?;
        assert_eq!(unknown.reason, Reason::OfficerUnknown.code());
        assert_eq!(approve(&federation, &proposal, 2).await?.published, 1);

        everywhere(&federation, 1).await?;
        assert_eq!(decided_by(&federation).await?, old.as_bytes(), "not before its moment");
        federation.set_clock(from);
        assert_eq!(decided_by(&federation).await?, new.as_bytes());
        let shown = office(&federation, "po-1")?.show_policy(v1::ShowPolicyRequest {}).await?;
        let now = shown.into_inner().now.context("rules in force")?;
        assert_eq!((now.number, now.version.as_str()), (1, "1.1.0"));
        Ok(())
    })
}

#[test]
fn one_officer_narrows_everywhere_at_once() -> Result<()> {
    run(async {
        let federation = region().await?;
        let now = federation.now();
        let narrow = draft(&federation, "1.0.1", (Entry::Emergency, now)).await?;
        let new = narrow.manifest.bundle;
        assert_eq!(propose(&federation, &signed(narrow, &[2])).await?.published, 1);
        everywhere(&federation, 1).await?;
        assert_eq!(decided_by(&federation).await?, new.as_bytes());
        Ok(())
    })
}

#[test]
fn only_privacy_officers_come_to_the_office_and_a_broken_draft_is_told_what_is_wrong() -> Result<()>
{
    run(async {
        let federation = region().await?;
        let triage = PolicyServiceClient::new(federation.desk(VT, "triage-1")?.channel());
        let refused = triage.clone().show_policy(v1::ShowPolicyRequest {}).await.unwrap_err();
        assert_eq!(reason_of(&refused), Reason::RoleNotHeld);
        let mut broken = files("1.1.0");
        broken.insert("table/broken.toml".into(), "[[rule]]\nid = \"R99\"\n".into());
        let bytes = serde_json::to_vec(&broken)?;
        let pieces = travel::pieces(&bytes).into_iter();
        let pieces: Vec<_> = pieces.map(|piece| v1::ReviewRulesRequest { piece }).collect();
        let mut office = office(&federation, "po-1")?;
        let read = office.review_rules(tokio_stream::iter(pieces)).await?.into_inner();
        let review = travel::received(read, |one| one.piece).await.map_err(anyhow::Error::msg)?;
        let review: serde_json::Value = serde_json::from_slice(&review)?;
        assert_eq!(review["reason"], "POLICY_INVALID");
        assert_eq!(review["problems"][0]["file"], "table/broken.toml");
        Ok(())
    })
}

#[test]
fn an_officer_sees_at_their_desk_what_a_draft_would_have_done_to_what_their_node_decided()
-> Result<()> {
    run(async {
        let federation = region().await?;
        federation.ask(VT, "triage-1", wish(&federation, &SAFETY, &[GEM])?).await?;
        let mut draft = files("1.1.0");
        draft.retain(|path, _| !path.starts_with("table/veilig-thuis"));
        let bytes = serde_json::to_vec(&draft)?;
        let since_ms = federation.now().plus_ms(-HOUR).ms();
        let asked = |bytes: &[u8]| {
            let pieces = travel::pieces(bytes).into_iter();
            let on_ms = None;
            let pieces = pieces.map(|piece| v1::SimulateRulesRequest { piece, since_ms, on_ms });
            tokio_stream::iter(pieces.collect::<Vec<_>>())
        };
        let size = federation.agency(GEM)?.ledger.size().await.map_err(anyhow::Error::msg)?;
        let simulated = async |person: &str| -> Result<Simulated> {
            let told = office(&federation, person)?.simulate_rules(asked(&bytes)).await?;
            let told: Vec<_> = told.into_inner().collect::<Result<_, _>>().await?;
            ensure!(told.first().context("how far it is")?.piece.is_empty());
            let json: Vec<u8> = told.into_iter().flat_map(|one| one.piece).collect();
            Ok(serde_json::from_slice(&json)?)
        };
        let found = simulated("po-1").await?;
        assert_eq!(found.draft.version, "1.1.0");
        assert_eq!((found.parties, found.broker.decisions), (1, 0), "its own decisions alone");
        assert!(found.holders.all.closes > 0, "{found:?}");
        let full = simulated("fg-1").await?;
        assert!(full.holders.per_rule.values().any(|count| !count.examples.is_empty()));
        assert_eq!(found.holders, full.holders.without_examples(), "numbers are for the fg alone");
        let now = federation.agency(GEM)?.ledger.size().await.map_err(anyhow::Error::msg)?;
        assert!(now >= size + 2, "that somebody looked is a leaf");

        let triage = federation.desk(VT, "triage-1")?.channel();
        let refused = PolicyServiceClient::new(triage).simulate_rules(asked(&bytes)).await;
        assert_eq!(reason_of(&refused.unwrap_err()), Reason::RoleNotHeld);
        let mut office = office(&federation, "po-1")?;
        let broken = office.simulate_rules(asked(b"{\"x\": \"y\"}")).await;
        assert_eq!(reason_of(&broken.unwrap_err()), Reason::PolicyInvalid);
        Ok(())
    })
}
