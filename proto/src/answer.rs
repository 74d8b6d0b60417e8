//! The body of a reply: wire to core and back.

use grondslag_core::answer::{Answer, Entry, Line};
use grondslag_core::catalogue::{Category, Kind};
use grondslag_core::clock::Timestamp;
use grondslag_core::limits::{CATEGORIES_MAX, LINE_ENTRIES_MAX};
use grondslag_core::reason::Reason;
use prost::Message;

use crate::v1;

/// Encodes an answer.
pub fn encode(answer: &Answer) -> Vec<u8> {
    v1::AnswerBody {
        outcome: answer.outcome.to_string(),
        lines: answer.lines.iter().map(wire_line).collect(),
        subject_tag: answer.subject_tag.to_vec(),
        index_as_of_ms: answer.index_as_of.ms(),
        holds_unnumbered_records: answer.holds_unnumbered_records,
        unwitnessed: answer.unwitnessed,
        answer_by_ms: answer.answer_by.ms(),
        duty_phone: answer.duty_phone.clone(),
    }
    .encode_to_vec()
}

/// Decodes an answer.
///
/// # Errors
/// `MALFORMED`, `TOO_LARGE` or `ANSWER_INVALID` for anything that [`encode`] would not have
/// written.
pub fn decode(body: &[u8]) -> Result<Answer, Reason> {
    let wire = v1::AnswerBody::decode(body).map_err(|_| Reason::Malformed)?;
    if wire.lines.len() > CATEGORIES_MAX {
        return Err(Reason::TooLarge);
    }
    Ok(Answer {
        outcome: wire.outcome.parse().map_err(|_| Reason::AnswerInvalid)?,
        lines: wire.lines.into_iter().map(line).collect::<Result<_, _>>()?,
        subject_tag: wire.subject_tag.as_slice().try_into().map_err(|_| Reason::AnswerInvalid)?,
        index_as_of: Timestamp::from_ms(wire.index_as_of_ms),
        holds_unnumbered_records: wire.holds_unnumbered_records,
        unwitnessed: wire.unwitnessed,
        answer_by: Timestamp::from_ms(wire.answer_by_ms),
        duty_phone: wire.duty_phone,
    })
}

/// One line as it is written on the wire and shown at a desk.
pub fn wire_line(line: &Line) -> v1::AnswerLine {
    let mut wire =
        v1::AnswerLine { category: line.category().to_string(), ..v1::AnswerLine::default() };
    match line {
        Line::Content { tier, basis, entries, .. } => {
            wire.state = "content".into();
            wire.tier = tier.to_string();
            wire.basis = Some(basis.into());
            wire.entries = entries.iter().map(wire_entry).collect();
        }
        Line::NoRecord { basis, .. } => {
            wire.state = "no_record".into();
            wire.basis = Some(basis.into());
        }
        Line::Refused { basis, reason, .. } => {
            wire.state = "refused".into();
            wire.basis = Some(basis.into());
            wire.reason = reason.code().into();
        }
        Line::Referred { basis, to, .. } => {
            wire.state = "referred".into();
            wire.basis = Some(basis.into());
            wire.refer_to = to.to_string();
        }
        Line::Review { basis, until, .. } => {
            wire.state = "review".into();
            wire.basis = Some(basis.into());
            wire.until_ms = until.ms();
        }
        Line::Neutral { .. } => wire.state = "neutral".into(),
    }
    wire
}

/// Reads one line.
///
/// # Errors
/// `UNKNOWN_CATEGORY`, `TOO_LARGE` or `ANSWER_INVALID`.
pub fn line(wire: v1::AnswerLine) -> Result<Line, Reason> {
    let category = Category::parse(&wire.category).map_err(|_| Reason::UnknownCategory)?;
    let basis = wire.basis.unwrap_or_default().try_into()?;
    if wire.entries.len() > LINE_ENTRIES_MAX {
        return Err(Reason::TooLarge);
    }
    match wire.state.as_str() {
        "content" => Ok(Line::Content {
            category,
            tier: wire.tier.parse().map_err(|_| Reason::AnswerInvalid)?,
            basis,
            entries: wire.entries.into_iter().map(entry).collect::<Result<_, _>>()?,
        }),
        "no_record" => Ok(Line::NoRecord { category, basis }),
        "refused" => {
            Ok(Line::Refused { category, basis, reason: crate::reply::reason(&wire.reason) })
        }
        "referred" => Ok(Line::Referred {
            category,
            basis,
            to: Kind::parse(&wire.refer_to).map_err(|_| Reason::AnswerInvalid)?,
        }),
        "review" => Ok(Line::Review { category, basis, until: Timestamp::from_ms(wire.until_ms) }),
        "neutral" => Ok(Line::Neutral { category }),
        _ => Err(Reason::AnswerInvalid),
    }
}

/// One released record as it is written on the wire.
pub fn wire_entry(entry: &Entry) -> v1::AnswerEntry {
    v1::AnswerEntry {
        about: entry.about.to_string(),
        dated_ms: entry.dated.map(Timestamp::ms),
        source: entry.source.clone(),
        texts: entry
            .texts
            .iter()
            .map(|(tier, text)| v1::TierText { tier: tier.to_string(), text: text.clone() })
            .collect(),
        redacted: entry.redacted,
    }
}

fn entry(wire: v1::AnswerEntry) -> Result<Entry, Reason> {
    let texts = wire
        .texts
        .into_iter()
        .map(|text| Ok((text.tier.parse().map_err(|_| Reason::AnswerInvalid)?, text.text)))
        .collect::<Result<_, Reason>>()?;
    Ok(Entry {
        about: wire.about.parse().map_err(|_| Reason::AnswerInvalid)?,
        dated: wire.dated_ms.map(Timestamp::from_ms),
        source: wire.source,
        texts,
        redacted: wire.redacted,
    })
}

#[cfg(test)]
mod tests {
    use grondslag_core::answer::{About, Basis, Outcome};
    use grondslag_core::catalogue::{Ground, RowId};
    use grondslag_core::tier::Tier;

    use super::*;

    fn answer() -> Answer {
        let category = |code: &str| Category::parse(code).unwrap();
        let basis = Basis {
            rows: vec![RowId::parse("R20.1").unwrap()],
            grounds: vec![Ground::parse("jw-7.3.11-4").unwrap()],
        };
        let entry = Entry {
            about: About::Child,
            dated: Some(Timestamp::from_ms(5)),
            source: "dossier".into(),
            texts: vec![(Tier::T2, "tekst".into())],
            redacted: true,
        };
        Answer {
            outcome: Outcome::DeelsVerstrekt,
            lines: vec![
                Line::Content {
                    category: category("G05"),
                    tier: Tier::T3,
                    basis: basis.clone(),
                    entries: vec![entry],
                },
                Line::NoRecord { category: category("G06"), basis: basis.clone() },
                Line::Refused {
                    category: category("G16"),
                    basis: basis.clone(),
                    reason: Reason::NoRule,
                },
                Line::Referred {
                    category: category("G19"),
                    basis: basis.clone(),
                    to: Kind::parse("vt").unwrap(),
                },
                Line::Review { category: category("G17"), basis, until: Timestamp::from_ms(9) },
                Line::Neutral { category: category("G18") },
            ],
            subject_tag: [7; 32],
            index_as_of: Timestamp::from_ms(1),
            holds_unnumbered_records: true,
            unwitnessed: true,
            answer_by: Timestamp::from_ms(2),
            duty_phone: "000".into(),
        }
    }

    #[test]
    fn an_answer_reads_back_as_it_was_written() {
        assert_eq!(decode(&encode(&answer())), Ok(answer()));
    }

    #[test]
    fn a_body_that_is_no_answer_is_refused() {
        assert_eq!(decode(&[0xff, 0xff]), Err(Reason::Malformed));
        let mut wire = v1::AnswerBody::decode(encode(&answer()).as_slice()).unwrap();
        wire.lines[0].state = "maybe".into();
        assert_eq!(decode(&wire.encode_to_vec()), Err(Reason::AnswerInvalid));
        wire.lines = vec![v1::AnswerLine::default(); 33];
        assert_eq!(decode(&wire.encode_to_vec()), Err(Reason::TooLarge));
    }
}
