//! Compiles the protocol with protox, so that no protoc binary is needed.

use std::path::PathBuf;

/// Messages that `unprinted` writes a `Debug` for: they hold what no log may show.
const UNPRINTED: [&str; 67] = [
    "AbilityJudged",
    "AnswerBody",
    "AnswerContent",
    "AnswerEntry",
    "AnswerProof",
    "AnswerQuestion",
    "AskAgain",
    "AskRequest",
    "AssessBreachRequest",
    "Attestation",
    "BoardCase",
    "CertifyMeasureRequest",
    "ChangeCaseRequest",
    "ChangeItemRequest",
    "ChildSeen",
    "CloseRequestRequest",
    "ConfirmIdentityRequest",
    "ConsentAct",
    "ConsentStanding",
    "ConsentStatement",
    "CourtMeasure",
    "CustodySituation",
    "DecideRequestRequest",
    "DecisionFact",
    "DeskQuestion",
    "DeskTarget",
    "Detail",
    "DossierPerson",
    "ExtendRequestRequest",
    "FollowUp",
    "Handover",
    "HandoverAccepted",
    "JudgedLine",
    "Judgement",
    "ListActsRequest",
    "ListDecisionsRequest",
    "LodgeRequestRequest",
    "MoreTime",
    "OpenCaseRequest",
    "OwnView",
    "OwnViewLine",
    "Part",
    "PostponeInformingRequest",
    "PrepareOwnViewRequest",
    "RecordActRequest",
    "RecordActResponse",
    "RecordOpening",
    "RecordSituationsRequest",
    "Reply",
    "ReviewGlassRequest",
    "ReviewLine",
    "RightsRequest",
    "ShowDraftResponse",
    "ShowGlassResponse",
    "ShowItemResponse",
    "ShownClient",
    "ShownStranger",
    "SignedNotice",
    "Speaker",
    "StatedFact",
    "StepRequest",
    "StepResponse",
    "StepTarget",
    "TakenBack",
    "TierText",
    "ToInform",
    "Triage",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "broker",
        "caseload",
        "consent",
        "desk",
        "directory",
        "dossier",
        "enrolment",
        "glass",
        "handover",
        "holder",
        "inbox",
        "inform",
        "ledger",
        "metrics",
        "node",
        "operator",
        "own_view",
        "policy",
        "rights",
    ]
    .map(|name| format!("grondslag/v1/{name}.proto"));
    let set = protox::compile(files, ["."])?;
    #[expect(clippy::disallowed_macros, reason = "a build script speaks to cargo by printing")]
    {
        println!("cargo::rerun-if-changed=grondslag");
    }
    // Every method as `package.Service/Method`.
    let mut methods = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let service_name = format!("{}.{}", file.package(), service.name());
            let named = service.method.iter().map(|rpc| format!("{service_name}/{}", rpc.name()));
            methods.extend(named);
        }
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo names no folder")?);
    std::fs::write(out.join("methods.rs"), format!("&{methods:?}"))?;
    let unprinted = UNPRINTED.map(|message| format!(".grondslag.v1.{message}"));
    tonic_prost_build::configure().skip_debug(unprinted).compile_fds(set)?;
    Ok(())
}
