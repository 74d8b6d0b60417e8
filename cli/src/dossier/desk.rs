//! The calls about joint files, to one's own node.

use grondslag_core::reason::Reason;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use grondslag_proto::v1::dossier_service_client::DossierServiceClient;
use grondslag_proto::v1::show_dossier_request::Which;
use grondslag_proto::v1::show_dossier_response::Part;
use tonic::transport::Channel;

use crate::desk::Desk;
use crate::exit::Failure;
use crate::limits::{CALL_MS_MAX, DOSSIER_ENTRIES_MAX, LONG_CALL_MS_MAX};

/// Somebody at their desk, with the files of their escalations.
#[derive(Debug, Clone)]
pub(crate) struct DossierDesk {
    desk: Desk,
    client: DossierServiceClient<Channel>,
}

/// A file as it came.
#[derive(Debug, Default)]
pub(crate) struct Dossier {
    /// What it is.
    pub(crate) head: v1::DossierHead,
    /// Each person, and what was given about them.
    pub(crate) persons: Vec<(v1::DossierPerson, Vec<v1::DossierEntry>)>,
}

impl DossierDesk {
    /// At a desk that is open.
    pub(crate) fn at(desk: Desk) -> Self {
        let client = DossierServiceClient::new(desk.channel());
        Self { desk, client }
    }

    /// The file of a case, or of one escalation.
    pub(crate) async fn show(&self, which: Which) -> Result<Dossier, Failure> {
        let request = v1::ShowDossierRequest { which: Some(which) };
        let request = self.desk.request(request, LONG_CALL_MS_MAX);
        let shown = self.client.clone().show_dossier(request).await.map_err(Failure::from)?;
        let (mut stream, mut file, mut count) = (shown.into_inner(), Dossier::default(), 0);
        while let Some(message) = stream.message().await.map_err(Failure::from)? {
            match message.part.ok_or(Reason::Malformed)? {
                Part::Head(head) => file.head = head,
                Part::Person(person) => file.persons.push((person, Vec::new())),
                Part::Entries(more) => {
                    count += more.entries.len();
                    let (_, all) = file.persons.last_mut().ok_or(Reason::Malformed)?;
                    all.extend(more.entries);
                }
                Part::Refusal(refusal) => return Err(reason(&refusal.reason).into()),
            }
            if count > DOSSIER_ENTRIES_MAX {
                return Err(Reason::TooLarge.into());
            }
        }
        Ok(file)
    }

    /// One's own escalations, newest first, and whether there are more.
    pub(crate) async fn list(&self) -> Result<(Vec<v1::EscalationSummary>, bool), Failure> {
        let request = self.desk.request(v1::ListEscalationsRequest {}, CALL_MS_MAX);
        let listed = self.client.clone().list_escalations(request).await.map_err(Failure::from)?;
        let listed = listed.into_inner();
        Ok((listed.escalations, listed.more))
    }
}
