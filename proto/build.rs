//! Compiles the protocol with protox, so that no protoc binary is needed.

/// Messages that `unprinted` writes a `Debug` for: they hold what no log may show.
const UNPRINTED: [&str; 19] = [
    "AnswerBody",
    "AnswerEntry",
    "AnswerQuestion",
    "AskRequest",
    "Attestation",
    "DecisionFact",
    "DeskQuestion",
    "Detail",
    "ListDecisionsRequest",
    "Part",
    "RecordOpening",
    "Reply",
    "ShowDraftResponse",
    "ShownClient",
    "StatedFact",
    "StepRequest",
    "StepResponse",
    "StepTarget",
    "TierText",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["broker", "desk", "directory", "enrolment", "holder", "node", "operator"]
        .map(|name| format!("grondslag/v1/{name}.proto"));
    let set = protox::compile(files, ["."])?;
    #[expect(clippy::disallowed_macros, reason = "a build script speaks to cargo by printing")]
    {
        println!("cargo::rerun-if-changed=grondslag");
    }
    let unprinted = UNPRINTED.map(|message| format!(".grondslag.v1.{message}"));
    tonic_prost_build::configure().skip_debug(unprinted).compile_fds(set)?;
    Ok(())
}
