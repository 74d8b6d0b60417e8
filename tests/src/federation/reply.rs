//! Replies, with the secrets of whoever made them and of whom they are for.

use anyhow::{Context as _, Result};
use grondslag_core::answer::Answer;
use grondslag_core::id::{InquiryId, Oin, TargetId};
use grondslag_core::inquiry::{Header, RawInquiry};
use grondslag_core::seal::{About, seal};
use grondslag_core::statement::{ReplyFields, sign};
use grondslag_proto::{content, v1};

use super::Federation;
use super::keys::{open_with, rng, sealed};
use super::sketch::Sketch;

impl Federation {
    /// Reads a reply to a question as the node of its asker can.
    ///
    /// # Errors
    /// When it does not open, or is no answer.
    pub fn read_reply(&self, sketch: &Sketch, from: &Oin, reply: &v1::Reply) -> Result<Answer> {
        let content = self.open_reply(&sketch.id, &sketch.header, from, reply)?;
        let proved = content::decode(&content).map_err(anyhow::Error::msg)?;
        let proved = proved.context("a message that says something")?;
        grondslag_proto::answer::decode(&proved.answer).map_err(anyhow::Error::msg)
    }

    /// What an agency would have sent if it had said the same in another message: sealed and signed
    /// by itself.
    ///
    /// # Errors
    /// When the reply does not open.
    pub fn renumbered(
        &self,
        asked: &RawInquiry,
        agency: &str,
        reply: &v1::Reply,
        reply_no: u32,
    ) -> Result<v1::Reply> {
        let (node, header) = (self.hand(agency)?, &asked.header);
        let content = self.open_reply(&asked.id, header, &node.oin, reply)?;
        let id = TargetId::derive(&asked.id, &node.oin);
        let unsealed = ReplyFields::unsealed(id, header, &node.oin, reply_no);
        let (to, bytes) = (self.keys()?.of(&header.asker)?.seal, reply.body.len());
        let body = seal(&to, &About::answer(&unsealed), &content, bytes, &mut rng());
        let body = body.map_err(sealed)?;
        let fields = ReplyFields { body: &body, ..unsealed };
        let signature = sign(&node.key, &fields.canonical()).to_vec();
        Ok(v1::Reply { reply_no, part: 1, last: true, body, signature, ..reply.clone() })
    }

    fn open_reply(
        &self,
        id: &InquiryId,
        header: &Header,
        from: &Oin,
        reply: &v1::Reply,
    ) -> Result<Vec<u8>> {
        let fields =
            ReplyFields::unsealed(TargetId::derive(id, from), header, from, reply.reply_no);
        let (part, last) = (reply.part, reply.last);
        let about = About { part, last, ..About::answer(&fields) };
        let all = &self.world().region.agency;
        let asker = all.iter().find(|agency| agency.oin == header.asker.as_str());
        let folder = self.place.seal_keys(&asker.context("an agency of the world")?.id);
        open_with(&folder, &about, &reply.body)
    }
}
