//! Cuts a statement into words, so that nothing inside literals, quoted names or comments is taken for SQL.

/// A word with the white space before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// The white space and comments before the word.
    pub(super) space: &'a str,
    /// The word, placeholder, operator, literal or quoted name.
    pub(super) text: &'a str,
}

impl<'a> Token<'a> {
    /// The text, or nothing for a literal or a quoted name.
    pub(super) fn code(&self) -> &'a str {
        if self.text.starts_with(['\'', '"']) { "" } else { self.text }
    }
}

/// The words of a statement; put together again they are the statement.
pub(super) fn tokens(sql: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (space, after) = rest.split_at(space_length(rest));
        let (text, after) = after.split_at(word_length(after));
        rest = after;
        Some(Token { space, text })
    })
}

fn space_length(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            rest.len() - rest.trim_start().len()
        };
        if length == 0 {
            return at;
        }
        at += length;
    }
}

fn word_length(text: &str) -> usize {
    let run = |wanted: fn(char) -> bool| text.find(|c| !wanted(c)).unwrap_or(text.len());
    match text.chars().next() {
        None => 0,
        // A doubled quote inside reads as two literals side by side, which changes nothing here.
        Some(quote @ ('\'' | '"')) => text[1..].find(quote).map_or(text.len(), |end| end + 2),
        Some(c) if c.is_alphanumeric() || c == '_' || c == '$' => run(|c| c.is_alphanumeric() || c == '_' || c == '$'),
        Some('<' | '>' | '=' | '!' | '-' | '|') => run(|c| matches!(c, '<' | '>' | '=' | '!' | '|' | '-'))
            .min(text.find("--").filter(|at| *at > 0).unwrap_or(usize::MAX)),
        Some(c) => c.len_utf8(),
    }
}
