//! The calls of a privacy officer to the node of their organisation.

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::stream;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::lang::Lang;
use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::officers::{Appointment, OfficerSignature, Officers};
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::publish::Publication;
use grondslag_policy::simulate::Simulated;
use grondslag_proto::v1;
use grondslag_proto::v1::policy_service_client::PolicyServiceClient;
use grondslag_runtime::rules::travel;
use indicatif::ProgressBar;
use tonic::transport::Channel;

use crate::desk::Desk;
use crate::exit::Failure;
use crate::limits::{CALL_MS_MAX, LONG_CALL_MS_MAX, SIMULATE_MS_MAX};

/// A privacy officer at their desk.
pub(super) struct OfficeDesk {
    desk: Desk,
    client: PolicyServiceClient<Channel>,
}

/// The rules of a region, as a node knows them.
pub(super) struct Known {
    pub(super) shown: v1::ShowPolicyResponse,
    /// Who may sign the next rules.
    pub(super) officers: Officers,
}

impl Known {
    /// The present moment in the region.
    pub(super) const fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.shown.now_ms)
    }
}

impl OfficeDesk {
    /// Opens a person's folder. Nothing is sent before the first call.
    pub(super) fn open(folder: &Path, lang: Lang) -> Result<Self, Failure> {
        let desk = Desk::open(folder, lang)?;
        let client = PolicyServiceClient::new(desk.channel());
        Ok(Self { desk, client: client.max_decoding_message_size(MESSAGE_BYTES_MAX) })
    }

    /// Which rules are in force and to come, and who may sign the next.
    pub(super) async fn known(&self) -> Result<Known, Failure> {
        let request = self.desk.request(v1::ShowPolicyRequest {}, CALL_MS_MAX);
        let shown = self.client.clone().show_policy(request).await.map_err(Failure::from)?;
        let shown = shown.into_inner();
        let officers = shown.officers.iter().map(|line| Appointment::parse(line));
        let officers = officers.collect::<Result<_, _>>().map_err(|_| Reason::Malformed)?;
        Ok(Known { shown, officers: Officers::new(officers) })
    }

    /// The files of the rules of a number.
    pub(super) async fn files(&self, number: u64) -> Result<BTreeMap<String, String>, Failure> {
        let request = self.desk.request(v1::ReadRulesRequest { number }, LONG_CALL_MS_MAX);
        let pieces = self.client.clone().read_rules(request).await.map_err(Failure::from)?;
        let bytes = travel::received(pieces.into_inner(), |one| one.piece).await?;
        serde_json::from_slice(&bytes).map_err(|_| Reason::Malformed.into())
    }

    /// The rules that the next ones follow, in force or to come, from their files.
    pub(super) async fn last(&self, known: &Known) -> Result<Pack, Failure> {
        let number = known.shown.next_number.saturating_sub(1);
        Ok(Pack::from_files(&self.files(number).await?)?)
    }

    /// Which of the node's own decisions since a moment a draft takes otherwise.
    pub(super) async fn simulate(
        &self,
        files: &BTreeMap<String, String>,
        (since, on): (Timestamp, Option<Timestamp>),
        bar: &ProgressBar,
    ) -> Result<Simulated, Failure> {
        let bytes = serde_json::to_vec(files).map_err(|_| Reason::Malformed)?;
        let (since_ms, on_ms) = (since.ms(), on.map(Timestamp::ms));
        let pieces = travel::pieces(&bytes).into_iter();
        let pieces = pieces.map(|piece| v1::SimulateRulesRequest { piece, since_ms, on_ms });
        let pieces: Vec<_> = pieces.collect();
        let request = self.desk.request(stream::iter(pieces), SIMULATE_MS_MAX);
        let told = self.client.clone().simulate_rules(request).await.map_err(Failure::from)?;
        let told = travel::received(told.into_inner(), |one| {
            bar.set_position(one.leaves);
            one.piece
        });
        let bytes = told.await?;
        serde_json::from_slice(&bytes).map_err(|_| Reason::Malformed.into())
    }

    /// Brings rules that this officer signed.
    pub(super) async fn propose(
        &self,
        publication: &Publication,
    ) -> Result<v1::PolicyOutcome, Failure> {
        let pieces = travel::pieces(&publication.encode()?).into_iter();
        let pieces: Vec<_> = pieces.map(|piece| v1::ProposeRulesRequest { piece }).collect();
        let request = self.desk.request(stream::iter(pieces), LONG_CALL_MS_MAX);
        let answer = self.client.clone().propose_rules(request).await.map_err(Failure::from)?;
        answer.into_inner().outcome.ok_or_else(|| Reason::Malformed.into())
    }

    /// What waits for a colleague.
    pub(super) async fn proposals(&self) -> Result<Vec<v1::Proposal>, Failure> {
        let request = self.desk.request(v1::ListProposedRequest {}, CALL_MS_MAX);
        let listed = self.client.clone().list_proposed(request).await.map_err(Failure::from)?;
        Ok(listed.into_inner().proposals)
    }

    /// The rules of a proposal: those of the digest, whatever the node says.
    pub(super) async fn proposal(&self, digest: &Digest) -> Result<Publication, Failure> {
        let message = v1::ReadProposedRequest { digest: digest.as_bytes().to_vec() };
        let request = self.desk.request(message, LONG_CALL_MS_MAX);
        let pieces = self.client.clone().read_proposed(request).await.map_err(Failure::from)?;
        let bytes = travel::received(pieces.into_inner(), |one| one.piece).await?;
        if bytes.is_empty() {
            return Err(Reason::UnknownProposal.into());
        }
        let publication = Publication::decode(&bytes)?;
        let same = publication.manifest.digest() == *digest;
        if same { Ok(publication) } else { Err(Reason::PolicyAltered.into()) }
    }

    /// Adds this officer's signature.
    pub(super) async fn approve(
        &self,
        digest: &Digest,
        signature: &OfficerSignature,
    ) -> Result<v1::PolicyOutcome, Failure> {
        let message = v1::ApproveProposedRequest {
            digest: digest.as_bytes().to_vec(),
            officer: signature.officer.to_string(),
            signature: signature.signature.to_vec(),
        };
        let request = self.desk.request(message, LONG_CALL_MS_MAX);
        let answer = self.client.clone().approve_proposed(request).await.map_err(Failure::from)?;
        answer.into_inner().outcome.ok_or_else(|| Reason::Malformed.into())
    }
}
