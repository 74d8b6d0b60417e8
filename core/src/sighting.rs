//! What members of staff see before somebody has an own view (domain 4a.31).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::tier::{UnknownWord, words};

words!(
    /// A paper that says who somebody is (WID art. 1).
    Document, "passport, id_card, driving_licence, residence_permit", {
        /// A passport.
        Passport = "passport",
        /// A national identity card.
        IdCard = "id_card",
        /// A driving licence.
        DrivingLicence = "driving_licence",
        /// A residence permit.
        ResidencePermit = "residence_permit",
    }
);

words!(
    /// Where it stands that somebody may ask about a child.
    Authority, "custody_register, civil_registry, court_decision", {
        /// The register of custody (BW 1:244).
        CustodyRegister = "custody_register",
        /// The civil registry: who the parents are, and not who holds custody.
        CivilRegistry = "civil_registry",
        /// A decision of the court.
        CourtDecision = "court_decision",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paper_and_a_register_are_of_their_list() {
        for paper in Document::ALL {
            assert_eq!(paper.word().parse(), Ok(*paper));
        }
        for register in Authority::ALL {
            assert_eq!(register.word().parse(), Ok(*register));
        }
        for bad in ["", "library_card", "Passport", "civil registry"] {
            assert!(bad.parse::<Document>().is_err() && bad.parse::<Authority>().is_err(), "{bad}");
        }
    }
}
