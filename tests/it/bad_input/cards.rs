//! Certificates and cards that are wrong: the broker's directory takes none of them.

use anyhow::{Context as _, Result};
use ed25519_dalek::SigningKey;
use grondslag_certs::{LeafKey, authority};
use grondslag_core::card::SignedCard;
use grondslag_core::catalogue::Kind;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_core::statement::sign;
use grondslag_proto::reply::reason;
use grondslag_proto::v1;
use grondslag_proto::v1::directory_service_client::DirectoryServiceClient;
use grondslag_runtime::channel::reason_of;
use grondslag_tests::federation::hand::Hand;
use grondslag_tests::federation::identity::Identities;
use grondslag_tests::federation::{Federation, run};
use tonic::transport::Channel;

use crate::stage::{SAFETY, SCHOOL, VT, stage};

/// The card that the broker holds of an agency.
async fn card_of(federation: &Federation, channel: &Channel, agency: &str) -> Result<SignedCard> {
    let mut client = DirectoryServiceClient::new(channel.clone());
    let listed = client.list_cards(v1::ListCardsRequest {}).await?.into_inner().cards;
    let oin = federation.oin(agency)?;
    let wire = listed.into_iter().find(|card| card.oin == oin.as_str()).context("no card")?;
    wire.try_into().map_err(anyhow::Error::msg)
}

async fn publish(channel: &Channel, card: &SignedCard) -> Result<Option<Reason>> {
    let mut client = DirectoryServiceClient::new(channel.clone());
    let request = v1::PublishCardRequest { card: Some(card.into()) };
    let answer = client.publish_card(request).await?.into_inner();
    Ok((!answer.reason.is_empty()).then(|| reason(&answer.reason)))
}

/// A newer card, signed by the agency's certificate and by `previous`.
fn newer(
    mut signed: SignedCard,
    leaf: &LeafKey,
    previous: &SigningKey,
    change: impl FnOnce(&mut SignedCard),
) -> Result<SignedCard> {
    signed.card.seq += 1;
    change(&mut signed);
    let bytes = signed.card.canonical();
    signed.previous_signature = sign(previous, &bytes).to_vec();
    signed.leaf_signature = leaf.sign(&signed.card.vouched(&signed.previous_signature))?;
    Ok(signed)
}

struct Scene {
    vt: Hand,
    channel: Channel,
    leaf: LeafKey,
    held: SignedCard,
}

async fn scene(federation: &Federation) -> Result<Scene> {
    let vt = federation.hand(VT)?;
    let channel = federation.to_broker(&vt)?;
    let leaf = LeafKey::load(&federation.identities().agency(VT)?.join("key.pem"))?;
    let held = card_of(federation, &channel, VT).await?;
    Ok(Scene { vt, channel, leaf, held })
}

#[test]
fn a_card_that_is_not_the_callers_own_is_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let Scene { vt, channel, leaf, held } = scene(federation).await?;
        let school = card_of(federation, &channel, SCHOOL).await?;
        assert_eq!(publish(&channel, &school).await?, Some(Reason::CardOinMismatch), "a copy");
        let other: Oin = federation.oin(SCHOOL)?;
        let mixed = newer(held, &leaf, &vt.key, |signed| signed.card.oin = other)?;
        assert_eq!(publish(&channel, &mixed).await?, Some(Reason::CardOinMismatch), "a mix");
        Ok(())
    })
}

#[test]
fn a_card_with_another_key_is_refused_until_an_operator_accepts_it() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let Scene { vt, channel, leaf, held } = scene(federation).await?;
        let stolen = SigningKey::from_bytes(&[9; 32]);
        let public = stolen.verifying_key().to_bytes();
        let card = newer(held.clone(), &leaf, &stolen, |signed| signed.card.sign_key = public)?;
        assert_eq!(publish(&channel, &card).await?, Some(Reason::CardKeyChanged));
        // The old card stands, and so do questions signed with its key.
        let sketch = federation.sketch(&vt, &SAFETY, &[SCHOOL])?;
        assert_eq!(vt.ask(&channel, sketch.to_wire()?).await?.refusal, None);
        Ok(())
    })
}

#[test]
fn a_card_that_goes_back_or_is_not_signed_is_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let Scene { vt, channel, leaf, held } = scene(federation).await?;
        let back = newer(held.clone(), &leaf, &vt.key, |signed| signed.card.seq = 0)?;
        assert_eq!(publish(&channel, &back).await?, Some(Reason::CardSeqBack));
        let mut unsigned = newer(held, &leaf, &vt.key, |_| ())?;
        unsigned.leaf_signature.reverse();
        assert_eq!(publish(&channel, &unsigned).await?, Some(Reason::CardInvalid));
        Ok(())
    })
}

#[test]
fn a_kind_without_admission_is_refused() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let Scene { vt, channel, leaf, held } = scene(federation).await?;
        let police = Kind::parse("pol")?;
        let promoted =
            newer(held.clone(), &leaf, &vt.key, |signed| signed.card.kind = police.clone())?;
        assert_eq!(publish(&channel, &promoted).await?, Some(Reason::KindNotAdmitted), "a card");
        // Nor by an admission that it wrote itself.
        let written = newer(held.clone(), &leaf, &vt.key, |signed| {
            signed.card.kind = police.clone();
            signed.admission.kinds.push(police.clone());
        })?;
        assert_eq!(publish(&channel, &written).await?, Some(Reason::KindNotAdmitted), "itself");
        // Nor by the admission of somebody else.
        let folder = federation.identities().agency("pol-drieveen")?;
        let admission = authority::read_admission(&folder.join("admission.json"))?;
        let borrowed = newer(held, &leaf, &vt.key, |signed| {
            signed.card.kind = police;
            signed.admission = admission;
        })?;
        assert_eq!(publish(&channel, &borrowed).await?, Some(Reason::KindNotAdmitted), "borrowed");
        Ok(())
    })
}

/// The authority admitted it, and the broker's operator did not.
#[test]
fn an_agency_that_the_operator_did_not_admit_asks_nothing() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let stranger = federation.hand("corp-deveste")?;
        let channel = federation.to_broker(&stranger)?;
        let sketch = federation.sketch(&stranger, &SAFETY, &[SCHOOL])?;
        let routed = stranger.ask(&channel, sketch.to_wire()?).await?;
        assert_eq!(routed.refusal, Some(Reason::UnknownAgency));
        Ok(())
    })
}

#[test]
fn a_certificate_of_another_region_opens_nothing() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let elsewhere = Identities::fresh()?;
        let foreign = Hand::open(&elsewhere.agency(VT)?)?;
        let sketch = federation.sketch(&foreign, &SAFETY, &[SCHOOL])?;
        let broker = federation.to_broker(&foreign)?;
        let refused = foreign.ask(&broker, sketch.to_wire()?).await.err().context("answered")?;
        assert_eq!(reason_of(&refused), Reason::CertificateInvalid);
        Ok(())
    })
}

#[test]
fn a_production_process_does_not_talk_to_a_demo() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let folder = federation.identities().folder().join("production");
        let oin = Oin::parse("00000001990200017000")?;
        federation.identities().issue(&folder, &oin, "Productie", &["vt"])?;
        let production = Hand::open(&folder)?;
        let sketch = federation.sketch(&production, &SAFETY, &[SCHOOL])?;
        for (who, channel) in [
            ("broker", federation.to_broker(&production)?),
            ("node", federation.to_node(&production, SCHOOL)?),
        ] {
            let refused = production.ask(&channel, sketch.to_wire()?).await;
            let refused = refused.err().with_context(|| format!("{who} answered"))?;
            assert_eq!(reason_of(&refused), Reason::ModeMismatch, "{who}");
        }
        Ok(())
    })
}
