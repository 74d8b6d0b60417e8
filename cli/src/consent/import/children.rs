//! From rows to what the node is told of each child.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::situation::Situation;

use super::problem::{Fault, Problem};
use super::rows::Row;
use crate::consent::{Typed, moment, ms, until};

/// What a file says of one child.
pub(super) struct Child {
    subject: String,
    /// Each with its row, in the order in which they begin.
    situations: Vec<(u64, v1::Situation)>,
}

grondslag_core::unprinted!(Child);

impl Child {
    /// The call for it.
    pub(super) fn request(&self, role: &str, preview: bool) -> v1::RecordSituationsRequest {
        v1::RecordSituationsRequest {
            subject: self.subject.clone(),
            role: role.to_owned(),
            situations: self.situations.iter().map(|(_, situation)| situation.clone()).collect(),
            preview,
        }
    }

    /// The rows, in the order of the call.
    pub(super) fn rows(&self) -> impl Iterator<Item = u64> {
        self.situations.iter().map(|(row, _)| *row)
    }

    /// Something wrong with all of its rows.
    pub(super) fn problem(&self, fault: Fault) -> impl Iterator<Item = Problem> {
        self.rows().map(move |row| Problem { row, column: None, fault })
    }
}

/// The children of the rows that can be read; what is wrong with the others goes to `problems`.
pub(super) fn children(
    rows: Vec<Row>,
    region: &[v1::AgencySummary],
    problems: &mut Vec<Problem>,
) -> Vec<Child> {
    let mut children: BTreeMap<String, Vec<(Timestamp, u64, v1::Situation)>> = BTreeMap::new();
    for row in rows {
        match situation(&row, region) {
            Ok((subject, from, situation)) => {
                children.entry(subject).or_default().push((from, row.number, situation));
            }
            Err((column, fault)) => {
                problems.push(Problem { row: row.number, column: Some(column), fault });
            }
        }
    }
    let child = |(subject, mut situations): (String, Vec<(Timestamp, u64, v1::Situation)>)| {
        situations.sort_by_key(|(from, ..)| *from);
        let situations = situations.into_iter().map(|(_, row, situation)| (row, situation));
        Child { subject, situations: situations.collect() }
    };
    children.into_iter().map(child).collect()
}

fn situation(
    row: &Row,
    region: &[v1::AgencySummary],
) -> Result<(String, Timestamp, v1::Situation), (&'static str, Fault)> {
    let subject = row.filled("subject")?.to_owned();
    let what = row.filled("what")?;
    let from = moment(row.filled("from")?).map_err(|_| ("from", Fault::BadMoment))?;
    let end = match row.text("until") {
        "" => None,
        text => Some(until(text).map_err(|_| ("until", Fault::BadMoment))?),
    };
    let seen_in = row.filled("seen_in")?.to_owned();
    let (from_ms, until_ms) = (from.ms(), ms(end));
    let situation = match what {
        "custody" => {
            row.nothing("value")?;
            let holders = row.holders().map(|typed| holder(typed, region));
            let holders = holders.collect::<Result<_, _>>().map_err(|fault| ("holders", fault))?;
            Situation::Custody(v1::CustodySituation { holders, seen_in, from_ms, until_ms })
        }
        "measure" => {
            row.nothing("holders")?;
            let value = row.filled("value")?.to_owned();
            let court_reference = seen_in;
            Situation::Measure(v1::CourtMeasure { value, court_reference, from_ms, until_ms })
        }
        _ => return Err(("what", Fault::BadWhat)),
    };
    Ok((subject, from, v1::Situation { situation: Some(situation) }))
}

fn holder(typed: &str, region: &[v1::AgencySummary]) -> Result<v1::Speaker, Fault> {
    let typed = Typed::parse(typed).map_err(|_| Fault::BadWho)?;
    typed.among(region).map_err(|_| Fault::Refused(Reason::UnknownAgency))
}

#[cfg(test)]
mod tests {
    use super::super::rows::read;
    use super::*;

    fn read_in(text: &str) -> (Vec<Child>, Vec<Problem>) {
        let (rows, mut problems) = read(text, false);
        let agency = v1::AgencySummary {
            name: "Stichting Baken".into(),
            oin: "00000099000000003000".into(),
            ..v1::AgencySummary::default()
        };
        let children = children(rows, &[agency], &mut problems);
        (children, problems)
    }

    #[test]
    fn the_rows_of_a_child_go_together_in_the_order_in_which_they_begin() {
        let (children, problems) = read_in(
            r#"[
            {"subject": "999940004", "what": "custody", "from": "2020-01-01", "seen_in": "register",
             "holders": ["Iris, Vos, 1990-04-02", "guardian: Stichting Baken"]},
            {"subject": "999940016", "what": "custody", "from": "2020-01-01", "seen_in": "register",
             "holders": []},
            {"subject": " 999940004 ", "what": "measure", "value": "ots", "from": "2019-01-01",
             "until": "2019-12-31", "seen_in": "C/19", "holders": null}
            ]"#,
        );
        assert_eq!(problems, []);
        let rows: Vec<Vec<u64>> = children.iter().map(|child| child.rows().collect()).collect();
        assert_eq!(rows, [vec![3, 1], vec![2]]);
        let request = children[0].request("ha.arts", true);
        let Some(Situation::Measure(measure)) = &request.situations[0].situation else { panic!() };
        let next_day = Timestamp::parse("2020-01-01").unwrap();
        assert_eq!(measure.until_ms, next_day.ms(), "the last day counts as a whole");
        let Some(Situation::Custody(custody)) = &request.situations[1].situation else { panic!() };
        let last = custody.holders.last().unwrap();
        assert_eq!(last.agency_oin, "00000099000000003000");
    }

    #[test]
    fn every_wrong_row_is_told_with_its_column_and_nothing_of_what_stands_there() {
        let (children, problems) = read_in(
            r#"[
            {"what": "custody", "from": "2020-01-01", "seen_in": "x"},
            {"subject": "1", "what": "gezag", "from": "2020-01-01", "seen_in": "x"},
            {"subject": "1", "what": "measure", "from": "2020-01-01", "seen_in": "x"},
            {"subject": "1", "what": "measure", "value": "ots", "from": "1 mei", "seen_in": "x"},
            {"subject": "1", "what": "measure", "value": "ots", "seen_in": "x"},
            {"subject": "1", "what": "custody", "holders": ["Iris Vos"], "from": "2020-01-01",
             "seen_in": "x"},
            {"subject": "1", "what": "custody", "holders": ["guardian: Vos"], "from": "2020-01-01",
             "seen_in": "x"},
            {"subject": "1", "what": "custody", "value": "ots", "from": "2020-01-01",
             "seen_in": "x"},
            {"subject": "1", "what": "measure", "value": "ots", "holders": ["Iris, Vos, 1990-04-02"],
             "from": "2020-01-01", "seen_in": "x"},
            {"subject": "1", "what": "custody", "from": "2020-01-01", "seen_in": " "},
            {"subject": "1", "what": "custody", "from": "2020-01-01", "until": "x", "seen_in": "x"}
            ]"#,
        );
        assert!(children.is_empty());
        let found: Vec<_> = problems.iter().map(|one| (one.row, one.column, one.fault)).collect();
        let unknown = Fault::Refused(Reason::UnknownAgency);
        assert_eq!(
            found,
            [
                (1, Some("subject"), Fault::Empty),
                (2, Some("what"), Fault::BadWhat),
                (3, Some("value"), Fault::Empty),
                (4, Some("from"), Fault::BadMoment),
                (5, Some("from"), Fault::Empty),
                (6, Some("holders"), Fault::BadWho),
                (7, Some("holders"), unknown),
                (8, Some("value"), Fault::NotForThis),
                (9, Some("holders"), Fault::NotForThis),
                (10, Some("seen_in"), Fault::Empty),
                (11, Some("until"), Fault::BadMoment),
            ]
        );
        let told: Vec<String> =
            problems.iter().map(|one| one.text(grondslag_core::lang::Lang::Nl)).collect();
        assert!(told.iter().all(|text| !text.contains("Vos") && !text.contains("mei")), "{told:?}");
    }
}
