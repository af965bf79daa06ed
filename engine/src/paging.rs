//! Pages of a list: a limit, and an opaque cursor that says after which row the next page begins. A cursor names the
//! last row that was seen, not a count, so rows that are added or removed meanwhile neither repeat nor hide others.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::Id;
use crate::{Error, Result};

/// How many items a page has when nobody says.
pub const DEFAULT_LIMIT: i64 = 25;
/// How many items a page may have.
pub const MAX_LIMIT: i64 = 200;

/// One page of a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Ask with this for the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// How many items there are on all pages; only when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

impl<T> Page<T> {
    /// A page of what was fetched with one row more than `limit`: the row too many says that another page follows.
    pub(crate) fn cut(mut items: Vec<T>, limit: i64, cursor: impl FnOnce(&T) -> Cursor) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(|last| cursor(last).encode()) } else { None };
        Self { items, next_cursor, total: None }
    }
}

/// Which page is asked for, of a list with one order.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// At most so many items; see [`DEFAULT_LIMIT`] and [`MAX_LIMIT`].
    pub limit: Option<i64>,
    /// What the page before answered.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// The limit, checked.
    pub(crate) fn limit(&self) -> Result<i64> {
        check_limit(self.limit.unwrap_or(DEFAULT_LIMIT))
    }

    /// The id after which the page begins, of a list that is ordered by id.
    pub(crate) fn after<I: Id>(&self) -> Result<Option<I>> {
        let Some(text) = &self.cursor else {
            return Ok(None);
        };
        let cursor = Cursor::decode(text, "id")?;
        match cursor.values.as_slice() {
            [Value::String(id)] => id.parse().map(Some).map_err(|_| bad_cursor()),
            _ => Err(bad_cursor()),
        }
    }
}

/// Refuses a limit that is out of range.
pub(crate) fn check_limit(limit: i64) -> Result<i64> {
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(Error::invalid("invalid_parameter", format!("`limit` must be 1 to {MAX_LIMIT}")))
}

/// Where a page ended: the sort of the list, and the last row's value of each sorted column.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cursor {
    #[serde(rename = "s")]
    pub sort: String,
    #[serde(rename = "v")]
    pub values: Vec<Value>,
}

impl Cursor {
    /// The cursor of a list that is ordered by id.
    pub fn of_id(id: impl Id) -> Self {
        Self { sort: "id".into(), values: vec![Value::String(id.to_string())] }
    }

    pub fn encode(&self) -> String {
        // Strings and numbers always serialise; the empty text would be refused as a cursor.
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The cursor in `text`, which must have been given by a list of this sort.
    pub fn decode(text: &str, sort: &str) -> Result<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| bad_cursor())?;
        let cursor: Self = serde_json::from_slice(&bytes).map_err(|_| bad_cursor())?;
        if cursor.sort != sort {
            return Err(Error::invalid(
                "cursor_of_another_sort",
                format!(
                    "this cursor belongs to the sort `{}`, not `{sort}`; ask for the first page again",
                    cursor.sort
                ),
            ));
        }
        Ok(cursor)
    }
}

pub(crate) fn bad_cursor() -> Error {
    Error::invalid(
        "invalid_cursor",
        "this is no cursor of this list; pass `next_cursor` as it was given, or leave it out",
    )
}
