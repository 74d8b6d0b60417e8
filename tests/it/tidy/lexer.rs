//! Just enough of Rust's lexis to tell code, comments and strings apart.

/// A source, split. Each part has the lines of the whole.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// Neither comments nor what stands in quotes.
    pub(crate) code: String,
    /// Comments alone.
    pub(crate) comments: String,
    /// Everything but what stands in quotes.
    pub(crate) without_strings: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Code,
    Line,
    Block(u32),
    Quotes,
    Raw(usize),
}

/// Splits a source.
pub(crate) fn split(source: &str) -> Text {
    let chars: Vec<char> = source.chars().collect();
    let mut text = Text::default();
    let (mut at, mut state) = (0, In::Code);
    while let Some(here) = chars.get(at).copied() {
        let next = chars.get(at + 1).copied();
        let (taken, after) = step(state, here, next, &chars, at);
        let quoted = matches!(state, In::Quotes | In::Raw(_)) || char_literal(state, &chars, at);
        let commented =
            matches!(state, In::Line | In::Block(_)) || matches!(after, In::Line | In::Block(_));
        for offset in 0..taken {
            let Some(one) = chars.get(at + offset).copied() else { break };
            put(&mut text, one, quoted, commented);
        }
        (at, state) = (at + taken, after);
    }
    text
}

fn put(text: &mut Text, one: char, quoted: bool, commented: bool) {
    if one == '\n' {
        text.code.push('\n');
        text.comments.push('\n');
        text.without_strings.push('\n');
    } else if commented {
        text.comments.push(one);
        text.without_strings.push(one);
    } else if !quoted {
        text.code.push(one);
        text.without_strings.push(one);
    }
}

/// How many characters belong together here, and where we are behind them.
fn step(state: In, here: char, next: Option<char>, chars: &[char], at: usize) -> (usize, In) {
    match (state, here, next) {
        (In::Code, '/', Some('/')) => (2, In::Line),
        (In::Code, '/', Some('*')) => (2, In::Block(1)),
        (In::Code, '"', _) => (1, In::Quotes),
        (In::Code, 'r', Some('"' | '#')) => {
            raw_start(chars, at).map_or((1, In::Code), |hashes| (2 + hashes, In::Raw(hashes)))
        }
        (In::Code, '\'', _) => (char_length(chars, at), In::Code),
        (In::Block(1), '*', Some('/')) => (2, In::Code),
        (In::Block(depth), '*', Some('/')) => (2, In::Block(depth - 1)),
        (In::Block(depth), '/', Some('*')) => (2, In::Block(depth + 1)),
        (In::Quotes, '\\', _) => (2, In::Quotes),
        (In::Line, '\n', _) | (In::Quotes, '"', _) => (1, In::Code),
        (In::Raw(hashes), '"', _) if closes(chars, at, hashes) => (1 + hashes, In::Code),
        _ => (1, state),
    }
}

fn char_literal(state: In, chars: &[char], at: usize) -> bool {
    state == In::Code && chars.get(at) == Some(&'\'') && char_length(chars, at) > 1
}

/// A character in quotes has an end near by; a lifetime has none.
fn char_length(chars: &[char], at: usize) -> usize {
    let escaped = chars.get(at + 1) == Some(&'\\');
    let end = if escaped {
        (at + 3..at + 12).find(|end| chars.get(*end) == Some(&'\''))
    } else {
        Some(at + 2).filter(|end| chars.get(*end) == Some(&'\''))
    };
    end.map_or(1, |end| end - at + 1)
}

/// `r"` or `r#"`, and not the end of a longer word.
fn raw_start(chars: &[char], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).and_then(|before| chars.get(before));
    if before.is_some_and(|before| (before.is_alphanumeric() && *before != 'b') || *before == '_') {
        return None;
    }
    let hashes = chars.iter().skip(at + 1).take_while(|next| **next == '#').count();
    (chars.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}

fn closes(chars: &[char], at: usize, hashes: usize) -> bool {
    chars.iter().skip(at + 1).take(hashes).filter(|next| **next == '#').count() == hashes
}

/// Every function of a code without comments and strings: name, line, number of lines.
pub(crate) fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = code.get(from..).and_then(|rest| rest.find("fn ")) {
        let start = from + offset;
        from = start + 3;
        let before = code.get(..start).and_then(|before| before.chars().next_back());
        let rest = code.get(from..).unwrap_or_default();
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() || before.is_some_and(|before| before.is_alphanumeric() || before == '_')
        {
            continue;
        }
        let line = code.get(..start).unwrap_or_default().matches('\n').count() + 1;
        if let Some(length) = length_of(rest) {
            found.push((name, line, length));
        }
    }
    found
}

/// Lines up to the brace that closes the body; nothing when there is no body.
fn length_of(signature: &str) -> Option<usize> {
    let (mut round, mut braces, mut lines) = (0_i32, 0_i32, 1);
    for one in signature.chars() {
        match one {
            '\n' => lines += 1,
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            ';' if round == 0 && braces == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces == 0 {
                    return Some(lines);
                }
            }
            _ => {}
        }
    }
    None
}

#[test]
fn code_comments_and_strings_are_told_apart() {
    let source = "let a = \"// no { \\\" }\"; // yes \"\nlet b = '\"'; /* c /* d */ e */ f::<'x>();\n\
                  let r = r#\"{ \" }\"#;\n";
    let text = split(source);
    assert_eq!(text.code, "let a = \"; \nlet b = ;  f::<'x>();\nlet r = r#\";\n");
    assert_eq!(text.comments, "// yes \"\n/* c /* d */ e */\n\n");
    assert_eq!(text.without_strings.lines().count(), 3);
}

#[test]
fn functions_have_their_length_and_declarations_none() {
    let code = "trait T {\n    fn a(&self);\n    fn b(&self) {\n        c();\n    }\n}\n\
                type F = fn (u8);\nfn d(f: fn(u8) -> [u8; 2]) where A: B {}\n";
    let found: Vec<(String, usize)> =
        functions(code).into_iter().map(|(name, _, length)| (name, length)).collect();
    assert_eq!(found, [("b".to_owned(), 3), ("d".to_owned(), 1)]);
}
