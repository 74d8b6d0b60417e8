//! What is written down in consent registers, and that it came to the holders that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use grondslag_core::clock::Timestamp;
use grondslag_proto::v1;
use grondslag_proto::v1::consent_service_client::ConsentServiceClient;
use grondslag_proto::v1::inform_service_client::InformServiceClient;
use grondslag_proto::v1::record_act_request::Act as Wire;
use grondslag_runtime::channel::within;
use tonic::transport::Channel;

use crate::federation::Federation;
use crate::world::Act;

/// Longest wait for one call, and until an act came everywhere.
const WAIT: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

/// Numbers that nodes gave to acts, by the number in the file.
#[derive(Debug, Default)]
pub struct Written(BTreeMap<String, Vec<u8>>);

/// Writes an act down on its date, waits until it came, and says what came of it: a value of
/// `secrecy_consent`, `written`, or a reason code.
///
/// # Errors
/// When it could not be put.
pub async fn write(federation: &Federation, act: &Act, written: &mut Written) -> Result<String> {
    federation.set_clock(Timestamp::parse(&act.at)?);
    if act.what == "inform" {
        return inform(federation, act).await;
    }
    let mut client = register(federation, &act.agency, &act.staff)?;
    let request = v1::RecordActRequest {
        subject: act.subject.clone(),
        role: act.role.clone(),
        act: Some(wire(federation, act, written)?),
        preview: false,
    };
    let told = client.record_act(within(request, WAIT)).await?.into_inner();
    if let Some(refusal) = told.refusal {
        return Ok(refusal.reason);
    }
    came(&mut client, act, &told.id).await?;
    written.0.insert(act.id.clone(), told.id);
    let words: BTreeSet<&str> = told.standing.iter().map(|line| line.consent.as_str()).collect();
    let words: Vec<&str> = words.into_iter().collect();
    Ok(if words.is_empty() { "written".to_owned() } else { words.join("+") })
}

/// Tells the person of the only question that somebody in this role still has to tell of.
async fn inform(federation: &Federation, act: &Act) -> Result<String> {
    let desk = federation.desk(&act.agency, &act.staff)?;
    let mut client = InformServiceClient::new(desk.channel());
    let request = v1::ListToInformRequest { role: act.role.clone(), all: false };
    let listed = client.list_to_inform(within(request, WAIT)).await?.into_inner();
    let [task] = listed.tasks.as_slice() else {
        bail!("{}: {} to be told, {:?}", act.id, listed.tasks.len(), listed.refusal);
    };
    let request = v1::RecordInformedRequest {
        inquiry_id: task.inquiry_id.clone(),
        role: act.role.clone(),
        how: "spoken".to_owned(),
        told: "young_person".to_owned(),
    };
    let told = client.record_informed(within(request, WAIT)).await?.into_inner();
    Ok(told.refusal.map_or_else(|| "informed".to_owned(), |refusal| refusal.reason))
}

/// The consent register at somebody's desk.
///
/// # Errors
/// When the node does not run.
pub fn register(
    federation: &Federation,
    agency: &str,
    staff: &str,
) -> Result<ConsentServiceClient<Channel>> {
    Ok(ConsentServiceClient::new(federation.desk(agency, staff)?.channel()))
}

/// Waits until every holder that an act names has replied.
async fn came(client: &mut ConsentServiceClient<Channel>, act: &Act, id: &[u8]) -> Result<()> {
    let since = Instant::now();
    while since.elapsed() < WAIT {
        let request = v1::ListActsRequest { subject: act.subject.clone(), role: act.role.clone() };
        let listed = client.list_acts(within(request, WAIT)).await?.into_inner();
        let own = listed.acts.iter().find(|one| one.id == id).context("it stands there")?;
        if own.waiting_oins.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("{} did not come", act.id)
}

fn wire(federation: &Federation, act: &Act, written: &Written) -> Result<Wire> {
    let oins = |agencies: &[String]| {
        agencies.iter().map(|id| Ok(federation.oin(id)?.to_string())).collect::<Result<Vec<_>>>()
    };
    Ok(match act.what.as_str() {
        "custody" => Wire::Custody(v1::CustodySituation {
            holders: act.custody.iter().map(|who| speaker(who)).collect::<Result<_>>()?,
            seen_in: act.seen_in.clone(),
            from_ms: Timestamp::parse(&act.from)?.ms(),
            until_ms: 0,
        }),
        "give" | "refuse" => {
            let speaker = speaker(&act.by)?;
            let capacity = if speaker.subject { "young_person" } else { "custody_holders" };
            Wire::Statement(v1::ConsentStatement {
                capacity: capacity.to_owned(),
                speaker: Some(speaker),
                objects: act.what == "refuse",
                holder_oins: oins(&act.holder)?,
                to_oins: oins(&act.to)?,
                categories: act.categories.clone(),
                purpose: act.purpose.clone(),
                ..v1::ConsentStatement::default()
            })
        }
        "withdraw" | "lift" => Wire::TakenBack(v1::TakenBack {
            speaker: Some(speaker(&act.by)?),
            consent_id: match &act.of {
                Some(id) => written.0.get(id).cloned().with_context(|| id.clone())?,
                None => Vec::new(),
            },
            objection: act.what == "lift",
        }),
        other => bail!("{}: {other}", act.id),
    })
}

/// Somebody as the files write them.
///
/// # Errors
/// When that is neither the child nor a name with a birth date.
pub fn speaker(who: &str) -> Result<v1::Speaker> {
    if who == "child" {
        return Ok(v1::Speaker { subject: true, ..v1::Speaker::default() });
    }
    let parts: Vec<&str> = who.split(',').map(str::trim).collect();
    let [given, family, born] = parts.as_slice() else { bail!("{who}: given, family, date") };
    Ok(v1::Speaker {
        given_names: (*given).to_owned(),
        family_name: (*family).to_owned(),
        birth_date: (*born).to_owned(),
        ..v1::Speaker::default()
    })
}
