//! What a node offers: to the region, and to the agency's own people.

use std::collections::BTreeSet;
use std::sync::Arc;

use grondslag_core::limits::MESSAGE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::v1::caseload_service_server::CaseloadServiceServer;
use grondslag_proto::v1::consent_service_server::ConsentServiceServer;
use grondslag_proto::v1::desk_service_server::DeskServiceServer;
use grondslag_proto::v1::dossier_service_server::DossierServiceServer;
use grondslag_proto::v1::glass_service_server::GlassServiceServer;
use grondslag_proto::v1::handover_service_server::HandoverServiceServer;
use grondslag_proto::v1::inbox_service_server::InboxServiceServer;
use grondslag_proto::v1::inform_service_server::InformServiceServer;
use grondslag_proto::v1::metrics_service_server::MetricsServiceServer;
use grondslag_proto::v1::node_operator_service_server::NodeOperatorServiceServer;
use grondslag_proto::v1::node_service_server::NodeServiceServer;
use grondslag_proto::v1::own_view_service_server::OwnViewServiceServer;
use grondslag_proto::v1::policy_service_server::PolicyServiceServer;
use grondslag_proto::v1::rights_service_server::RightsServiceServer;
use grondslag_runtime::operator::serve_operator;
use grondslag_runtime::otlp::Incoming;
use grondslag_runtime::run::Context;
use grondslag_runtime::server::{Callers, Server};

use crate::agency::Agency;
use crate::answers::inbox::service::InboxDesk;
use crate::answers::service::AnswerService;
use crate::asks::service::Desk;
use crate::caseload::service::CaseloadDesk;
use crate::consent::service::ConsentDesk;
use crate::dossier::service::DossierDesk;
use crate::glass::service::GlassDesk;
use crate::handover::service::HandoverDesk;
use crate::inform::service::InformDesk;
use crate::metrics::service::MetricsDesk;
use crate::office::service::PolicyDesk;
use crate::operator::NodeOperator;
use crate::own_view::service::OwnViewDesk;
use crate::rights::service::RightsDesk;

/// What the region may call.
pub(super) fn region_services(context: &Context, agency: &Arc<Agency>) -> Server {
    let answers = NodeServiceServer::new(AnswerService::new(agency.clone()));
    let answers = answers.max_decoding_message_size(MESSAGE_BYTES_MAX);
    let broker = BTreeSet::from([agency.broker.clone()]);
    let server = Server::region("node", context.region.clone(), &context.limits)
        .telling(&context.otlp, Incoming::Left)
        .add(answers, Callers::only(broker, Reason::NotTheBroker));
    let operator = NodeOperatorServiceServer::new(NodeOperator::new(agency.clone()));
    let server = server.add(operator, Callers::own(agency.oin.clone()));
    serve_operator(server, agency.oin.clone(), agency.clone())
}

/// What the agency's own people and software may call. The listener verified their certificate;
/// whether they may act is for the service to ask at every call.
pub(super) fn desk_services(server: Server, agency: &Arc<Agency>) -> Server {
    let desk = DeskServiceServer::new(Desk::new(agency.clone()));
    let policy = PolicyServiceServer::new(PolicyDesk::new(agency.clone()));
    let consent = ConsentServiceServer::new(ConsentDesk::new(agency.clone()));
    let own_view = OwnViewServiceServer::new(OwnViewDesk::new(agency.clone()));
    let inform = InformServiceServer::new(InformDesk::new(agency.clone()));
    let rights = RightsServiceServer::new(RightsDesk::new(agency.clone()));
    let caseload = CaseloadServiceServer::new(CaseloadDesk::new(agency.clone()));
    let dossier = DossierServiceServer::new(DossierDesk::new(agency.clone()));
    let handover = HandoverServiceServer::new(HandoverDesk::new(agency.clone()));
    let glass = GlassServiceServer::new(GlassDesk::new(agency.clone()));
    let metrics = MetricsServiceServer::new(MetricsDesk::new(agency.clone()));
    let inbox = InboxServiceServer::new(InboxDesk::new(agency.clone()));
    server
        .add(desk.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(policy.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(consent.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(own_view.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(inform.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(rights.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(caseload.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(dossier.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(handover.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(glass.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(metrics.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
        .add(inbox.max_decoding_message_size(MESSAGE_BYTES_MAX), Callers::verified())
}
