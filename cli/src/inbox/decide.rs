//! What a reviewer types, as a decision on every category.

use std::str::FromStr;

use clap::{Args, ValueEnum};
use grondslag_core::catalogue::{Category, Kind};
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::Said;
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

/// What becomes of categories that are not named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Rest {
    Give,
    Withhold,
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

/// What is decided of every category.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Verdicts {
    /// What to give, and up to where, such as G08:T3,G14; without a tier up to what is open
    #[arg(long, value_name = "CATEGORY[:TIER]", value_delimiter = ',')]
    give: Vec<Give>,

    /// What to refuse, such as G17,G18
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',', value_parser = Category::parse)]
    withhold: Vec<Category>,

    /// For what to ask another kind of agency, such as G18:vt
    #[arg(long, value_name = "CATEGORY:KIND", value_delimiter = ',')]
    refer: Vec<Refer>,

    /// What becomes of what you do not name: give or withhold
    #[arg(long, value_enum, value_name = "WORD", hide_possible_values = true)]
    rest: Option<Rest>,

    /// On what ground you refuse; `inbox grounds` shows the list
    #[arg(long, value_name = "CODE")]
    ground: Option<String>,

    /// Tell the asker also of a refusal of which they know nothing; that tells them that the child
    /// is known here
    #[arg(long)]
    named: bool,
}

impl Verdicts {
    /// A line for every category in review.
    ///
    /// # Errors
    /// `REVIEW_LINES` for a category that nothing or more than one thing is said of, and for one
    /// that is not in review; `REVIEW_GROUND` for a refusal without a ground.
    pub(super) fn lines(&self, shown: &[v1::ReviewLine]) -> Result<Vec<v1::JudgedLine>, Failure> {
        let known = |code: &&Category| shown.iter().any(|line| line.category == code.as_str());
        if !self.named_ones().iter().all(known) {
            return Err(Reason::ReviewLines.into());
        }
        shown.iter().map(|line| self.line(line)).collect()
    }

    fn named_ones(&self) -> Vec<&Category> {
        let given = self.give.iter().map(|one| &one.category);
        let referred = self.refer.iter().map(|one| &one.category);
        given.chain(&self.withhold).chain(referred).collect()
    }

    fn line(&self, shown: &v1::ReviewLine) -> Result<v1::JudgedLine, Failure> {
        let is = |code: &Category| code.as_str() == shown.category;
        if self.named_ones().into_iter().filter(|one| is(one)).count() > 1 {
            return Err(Reason::ReviewLines.into());
        }
        if let Some(one) = self.give.iter().find(|one| is(&one.category)) {
            return Ok(given(shown, one.tier));
        }
        if let Some(one) = self.refer.iter().find(|one| is(&one.category)) {
            return Ok(v1::JudgedLine { refer_to: one.to.to_string(), ..say(shown, Said::Refer) });
        }
        match self.rest {
            _ if self.withhold.iter().any(is) => self.withheld(shown),
            Some(Rest::Give) => Ok(given(shown, None)),
            Some(Rest::Withhold) => self.withheld(shown),
            None => Err(Reason::ReviewLines.into()),
        }
    }

    /// What the asker was told to be in review is refused by name; anything else only where that is
    /// wanted, for it tells that the child is known here.
    fn withheld(&self, shown: &v1::ReviewLine) -> Result<v1::JudgedLine, Failure> {
        let ground = self.ground.clone().ok_or(Reason::ReviewGround)?;
        let named = shown.named || self.named;
        Ok(v1::JudgedLine { ground, named, ..say(shown, Said::Withhold) })
    }
}

fn say(shown: &v1::ReviewLine, said: Said) -> v1::JudgedLine {
    let (category, say) = (shown.category.clone(), said.to_string());
    v1::JudgedLine { category, say, ..v1::JudgedLine::default() }
}

fn given(shown: &v1::ReviewLine, tier: Option<Tier>) -> v1::JudgedLine {
    let tier = tier.map_or_else(|| shown.tier.clone(), |tier| tier.to_string());
    v1::JudgedLine { tier, ..say(shown, Said::Give) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown() -> Vec<v1::ReviewLine> {
        let line = |code: &str| v1::ReviewLine {
            category: code.to_owned(),
            tier: "T4".to_owned(),
            named: code == "G17",
            ..v1::ReviewLine::default()
        };
        ["G08", "G17", "G18"].map(line).to_vec()
    }

    fn said(verdicts: &Verdicts) -> Result<Vec<String>, Reason> {
        let lines = verdicts.lines(&shown()).map_err(|failure| failure.reason())?;
        let word = |line: v1::JudgedLine| {
            let what = [line.tier, line.ground, line.refer_to].concat();
            let named = if line.named { " named" } else { "" };
            format!("{} {} {what}{named}", line.category, line.say)
        };
        Ok(lines.into_iter().map(word).collect())
    }

    fn give(texts: &[&str]) -> Vec<Give> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn category(code: &str) -> Category {
        Category::parse(code).unwrap()
    }

    #[test]
    fn every_category_is_decided_once_by_name_or_with_the_rest() {
        let ground = Some("bw-7:457".to_owned());
        let part = Verdicts {
            give: give(&["G08:T3"]),
            rest: Some(Rest::Withhold),
            refer: vec!["G18:vt".parse().unwrap()],
            ground: ground.clone(),
            ..Verdicts::default()
        };
        let words = ["G08 give T3", "G17 withhold bw-7:457 named", "G18 refer vt"];
        assert_eq!(said(&part).unwrap(), words);
        let all = Verdicts { rest: Some(Rest::Give), ..Verdicts::default() };
        assert_eq!(said(&all).unwrap(), ["G08 give T4", "G17 give T4", "G18 give T4"]);
        let twice = Verdicts { give: give(&["G08:T1", "G08:T3"]), ..part.clone() };
        let both = Verdicts { withhold: vec![category("G08")], ..part.clone() };
        let wrong = [
            (Verdicts::default(), Reason::ReviewLines),
            (Verdicts { give: give(&["G08"]), ..Verdicts::default() }, Reason::ReviewLines),
            (Verdicts { give: give(&["G99"]), ..all }, Reason::ReviewLines),
            (twice, Reason::ReviewLines),
            (both, Reason::ReviewLines),
            (Verdicts { ground: None, ..part }, Reason::ReviewGround),
        ];
        for (verdicts, reason) in wrong {
            assert_eq!(said(&verdicts), Err(reason), "{verdicts:?}");
        }
        assert!("G18".parse::<Refer>().is_err() && "G18:T3:x".parse::<Give>().is_err());
    }

    /// Naming a refusal of which the asker knows nothing tells that the child is known.
    #[test]
    fn a_refusal_is_named_where_the_asker_knows_of_the_review_and_else_only_when_wanted() {
        let ground = Some("bw-7:457".to_owned());
        let rest = Some(Rest::Withhold);
        let silent = Verdicts { rest, ground, ..Verdicts::default() };
        let named = |verdicts: &Verdicts| -> Vec<bool> {
            said(verdicts).unwrap().iter().map(|line| line.ends_with("named")).collect()
        };
        assert_eq!(named(&silent), [false, true, false]);
        assert_eq!(named(&Verdicts { named: true, ..silent }), [true, true, true]);
    }
}
