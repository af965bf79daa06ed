//! Tables as CSV ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)), for spreadsheets that are not to be fooled.

use std::fmt::Write as _;

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as Documented, SchemaObject};
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use trackside_engine::Error;
use trackside_engine::table::inert;

/// A table, answered as a file.
#[derive(Debug, Clone)]
pub struct Csv {
    name: &'static str,
    text: String,
}

impl Csv {
    /// A table with these column heads; the file is called `name`.
    pub fn new<'a>(name: &'static str, heads: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self { name, text: String::new() };
        table.row(heads);
        table
    }

    /// Rows without column heads: the next piece of a table that is sent in pieces.
    pub fn rows() -> Self {
        Self { name: "", text: String::new() }
    }

    /// The text so far.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) {
        for (at, cell) in cells.into_iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            write_cell(&mut self.text, cell.as_ref());
        }
        self.text.push_str("\r\n");
    }
}

/// A cell that a spreadsheet would take for a formula is made text; a number stays one. What is split at semicolons in
/// some places of the world is quoted too, which is why this is not the engine's writer.
fn write_cell(text: &mut String, cell: &str) {
    let inert = if cell.parse::<f64>().is_ok() { cell.to_owned() } else { inert(cell) };
    if inert != cell || cell.contains(['"', ',', '\r', '\n', ';']) {
        // Writing into a String cannot fail.
        let _ = write!(text, "\"{}\"", inert.replace('"', "\"\""));
    } else {
        text.push_str(cell);
    }
}

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.text));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        match HeaderValue::from_str(&format!("attachment; filename=\"{}\"", self.name)) {
            Ok(value) => drop(headers.insert(CONTENT_DISPOSITION, value)),
            Err(_) => return crate::problem::Problem::from(Error::internal("a file name")).into_response(),
        }
        response
    }
}

impl OperationOutput for Csv {
    type Inner = Self;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        let schema = schemars::json_schema!({ "type": "string" });
        let schema = Some(SchemaObject { json_schema: schema, external_docs: None, example: None });
        Some(Documented {
            description: "A table, its first line the heads of the columns.".into(),
            content: [("text/csv".into(), MediaType { schema, ..MediaType::default() })].into_iter().collect(),
            ..Documented::default()
        })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Documented)> {
        Self::operation_response(ctx, operation).map(|response| (Some(200), response)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_are_text() {
        let mut table = Csv::new("t.csv", ["name", "n"]);
        table.row(["plain", "-3.5"]);
        table.row(["a \"b\", c\nd", "1;2"]);
        table.row(["=HYPERLINK(\"http://x\")", "+cmd|' /C calc'!A0"]);
        table.row(["@SUM(A1)", "-2+3"]);
        table.row(["\t=1", ""]);
        table.row([" =1", "＝1"]);
        let expected = "name,n\r\nplain,-3.5\r\n\"a \"\"b\"\", c\nd\",\"1;2\"\r\n\
                        \"'=HYPERLINK(\"\"http://x\"\")\",\"'+cmd|' /C calc'!A0\"\r\n\"'@SUM(A1)\",\"'-2+3\"\r\n\"'\t=1\",\r\n\
                        \"' =1\",\"'＝1\"\r\n";
        assert_eq!(table.text, expected);
    }
}
