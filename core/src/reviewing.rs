//! Words of a review by a person at the holder (domain 4a.29).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::tier::{UnknownWord, words};

words!(
    /// Who at the holder is to act on a question that waits: a term that passes climbs.
    Stage, "professional, manager, director, officer", {
        /// A professional, within the inner term.
        Professional = "professional",
        /// Who leads them.
        Manager = "manager",
        /// Who answers for the agency.
        Director = "director",
        /// The agency's own data protection officer is told too.
        Officer = "officer",
    }
);

words!(
    /// What a second person judges afterwards of a question with break glass (domain R30).
    GlassVerdict, "justified, misuse", {
        /// The danger was such that asking alone was right.
        Justified = "justified",
        /// It was not.
        Misuse = "misuse",
    }
);

words!(
    /// How a question that a person must look at stands.
    ReviewState, "waiting, second, decided, said", {
        /// Nobody decided.
        Waiting = "waiting",
        /// Somebody did, and a second person is to confirm.
        Second = "second",
        /// It is decided, and the asker was not told yet.
        Decided = "decided",
        /// The asker was told.
        Said = "said",
    }
);

words!(
    /// What a person decides of one category.
    Said, "give, withhold, refer", {
        /// It is given, up to a tier.
        Give = "give",
        /// It is not, on a ground.
        Withhold = "withhold",
        /// Another kind of party is to be asked.
        Refer = "refer",
    }
);
