//! What people see of who asked about them or their child.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_proto::v1;
use grondslag_proto::v1::own_view_service_client::OwnViewServiceClient;
use grondslag_runtime::channel::within;
use tonic::transport::Channel;

use crate::federation::Federation;
use crate::world::OwnView;

/// Longest wait for one call.
const WAIT: Duration = Duration::from_secs(60);

/// Own views at somebody's desk.
///
/// # Errors
/// When the node does not run.
pub fn own_views(
    federation: &Federation,
    agency: &str,
    staff: &str,
) -> Result<OwnViewServiceClient<Channel>> {
    Ok(OwnViewServiceClient::new(federation.desk(agency, staff)?.channel()))
}

/// Prepares an own view on its date.
///
/// # Errors
/// When it was not prepared.
pub async fn prepare(federation: &Federation, own_view: &OwnView) -> Result<InquiryId> {
    federation.set_clock(Timestamp::parse(&own_view.at)?);
    let mut desk = own_views(federation, &own_view.agency, &own_view.staff)?;
    let (subject, role) = (own_view.subject.clone(), own_view.role.clone());
    let request = v1::PrepareOwnViewRequest { subject, role };
    let told = desk.prepare_own_view(within(request, WAIT)).await?.into_inner();
    ensure!(told.refusal.is_none(), "{}: {:?}", own_view.id, told.refusal);
    Ok(InquiryId::from_slice(&told.inquiry_id)?)
}

/// A member of staff saw who it is; the reason where that was refused.
///
/// # Errors
/// When the call failed.
pub async fn confirm(
    federation: &Federation,
    own_view: &OwnView,
    id: &InquiryId,
    (staff, role): (&str, &str),
) -> Result<Option<String>> {
    let mut desk = own_views(federation, &own_view.agency, staff)?;
    let request = v1::ConfirmIdentityRequest {
        inquiry_id: id.as_bytes().to_vec(),
        role: role.to_owned(),
        subject: own_view.subject.clone(),
        document: own_view.document.clone(),
        authority: own_view.authority.clone(),
        citizen_role: own_view.role.clone(),
        names_checked: own_view.names_checked,
    };
    let told = desk.confirm_identity(within(request, WAIT)).await?.into_inner();
    Ok(told.refusal.map(|refusal| refusal.reason))
}

/// The second person signs.
///
/// # Errors
/// When it was refused.
pub async fn approve(federation: &Federation, own_view: &OwnView, id: &InquiryId) -> Result<()> {
    let second = federation.desk(&own_view.agency, &own_view.approver)?;
    let shown = second.show(id.as_bytes()).await?;
    let signatures = second.sign(&shown).map_err(anyhow::Error::msg)?;
    Ok(second.approve(id.as_bytes(), &own_view.approver_role, signatures).await?)
}

/// Shows what was prepared; the reason where that was refused.
///
/// # Errors
/// When the call failed.
pub async fn show(
    federation: &Federation,
    own_view: &OwnView,
    id: &InquiryId,
) -> Result<Result<v1::OwnView, String>> {
    let mut desk = own_views(federation, &own_view.agency, &own_view.staff)?;
    let request = v1::ShowOwnViewRequest { inquiry_id: id.as_bytes().to_vec() };
    let told = desk.show_own_view(within(request, WAIT)).await?.into_inner();
    match told.refusal {
        Some(refusal) => Ok(Err(refusal.reason)),
        None => Ok(Ok(told.view.context("a view")?)),
    }
}

/// An own view from its beginning to its end.
///
/// # Errors
/// When anything of it was refused.
pub async fn view(federation: &Federation, own_view: &OwnView) -> Result<v1::OwnView> {
    let id = prepare(federation, own_view).await?;
    let first = (own_view.seen_by.as_str(), own_view.seen_role.as_str());
    let second = (own_view.approver.as_str(), own_view.approver_role.as_str());
    for who in [first, second] {
        let refused = confirm(federation, own_view, &id, who).await?;
        ensure!(refused.is_none(), "{}: {refused:?}", own_view.id);
    }
    approve(federation, own_view, &id).await?;
    show(federation, own_view, &id).await?.map_err(anyhow::Error::msg)
}

/// What was seen otherwise than it should be.
pub fn differences(own_view: &OwnView, view: &v1::OwnView) -> Vec<String> {
    let id = &own_view.id;
    let lines: Vec<String> = view.lines.iter().map(word).collect();
    let mut found = Vec::new();
    if lines != own_view.expect {
        found.push(format!("{id}: {lines:#?}, not {:#?}", own_view.expect));
    }
    if view.unnamed != own_view.unnamed || !view.not_reached.is_empty() {
        found.push(format!("{id}: unnamed {}, not reached {:?}", view.unnamed, view.not_reached));
    }
    let whole = everything(view);
    let told = own_view.never.iter().filter(|word| whole.contains(word.as_str()));
    found.extend(told.map(|word| format!("{id} tells {word}")));
    found
}

/// A line in short.
pub fn word(line: &v1::OwnViewLine) -> String {
    let came = |one: &v1::OwnViewCategory| format!("{} {}", one.code, one.outcome);
    let came: Vec<String> = line.categories.iter().map(came).collect();
    let v1::OwnViewLine { day, asker, holder, purpose_code, .. } = line;
    format!("{day} {asker} > {holder} {purpose_code}: {}", came.join(", ").trim())
}

/// Every word of a view.
pub fn everything(view: &v1::OwnView) -> String {
    let v1::OwnView { made_at_ms, made_on, lines, not_reached, unnamed, more, notes } = view;
    let head = format!("{made_at_ms} {made_on} {not_reached:?} {unnamed} {more} {notes:?}");
    let lines = lines.iter().map(|line| {
        let v1::OwnViewLine { day, time, asker, role, holder, purpose, purpose_code, .. } = line;
        let v1::OwnViewLine { categories, sentence, target_id, ledger_oins, .. } = line;
        format!(
            "{day} {time} {asker} {role} {holder} {purpose} {purpose_code} {categories:?} \
             {sentence} {target_id:?} {ledger_oins:?}"
        )
    });
    [head].into_iter().chain(lines).collect::<Vec<_>>().join(" ")
}
