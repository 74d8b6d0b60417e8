//! A decision of a broker or of a holder, as its record tells it.

use grondslag_broker::decision::{DecisionRecord as OfBroker, RecordError};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::statement::Leaf;
use grondslag_evidence::records::Opened;
use grondslag_node::answers::record::DecisionRecord as OfHolder;
use grondslag_policy::simulate::Recorded;
use grondslag_policy::{Difference, NotAgain, Overlay, Pack};

/// One decision.
#[derive(Debug)]
pub(crate) enum Decision {
    Broker(Box<OfBroker>),
    Holder(Box<OfHolder>),
}

/// True for the kinds of record that are decisions.
pub(crate) fn is_decision(kind: &str) -> bool {
    [Leaf::KIND, OfHolder::KIND].contains(&kind)
}

impl Decision {
    /// Reads a record that its commitment matched; nothing for another kind of record.
    ///
    /// # Errors
    /// The word for what is wrong with it.
    pub(crate) fn read(opened: &Opened) -> Result<Option<Self>, &'static str> {
        if opened.kind == Leaf::KIND {
            let read = OfBroker::read(opened).map_err(RecordError::word)?;
            return Ok(Some(Self::Broker(Box::new(read))));
        }
        if opened.kind != OfHolder::KIND {
            return Ok(None);
        }
        let read = OfHolder::parse(&opened.body).ok_or("body_unreadable")?;
        Ok(Some(Self::Holder(Box::new(read))))
    }

    /// The question as its target knows it.
    pub(super) fn target_id(&self) -> &TargetId {
        match self {
            Self::Broker(record) => &record.leaf.target_id,
            Self::Holder(record) => &record.target_id,
        }
    }

    /// Who asked.
    pub(super) fn asker(&self) -> &Oin {
        match self {
            Self::Broker(record) => &record.asked.header.asker,
            Self::Holder(record) => &record.asker,
        }
    }

    /// When it was decided.
    pub(super) fn decided_at(&self) -> Timestamp {
        match self {
            Self::Broker(record) => record.leaf.decided_at,
            Self::Holder(record) => record.decided_at,
        }
    }

    /// The rules that it names.
    pub(crate) fn rules(&self) -> (Digest, Option<Digest>) {
        match self {
            Self::Broker(record) => (record.bundle, None),
            Self::Holder(record) => (record.bundle, record.overlay),
        }
    }

    /// What a draft is held against; nothing where nothing was decided.
    pub(crate) fn recorded<'a>(&'a self, party: &'a Oin) -> Option<Recorded<'a>> {
        match self {
            Self::Broker(record) => record.recorded(),
            Self::Holder(record) => record.recorded(party),
        }
    }

    /// Decides again.
    ///
    /// # Errors
    /// [`NotAgain`] for rules that are not those of the record.
    pub(super) fn again(
        &self,
        pack: &Pack,
        overlay: Option<&Overlay>,
    ) -> Result<Vec<Difference>, NotAgain> {
        match self {
            Self::Broker(record) => record.again(pack),
            Self::Holder(record) => record.again(pack, overlay),
        }
    }
}
