//! Bytes that are no message.

use anyhow::{Context as _, Result};
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_runtime::channel::reason_of;
use grondslag_tests::federation::run;
use prost::bytes::BufMut as _;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::stage::{SAFETY, SCHOOL, VT, stage};

/// A codec that sends bytes as they are.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, bytes: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&bytes);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, _: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        Ok(Some(()))
    }
}

async fn send(channel: Channel, path: &'static str, bytes: Vec<u8>) -> Result<Status> {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await?;
    let answer = grpc.server_streaming(Request::new(bytes), path.parse()?, Raw).await;
    answer.err().context("it was answered")
}

/// Bytes that are no message of the service get a stable reason and nothing of the decoder.
#[test]
fn malformed_bytes_are_refused_by_every_service() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let (vt, broker) = (federation.hand(VT)?, federation.broker_hand()?);
        // Field 1 is said to be longer than what follows; then an end of a group that never began.
        for garbage in [vec![0x0a, 0x7f, 1], vec![0x0c, 0xff, 0xff]] {
            for (path, channel) in [
                ("/grondslag.v1.BrokerService/Ask", federation.to_broker(&vt)?),
                ("/grondslag.v1.DirectoryService/PublishCard", federation.to_broker(&vt)?),
                ("/grondslag.v1.NodeService/Answer", federation.to_node(&broker, SCHOOL)?),
                ("/grondslag.v1.DeskService/Plan", federation.desk(VT, "triage-1")?.channel()),
            ] {
                let refused = send(channel, path, garbage.clone()).await?;
                assert_eq!(
                    (refused.code(), reason_of(&refused)),
                    (Code::InvalidArgument, Reason::Malformed),
                    "{path}"
                );
                assert_eq!(refused.message(), Reason::Malformed.sentence(Lang::En));
            }
        }
        Ok(())
    })
}

/// A path that no service has.
#[test]
fn a_service_that_does_not_exist_is_unimplemented() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let path = "/grondslag.v1.BrokerService/Guess";
        let refused = send(federation.to_broker(&vt)?, path, Vec::new()).await?;
        assert_eq!(reason_of(&refused), Reason::Unimplemented);
        Ok(())
    })
}

/// Messages with a field that has no form: refused as data, before anything is looked at.
#[test]
fn a_message_with_a_field_without_form_is_malformed() -> Result<()> {
    run(async {
        let federation = stage().await?;
        let vt = federation.hand(VT)?;
        let channel = federation.to_broker(&vt)?;
        let good = federation.sketch(&vt, &SAFETY, &[SCHOOL])?.to_wire()?;
        let mut short_id = good.clone();
        short_id.inquiry_id.pop();
        let mut no_header = good.clone();
        no_header.header = None;
        let mut short_signature = good.clone();
        short_signature.signature.pop();
        let mut third_attempt = good.clone();
        third_attempt.attempt = 3;
        let mut no_times = good;
        no_times.header.as_mut().context("a header")?.times = None;
        for (what, wire) in [
            ("a short id", short_id),
            ("no header", no_header),
            ("a short signature", short_signature),
            ("a third attempt", third_attempt),
            ("no times", no_times),
        ] {
            let routed = vt.ask(&channel, wire).await?;
            assert_eq!(routed.refusal, Some(Reason::Malformed), "{what}");
        }
        Ok(())
    })
}
