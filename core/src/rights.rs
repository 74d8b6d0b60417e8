//! What somebody may ask about their own data: the words that desk, node and command line share
//! (AVG art. 16 to 21, Jeugdwet 7.3.8 lid 2 and 7.3.9, Wmo 5.3.5).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::tier::{UnknownWord, words};

words!(
    /// What is asked.
    Right, "correction, statement, objection, false_match, destruction", {
        /// Something is not right (AVG art. 16).
        Correction = "correction",
        /// The person's own statement is put into the file (Jeugdwet 7.3.8 lid 2).
        Statement = "statement",
        /// What is told is told no more (AVG art. 21).
        Objection = "objection",
        /// The data are another person's: two files were taken for one (AVG art. 5 lid 1 d, 16).
        FalseMatch = "false_match",
        /// The file is destroyed (AVG art. 17, Jeugdwet 7.3.9, Wmo 5.3.5).
        Destruction = "destruction",
    }
);

words!(
    /// Who asks.
    AskedBy, "young_person, custody_holder, representative, own_finding", {
        /// Whom it is about.
        YoungPerson = "young_person",
        /// A parent or guardian with custody.
        CustodyHolder = "custody_holder",
        /// Who represents somebody of age.
        Representative = "representative",
        /// Nobody asked: the agency found it.
        OwnFinding = "own_finding",
    }
);

words!(
    /// What becomes of a request.
    Decided, "granted, refused", {
        /// It is done.
        Granted = "granted",
        /// It is not, and for what ground of the law.
        Refused = "refused",
    }
);

words!(
    /// Why a request is refused.
    RefusalGround, "accurate, other_interest, statutory_duty, unfounded", {
        /// What stands there is right (AVG art. 16).
        Accurate = "accurate",
        /// Somebody else has a weighty interest in keeping it (Jeugdwet 7.3.9, Wmo 5.3.5).
        OtherInterest = "other_interest",
        /// A law demands it (AVG art. 17 lid 3 b, art. 21 lid 1).
        StatutoryDuty = "statutory_duty",
        /// It is manifestly unfounded or repeated (AVG art. 12 lid 5).
        Unfounded = "unfounded",
    }
);

impl RefusalGround {
    /// Whether the law knows this ground for a request of that sort. A statement of the client is
    /// added whatever others think of it (Jeugdwet 7.3.8 lid 2).
    pub const fn fits(self, right: Right) -> bool {
        match right {
            Right::Statement => false,
            Right::Correction | Right::FalseMatch => {
                matches!(self, Self::Accurate | Self::Unfounded)
            }
            Right::Objection | Right::Destruction => !matches!(self, Self::Accurate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_never_refused_and_what_is_right_is_no_ground_to_keep_it() {
        for ground in RefusalGround::ALL {
            assert!(!ground.fits(Right::Statement), "{ground}");
        }
        assert!(RefusalGround::Accurate.fits(Right::Correction));
        assert!(!RefusalGround::Accurate.fits(Right::Destruction));
        assert!(RefusalGround::OtherInterest.fits(Right::Destruction));
        assert!(!RefusalGround::OtherInterest.fits(Right::FalseMatch));
    }
}
