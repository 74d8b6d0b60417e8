//! Second persons: unsigned, own, altered, unvouched.

use anyhow::{Context as _, Result};
use ed25519_dalek::SigningKey;
use grondslag_core::catalogue::Role;
use grondslag_core::id::{Digest, Pseudonym, TargetId};
use grondslag_core::inquiry::{Approval, Approver};
use grondslag_core::reason::Reason;
use grondslag_core::statement::{approval_bytes, sign};
use grondslag_proto::v1;
use grondslag_tests::federation::hand::{Hand, Plea, Sketch};
use grondslag_tests::federation::run;

use crate::stage::{DOCTOR, SAFETY, VT, line, stage, wish};

/// An investigation that only a second person opens (R15.1, R15.2).
pub(super) const INVESTIGATION: Plea<'static> = Plea {
    role: "vt.onderzoeker",
    purpose: "D06",
    query_kind: "Q02",
    categories: &["G08", "G16"],
    ..SAFETY
};

/// With a second person's own signature the question goes out, and without it does not.
#[test]
fn a_second_person_opens_what_one_alone_may_not() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let asked = wish(federation, &INVESTIGATION, &[DOCTOR])?;
        let (first, second) =
            (federation.desk(VT, "onderzoeker-1")?, federation.desk(VT, "onderzoeker-2")?);
        let oin = federation.oin(DOCTOR)?;
        let alone = first.ask(asked.clone()).await?;
        assert_eq!(line(&alone, &oin)?.state, "not_asked");

        let draft = first.draft(asked).await?;
        let shown = second.show(&draft).await?;
        let signatures = second.sign(&shown).map_err(anyhow::Error::msg)?;
        second.approve(&draft, "vt.onderzoeker", signatures).await?;
        let together = first.send(&draft).await?;
        assert_eq!(line(&together, &oin)?.state, "replied");
        assert_eq!(first.send(&draft).await?.refusal, Some(Reason::UnknownInquiry), "sent once");
        Ok(())
    })
}

/// Before anybody is asked, the plan says so too, and what would open it.
#[test]
fn the_plan_says_beforehand_that_a_second_person_is_needed() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let asked = wish(federation, &INVESTIGATION, &[DOCTOR])?;
        let lines = federation.desk(VT, "onderzoeker-1")?.plan(asked).await?;
        assert_eq!(lines.len(), INVESTIGATION.categories.len());
        for line in &lines {
            let told = (line.verdict.as_str(), line.reason.as_str());
            assert_eq!(told, ("refuse", "NEEDS_SECOND_PERSON"), "{line:?}");
            assert!(!line.near_misses.is_empty(), "{line:?}");
        }
        Ok(())
    })
}

/// At the desk: what is no approval adds nothing, and the draft waits on.
#[test]
fn what_is_no_approval_is_refused_at_the_desk() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (first, second) =
            (federation.desk(VT, "onderzoeker-1")?, federation.desk(VT, "onderzoeker-2")?);
        let asked = wish(federation, &INVESTIGATION, &[DOCTOR])?;
        let draft = first.draft(asked.clone()).await?;
        let shown = second.show(&draft).await?;
        let good = second.sign(&shown).map_err(anyhow::Error::msg)?;
        let own = first.sign(&shown).map_err(anyhow::Error::msg)?;
        let role = "vt.onderzoeker";
        for (what, desk, role, signatures, reason) in [
            ("nothing", &second, role, vec![], Reason::ApprovalUnsigned),
            ("an empty signature", &second, role, vec![vec![]], Reason::ApprovalUnsigned),
            ("one's own", &first, role, own.clone(), Reason::ApprovalOwn),
            ("another's signature", &second, role, own, Reason::ApprovalAltered),
            ("a role not held", &second, "vt.adviseur", good.clone(), Reason::RoleNotHeld),
            ("an unknown role", &second, "vt.baas", good.clone(), Reason::RoleNotHeld),
        ] {
            let refused = desk.approve(&draft, role, signatures).await;
            let refused = refused.err().with_context(|| format!("{what} was taken"))?;
            assert_eq!(refused.reason(), reason, "{what}");
        }
        let mut altered = shown;
        altered.header.as_mut().context("a header")?.purpose = "D05".to_owned();
        let altered = second.sign(&altered).map_err(anyhow::Error::msg)?;
        let refused = second.approve(&draft, role, altered).await.err().context("taken")?;
        assert_eq!(refused.reason(), Reason::ApprovalAltered);
        let unsigned = first.send(&draft).await?;
        let oin = federation.oin(DOCTOR)?;
        assert_eq!(line(&unsigned, &oin)?.state, "not_asked", "an unsigned one counts as none");
        Ok(())
    })
}

/// Somebody else's draft does not exist.
#[test]
fn a_draft_is_sent_by_who_made_it() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (first, second) =
            (federation.desk(VT, "onderzoeker-1")?, federation.desk(VT, "onderzoeker-2")?);
        let asked = wish(federation, &INVESTIGATION, &[DOCTOR])?;
        let draft = first.draft(asked).await?;
        assert_eq!(second.send(&draft).await?.refusal, Some(Reason::UnknownInquiry));
        let unknown = second.show(&[9; 16]).await.err().context("shown")?;
        assert_eq!(unknown.reason(), Reason::UnknownInquiry);
        Ok(())
    })
}

type Tampered = (&'static str, fn(&mut v1::AskRequest, &Hand), Option<Reason>);

/// On the wire: broker and holder weigh every approval themselves.
const ON_THE_WIRE: &[Tampered] = &[
    ("as it was signed", |_, _| {}, None),
    (
        "without a signature",
        |it, _| on_approval(it, |approval| approval.signature.clear()),
        Some(Reason::ApprovalUnsigned),
    ),
    (
        "with the asker's own pseudonym",
        |it, _| on_approval(it, |approval| approval.pseudonym = vec![4; 16]),
        Some(Reason::ApprovalOwn),
    ),
    (
        "with another signature",
        |it, _| on_approval(it, |approval| approval.signature = vec![1; 64]),
        Some(Reason::ApprovalAltered),
    ),
    (
        "about another child",
        |it, _| on_approval(it, |approval| approval.commitment = vec![1; 32]),
        Some(Reason::ApprovalAltered),
    ),
    (
        "of somebody whom nobody vouches for",
        |it, _| on_approver(it, |approver| approver.vouched = vec![1; 64]),
        Some(Reason::ApproverUnverified),
    ),
    (
        "in a higher role than was vouched for",
        |it, _| on_approver(it, |approver| "vt.adviseur".clone_into(&mut approver.role)),
        Some(Reason::ApproverUnverified),
    ),
    (
        "in a role of another kind",
        |it, _| on_approver(it, |approver| "gem.doorzetter".clone_into(&mut approver.role)),
        Some(Reason::RoleNotAdmitted),
    ),
];

#[test]
fn what_is_no_approval_is_refused_by_the_broker() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        for (what, change, reason) in ON_THE_WIRE {
            let sketch = federation.sketch(&vt, &INVESTIGATION, &[DOCTOR])?;
            let sketch = approved(sketch, &vt)?;
            let mut wire = sketch.to_wire()?;
            change(&mut wire, &vt);
            let signed = resigned(sketch, &wire, &vt)?;
            let routed = vt.ask(&channel, signed).await?;
            assert_eq!(routed.refusal, *reason, "{what}");
            if reason.is_none() {
                let reply = routed.reply(&federation.oin(DOCTOR)?);
                assert!(reply.is_some(), "the positive control: {routed:?}");
            }
        }
        Ok(())
    })
}

/// Adds a second person, vouched for by the asker.
pub(super) fn approved(mut sketch: Sketch, asker: &Hand) -> Result<Sketch> {
    let second = SigningKey::from_bytes(&[2; 32]);
    let pseudonym = Pseudonym::new([5; 16]);
    let mut approver = Approver {
        pseudonym,
        role: Role::parse("vt.onderzoeker")?,
        mandate_until: sketch.header.times.answer_by,
        public_key: second.verifying_key().to_bytes(),
        vouched: [0; 64],
    };
    approver.vouched = sign(&asker.key, &approver.vouch_bytes(&asker.oin));
    sketch.header.approvers = vec![approver];
    let commitment = Digest::new([7; 32]);
    let (id, header) = (sketch.id, sketch.header.clone());
    for (oin, part) in &mut sketch.parts {
        let target = TargetId::derive(&id, oin);
        let bytes = approval_bytes(&target, &header, &part.categories, &commitment);
        let signature = sign(&second, &bytes);
        part.approvals = vec![Approval { pseudonym, commitment, signature }];
    }
    sketch.sign(&asker.key)?;
    Ok(sketch)
}

/// The asker signs what was tampered with, so that the approval alone is wrong. What has no form
/// cannot be signed and travels as it is.
fn resigned(mut sketch: Sketch, wire: &v1::AskRequest, asker: &Hand) -> Result<v1::AskRequest> {
    let header = wire.header.clone().context("a header")?;
    let part = wire.parts.first().context("a part")?;
    let approval = part.approvals.first().context("an approval")?;
    let Ok(signature) = approval.signature.as_slice().try_into() else {
        return Ok(wire.clone());
    };
    sketch.header = header.try_into().map_err(anyhow::Error::msg)?;
    for (_, part) in &mut sketch.parts {
        part.approvals = vec![Approval {
            pseudonym: Pseudonym::from_slice(&approval.pseudonym)?,
            commitment: Digest::from_slice(&approval.commitment)?,
            signature,
        }];
    }
    sketch.sign(&asker.key)?;
    sketch.to_wire()
}

fn on_approval(wire: &mut v1::AskRequest, change: impl FnOnce(&mut v1::Approval)) {
    if let Some(approval) = wire.parts.first_mut().and_then(|part| part.approvals.first_mut()) {
        change(approval);
    }
}

fn on_approver(wire: &mut v1::AskRequest, change: impl FnOnce(&mut v1::Approver)) {
    if let Some(approver) = wire.header.as_mut().and_then(|header| header.approvers.first_mut()) {
        change(approver);
    }
}
