//! What a list of tasks means by `custom.<key>`: which fields are called so, and what a value is in each.

use std::collections::HashMap;

use super::model::{FieldOption, FieldType};
use super::store::{self, Named};
use super::{ord, values};
use crate::db::Rx;
use crate::handle::UserHandle;
use crate::ids::{UserId, WorkspaceId};
use crate::{Error, Result};

/// How a field's value has to stand to the one that is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The same.
    Equal,
    /// On one side of it: `<`, `<=`, `>`, `>=`.
    Side(&'static str),
}

/// The fields of a workspace with certain keys.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    fields: HashMap<String, Vec<(FieldType, Vec<FieldOption>)>>,
    /// Who `me` is among people.
    me: Option<UserId>,
}

/// A value's neighbours in the column of texts: it is on the side of the bound, and within its type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub operator: &'static str,
    pub bound: String,
    /// At least this.
    pub from: String,
    /// Less than this.
    pub to: String,
}

impl Lookup {
    /// The fields with these keys. Nothing is asked where nothing is wanted.
    pub async fn of(rx: &mut Rx, workspace: WorkspaceId, keys: &[&str], me: Option<UserId>) -> Result<Self> {
        let mut lookup = Self { me, ..Self::default() };
        if keys.is_empty() {
            return Ok(lookup);
        }
        for Named { key, kind, options } in store::list_named(rx, workspace, keys).await? {
            lookup.fields.entry(key).or_default().push((kind, options.read()?));
        }
        Ok(lookup)
    }

    /// Whether any project defines a field with this key.
    pub fn knows(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    /// The texts of values that equal what is given, in whichever of the fields. Commas part several values, but for
    /// texts and addresses, which may hold commas.
    pub fn equal(&self, key: &str, given: &str) -> Result<Vec<String>> {
        let mut ords: Vec<String> = Vec::new();
        let fields = self.fields.get(key).map(Vec::as_slice).unwrap_or_default();
        for (kind, options) in fields {
            match kind {
                FieldType::Text | FieldType::Url => ords.push(ord::text(values::letter(*kind), given)),
                _ => ords.extend(given.split(',').filter_map(|one| self.equal_one(*kind, options, one))),
            }
        }
        if ords.is_empty() && !fields.is_empty() {
            let written = fields.iter().find_map(|(kind, _)| written(*kind)).unwrap_or_default();
            return Err(invalid(key, format!("cannot be `{}`: it is a {}{written}", shorten(given), words(fields))));
        }
        ords.sort_unstable();
        ords.dedup();
        Ok(ords)
    }

    /// The texts of values on one side of what is given, by type.
    pub fn side(&self, key: &str, operator: &'static str, given: &str) -> Result<Vec<Range>> {
        let fields = self.fields.get(key).map(Vec::as_slice).unwrap_or_default();
        let mut ranges: Vec<Range> = Vec::new();
        for (kind, _) in fields {
            let letter = values::letter(*kind);
            let bound = match kind {
                FieldType::Number | FieldType::Money => {
                    values::decimal(given).map(|number| ord::number(letter, number))
                }
                FieldType::Date => values::date(given).ok().map(|_| ord::text(letter, given)),
                _ => None,
            };
            // Every letter is below `z`.
            let next = char::from_u32(u32::from(letter) + 1).unwrap_or('z').to_string();
            let range = bound.map(|bound| Range { operator, bound, from: letter.to_string(), to: next });
            ranges.extend(range.filter(|range| !ranges.contains(range)));
        }
        if ranges.is_empty() {
            let message = format!(
                "is a {} and cannot be compared with `{}`; a number, an amount or a day such as 2026-11-26 can",
                words(fields),
                shorten(given)
            );
            return Err(invalid(key, message));
        }
        Ok(ranges)
    }

    fn equal_one(&self, kind: FieldType, options: &[FieldOption], given: &str) -> Option<String> {
        match kind {
            FieldType::Number | FieldType::Money => {
                values::decimal(given).map(|number| ord::number(values::letter(kind), number))
            }
            FieldType::Date => values::date(given).ok().map(|_| ord::text('d', given)),
            FieldType::Select | FieldType::MultiSelect => {
                options.iter().position(|option| option.key == given).map(|place| ord::option(place, given))
            }
            FieldType::User => {
                let user = given.parse::<UserHandle>().ok().and_then(|user| user.said_by(self.me).ok());
                user.map(|user| ord::text('u', &user.to_string()))
            }
            FieldType::Checkbox => given.parse().ok().map(values::checkbox),
            FieldType::Text | FieldType::Url => None,
        }
    }
}

/// How a value of this type is written, where that is not plain.
fn written(kind: FieldType) -> Option<&'static str> {
    match kind {
        FieldType::Checkbox => Some(", written `true` or `false`"),
        FieldType::Date => Some(", written as 2026-11-26"),
        FieldType::User => Some(", written as an id or `me`"),
        _ => None,
    }
}

fn words(fields: &[(FieldType, Vec<FieldOption>)]) -> String {
    let mut words: Vec<&str> = fields.iter().map(|(kind, _)| kind.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    words.join(" or ")
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

pub(crate) fn invalid(key: &str, message: String) -> Error {
    Error::invalid("invalid_parameter", format!("`custom.{}` {message}", shorten(key)))
}
