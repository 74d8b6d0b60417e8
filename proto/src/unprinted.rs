//! Wire messages with something in them about a child, sealed or not, with a hidden number or with
//! what the hash of a leaf could be guessed by: printed, they say what they are and no more. The
//! build makes no `Debug` for them.

use std::fmt;

use crate::v1;

macro_rules! unprinted {
    ($($message:ident)+) => {
        $(impl fmt::Debug for v1::$message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($message), "(…)"))
            }
        })+

        #[cfg(test)]
        fn printed() -> Vec<(&'static str, String)> {
            vec![$((stringify!($message), format!("{:?}", v1::$message::default()))),+]
        }
    };
}

unprinted! {
    AbilityJudged AnswerBody AnswerContent AnswerEntry AnswerProof AnswerQuestion AskAgain
    AskRequest AssessBreachRequest Attestation BoardCase CertifyMeasureRequest ChangeCaseRequest
    ChangeItemRequest ChildSeen CloseRequestRequest ConfirmIdentityRequest ConsentAct
    ConsentStanding ConsentStatement CourtMeasure CustodySituation DecideRequestRequest DecisionFact
    DeskQuestion DeskTarget Detail DossierPerson ExtendRequestRequest FollowUp Handover
    HandoverAccepted JudgedLine Judgement ListActsRequest ListDecisionsRequest LodgeRequestRequest
    MoreTime OpenCaseRequest OwnView OwnViewLine Part PostponeInformingRequest PrepareOwnViewRequest
    RecordActRequest RecordActResponse RecordOpening RecordSituationsRequest Reply
    ReviewGlassRequest ReviewLine RightsRequest ShowDraftResponse ShowGlassResponse ShowItemResponse
    ShownClient ShownStranger SignedNotice Speaker StatedFact StepRequest StepResponse StepTarget
    TakenBack TierText ToInform Triage
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Fields that are about a child, or that a child could be searched by.
    const SECRET: [&str; 12] = [
        "body",
        "hidden",
        "necessity",
        "pair",
        "pairs",
        "reference",
        "salt",
        "source",
        "subject",
        "subject_tag",
        "text",
        "value",
    ];

    const PROTOCOL: [&str; 17] = [
        include_str!("../grondslag/v1/broker.proto"),
        include_str!("../grondslag/v1/caseload.proto"),
        include_str!("../grondslag/v1/consent.proto"),
        include_str!("../grondslag/v1/desk.proto"),
        include_str!("../grondslag/v1/directory.proto"),
        include_str!("../grondslag/v1/enrolment.proto"),
        include_str!("../grondslag/v1/glass.proto"),
        include_str!("../grondslag/v1/handover.proto"),
        include_str!("../grondslag/v1/holder.proto"),
        include_str!("../grondslag/v1/inbox.proto"),
        include_str!("../grondslag/v1/inform.proto"),
        include_str!("../grondslag/v1/ledger.proto"),
        include_str!("../grondslag/v1/node.proto"),
        include_str!("../grondslag/v1/operator.proto"),
        include_str!("../grondslag/v1/own_view.proto"),
        include_str!("../grondslag/v1/question.proto"),
        include_str!("../grondslag/v1/rights.proto"),
    ];

    /// Every message that has one of these fields.
    fn with_a_secret(protocol: &str) -> BTreeSet<&str> {
        let (mut message, mut found) = ("", BTreeSet::new());
        for line in protocol.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["message", name, ..] => message = *name,
                [.., "string" | "bytes", field, "=", _] if SECRET.contains(field) => {
                    found.insert(message);
                }
                _ => {}
            }
        }
        found
    }

    #[test]
    fn a_message_about_a_child_prints_nothing_of_it() {
        for (message, printed) in printed() {
            assert_eq!(printed, format!("{message}(…)"));
        }
        let subject = "999940004".to_owned();
        let question = v1::DeskQuestion { subject, ..v1::DeskQuestion::default() };
        let request = v1::AskRegionRequest { question: Some(question) };
        assert_eq!(format!("{request:?}"), "AskRegionRequest { question: Some(DeskQuestion(…)) }");
    }

    #[test]
    fn every_message_with_a_secret_in_it_is_unprinted() {
        let unprinted: BTreeSet<&str> = printed().into_iter().map(|(message, _)| message).collect();
        let found: BTreeSet<&str> =
            PROTOCOL.iter().flat_map(|protocol| with_a_secret(protocol)).collect();
        assert!(found.len() > 5, "{found:?}");
        let printed: Vec<_> = found.difference(&unprinted).collect();
        assert!(printed.is_empty(), "{printed:?}");
    }

    #[test]
    fn a_planted_secret_is_found() {
        let planted = "message A {\n  string role = 1;\n}\nmessage B {\n  bytes salt = 2;\n}\n";
        assert_eq!(with_a_secret(planted), BTreeSet::from(["B"]));
    }
}
