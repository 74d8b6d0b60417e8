//! Texts that stay texts: no mark of HTML, and nothing that turns or hides what is read.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::parse::is_unseen;

/// A text as a page may hold it. What cannot be seen is written out, such as `[U+202E]`: a
/// reader must see that it is there.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for one in text.chars() {
        match one {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            one if is_plain(one) => out.push(one),
            // Writing to a string does not fail.
            unseen => drop(write!(out, "[U+{:04X}]", u32::from(unseen))),
        }
    }
    Cow::Owned(out)
}

/// Stands in a page as it is.
fn is_plain(one: char) -> bool {
    let marks_html = matches!(one, '&' | '<' | '>' | '"' | '\'');
    !marks_html && !one.is_control() && !is_unseen(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_html_and_unseen_characters_are_written_out() {
        assert_eq!(escaped("één & <b>"), "één &amp; &lt;b&gt;");
        assert_eq!(escaped("\"a\" 'b'"), "&quot;a&quot; &#39;b&#39;");
        assert_eq!(escaped("a\u{202e}b\u{200b}c\u{7}"), "a[U+202E]b[U+200B]c[U+0007]");
        assert_eq!(escaped("a\u{2066}b\u{feff}\u{e0041}"), "a[U+2066]b[U+FEFF][U+E0041]");
        assert!(matches!(escaped("gewoon"), Cow::Borrowed(_)));
    }
}
