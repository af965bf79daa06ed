//! Tables for other programs: CSV ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)), and texts that no spreadsheet
//! runs.

use csv::{Terminator, Writer, WriterBuilder};

use crate::{Error, Result};

/// A table that is being written. Its cells stand as they are given: what people wrote goes through [`inert`] first.
pub(crate) struct Table(Writer<Vec<u8>>);

impl Table {
    /// A table with these column heads.
    pub(crate) fn new<'a>(heads: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut table = Self(WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new()));
        table.row(heads)?;
        Ok(table)
    }

    /// Adds a row, which must have as many cells as there are heads.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<()> {
        self.0.write_record(cells).map_err(|error| Error::internal("a table cannot be written").caused_by(error))
    }

    /// The text of the file.
    pub(crate) fn into_text(self) -> Result<String> {
        let bytes = self
            .0
            .into_inner()
            .map_err(|error| Error::internal("a table cannot be written").caused_by(error.into_error()))?;
        String::from_utf8(bytes).map_err(|error| Error::internal("a table is no text").caused_by(error))
    }
}

/// A text that no spreadsheet takes for a formula: what could begin one is led by an apostrophe (OWASP, CSV injection). A text
/// that looks as if it were led so already gets another one, so that [`original`] gives back each text as it was.
pub fn inert(text: &str) -> String {
    if is_dangerous(text.trim_start_matches('\'')) { format!("'{text}") } else { text.to_owned() }
}

/// The text that [`inert`] was given.
pub(crate) fn original(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_dangerous(rest.trim_start_matches('\''))).unwrap_or(text)
}

fn is_dangerous(text: &str) -> bool {
    // Blanks in front are passed over by some; the wide forms of these letters count for others.
    let begins = text.trim_start().chars().next().or_else(|| text.chars().next());
    matches!(begins, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')) || text.starts_with(['\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "'=1", "''\t"] {
            assert_eq!(inert(text), format!("'{text}"));
        }
        for text in ["", "a=1", "WEB-1", "1-1", "ü", "'", "'a", "''"] {
            assert_eq!(inert(text), text);
        }
    }

    #[test]
    fn what_was_guarded_is_given_back() {
        for text in ["=1", "'=1", "''=1", "'", "''", "'a", "a", "", " +1", "' +1", "-", "'-"] {
            assert_eq!(original(&inert(text)), text);
        }
    }
}
