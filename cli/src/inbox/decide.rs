//! What a reviewer types, as a decision on every category.

use std::str::FromStr;

use grondslag_core::catalogue::{Category, Kind};
use grondslag_core::reason::Reason;
use grondslag_core::tier::Tier;
use grondslag_proto::v1;

use crate::exit::Failure;

/// `G08` or `G08:T3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Give {
    category: Category,
    tier: Option<Tier>,
}

/// `G18:vt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refer {
    category: Category,
    to: Kind,
}

impl FromStr for Give {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (category, tier) =
            text.split_once(':').map_or((text, None), |(code, tier)| (code, Some(tier)));
        Ok(Self {
            category: Category::parse(category).map_err(|error| error.to_string())?,
            tier: tier.map(Tier::from_str).transpose().map_err(|error| error.to_string())?,
        })
    }
}

impl FromStr for Refer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (category, to) = text.split_once(':').ok_or("such as G18:vt")?;
        Ok(Self {
            category: Category::parse(category).map_err(|error| error.to_string())?,
            to: Kind::parse(to).map_err(|error| error.to_string())?,
        })
    }
}

/// What was typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    /// `None` when nothing is given; empty for whatever is not named elsewhere.
    pub(super) give: Option<Vec<Give>>,
    /// As for giving.
    pub(super) withhold: Option<Vec<Category>>,
    pub(super) refer: Vec<Refer>,
    pub(super) ground: Option<String>,
    /// The asker is to hear nothing of a refusal.
    pub(super) neutral: bool,
}

impl Typed {
    /// A line for every category in review. A category that is named once, or falls to the option
    /// without names, is decided; giving without a tier gives up to what is open.
    ///
    /// # Errors
    /// `REVIEW_LINES` for a category that nothing or more than one thing is said of;
    /// `REVIEW_GROUND` for a refusal without a ground.
    pub(super) fn lines(&self, shown: &[v1::ReviewLine]) -> Result<Vec<v1::JudgedLine>, Failure> {
        let known = |code: &Category| shown.iter().any(|line| line.category == code.as_str());
        let given = self.give.iter().flatten().map(|one| &one.category);
        let withheld = self.withhold.iter().flatten();
        let mut named = given.chain(withheld).chain(self.refer.iter().map(|one| &one.category));
        if !named.all(known) {
            return Err(Reason::ReviewLines.into());
        }
        shown.iter().map(|line| self.line(line)).collect()
    }

    fn line(&self, shown: &v1::ReviewLine) -> Result<v1::JudgedLine, Failure> {
        let is = |code: &Category| code.as_str() == shown.category;
        let give = self.give.iter().flatten().find(|one| is(&one.category));
        let withhold = self.withhold.iter().flatten().any(is);
        let refer = self.refer.iter().find(|one| is(&one.category));
        let all = |named: &Option<Vec<_>>| named.as_ref().is_some_and(Vec::is_empty);
        let rest_given = self.give.as_ref().is_some_and(Vec::is_empty);
        let rest_withheld = all(&self.withhold);
        match (give, withhold, refer) {
            (Some(one), false, None) => Ok(give_line(shown, one.tier)),
            (None, true, None) => self.withheld(shown),
            (None, false, Some(one)) => Ok(v1::JudgedLine {
                say: "refer".to_owned(),
                refer_to: one.to.to_string(),
                ..bare(shown)
            }),
            (None, false, None) if rest_given && !rest_withheld => Ok(give_line(shown, None)),
            (None, false, None) if rest_withheld && !rest_given => self.withheld(shown),
            _ => Err(Reason::ReviewLines.into()),
        }
    }

    /// What the asker was told to be in review is refused by name, and anything else is not, unless
    /// that is wanted otherwise.
    fn withheld(&self, shown: &v1::ReviewLine) -> Result<v1::JudgedLine, Failure> {
        let ground = self.ground.clone().ok_or(Reason::ReviewGround)?;
        let named = !self.neutral;
        Ok(v1::JudgedLine { say: "withhold".to_owned(), ground, named, ..bare(shown) })
    }
}

fn bare(shown: &v1::ReviewLine) -> v1::JudgedLine {
    v1::JudgedLine { category: shown.category.clone(), ..v1::JudgedLine::default() }
}

fn give_line(shown: &v1::ReviewLine, tier: Option<Tier>) -> v1::JudgedLine {
    let tier = tier.map_or_else(|| shown.tier.clone(), |tier| tier.to_string());
    v1::JudgedLine { say: "give".to_owned(), tier, ..bare(shown) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown() -> Vec<v1::ReviewLine> {
        let line = |code: &str| v1::ReviewLine {
            category: code.to_owned(),
            tier: "T4".to_owned(),
            ..v1::ReviewLine::default()
        };
        ["G08", "G17", "G18"].map(line).to_vec()
    }

    fn said(typed: &Typed) -> Result<Vec<String>, Reason> {
        let lines = typed.lines(&shown()).map_err(|failure| failure.reason())?;
        let word = |line: v1::JudgedLine| {
            let what = [line.tier, line.ground, line.refer_to].concat();
            format!("{} {} {what}", line.category, line.say)
        };
        Ok(lines.into_iter().map(word).collect())
    }

    fn category(code: &str) -> Category {
        Category::parse(code).unwrap()
    }

    #[test]
    fn every_category_is_decided_once_by_name_or_with_the_rest() {
        let give = |texts: &[&str]| Some(texts.iter().map(|text| text.parse().unwrap()).collect());
        let ground = Some("bw-7:457".to_owned());
        let part = Typed {
            give: give(&["G08:T3"]),
            withhold: Some(vec![]),
            refer: vec!["G18:vt".parse().unwrap()],
            ground: ground.clone(),
            ..Typed::default()
        };
        assert_eq!(said(&part).unwrap(), ["G08 give T3", "G17 withhold bw-7:457", "G18 refer vt"]);
        let all = Typed { give: give(&[]), ..Typed::default() };
        assert_eq!(said(&all).unwrap(), ["G08 give T4", "G17 give T4", "G18 give T4"]);
        let wrong = [
            (Typed::default(), Reason::ReviewLines),
            (Typed { give: give(&["G08"]), ..Typed::default() }, Reason::ReviewLines),
            (Typed { give: give(&["G99"]), ..Typed::default() }, Reason::ReviewLines),
            (
                Typed {
                    give: give(&["G17"]),
                    withhold: Some(vec![category("G17")]),
                    ..part.clone()
                },
                Reason::ReviewLines,
            ),
            (
                Typed { give: give(&[]), withhold: Some(vec![]), ..part.clone() },
                Reason::ReviewLines,
            ),
            (Typed { ground: None, ..part }, Reason::ReviewGround),
        ];
        for (typed, reason) in wrong {
            assert_eq!(said(&typed), Err(reason), "{typed:?}");
        }
        assert!("G18".parse::<Refer>().is_err() && "G18:T3:x".parse::<Give>().is_err());
    }
}
