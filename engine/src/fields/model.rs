//! Custom fields, as they are stored, shown and asked for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::db::row;
use crate::ids::{FieldId, ProjectId, WorkspaceId};
use crate::patch::Patch;
use crate::raw::Raw;
use crate::words::words;

/// The most fields of one project.
pub const MAX_FIELDS: i64 = 100;
/// The most options of one field.
pub const MAX_OPTIONS: usize = 200;
/// The longest name of a field or an option, in characters.
pub const MAX_NAME: usize = 100;
/// The longest description of a field, in characters.
pub const MAX_DESCRIPTION: usize = 1_000;
/// The longest text in a field, in characters.
pub const MAX_TEXT: usize = 4_000;
/// The longest address in a field, in bytes.
pub const MAX_URL: usize = 2_000;

words! {
    /// What a field holds.
    pub enum FieldType {
        /// Text.
        Text = "text",
        /// A number of at most 15 digits.
        Number = "number",
        /// An amount in the field's currency: `{"amount": "12.5", "currency": "EUR"}`.
        Money = "money",
        /// A day: `2026-03-09`.
        Date = "date",
        /// One of the options, by its key.
        Select = "select",
        /// Any of the options, by their keys.
        MultiSelect = "multi_select",
        /// A member of the workspace.
        User = "user",
        /// An http or https address.
        Url = "url",
        /// True or false.
        Checkbox = "checkbox",
    }
}

impl FieldType {
    /// Whether it has options.
    pub(super) fn is_select(self) -> bool {
        matches!(self, Self::Select | Self::MultiSelect)
    }
}

/// One of the values of a `select` or `multi_select`. They sort as they are listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldOption {
    /// What tasks hold and filters name: 1 to 64 characters of a-z, 0-9, `_` and `-`.
    #[schemars(regex(pattern = "^[a-z0-9_-]{1,64}$"))]
    pub key: String,
    /// What people read, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
}

row! {
    /// A field that a project defines.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Field {
        /// Its id.
        pub id: FieldId,
        /// The workspace it belongs to.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// The project that defines it.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// Its name in `custom`. It never changes.
        pub key: String,
        /// What people call it.
        pub name: String,
        /// What it is for.
        pub description: String,
        /// What it holds. It never changes.
        #[serde(rename = "type")]
        pub kind: FieldType,
        /// What can be chosen, of a `select` or `multi_select`.
        pub options: Raw<Vec<FieldOption>>,
        /// The currency of a `money`, by its ISO 4217 code.
        pub currency: Option<String>,
        /// Whether new tasks must have it, and nobody can empty it.
        pub required: bool,
        /// Whether only those see it who may see what is sensitive.
        pub sensitive: bool,
        /// Goes up by one with every change.
        pub version: i64,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

impl Field {
    /// What it is defined as, so that another project can define the same.
    pub(crate) fn definition(self) -> Result<NewField> {
        Ok(NewField {
            options: self.options.read()?,
            key: self.key,
            name: self.name,
            description: self.description,
            kind: self.kind,
            currency: self.currency,
            required: self.required,
            sensitive: self.sensitive,
        })
    }
}

/// A field that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewField {
    /// Its name in `custom`: 1 to 64 characters of a-z, 0-9 and `_`.
    #[schemars(regex(pattern = "^[a-z0-9_]{1,64}$"))]
    pub key: String,
    /// What people call it, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// What it is for, at most 1,000 characters.
    #[serde(default)]
    pub description: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// What can be chosen: 1 to 200, of a `select` or `multi_select`; none of others.
    #[serde(default)]
    pub options: Vec<FieldOption>,
    /// The currency of a `money`, by its ISO 4217 code: `EUR`.
    #[serde(default)]
    pub currency: Option<String>,
    /// Whether new tasks must have it.
    #[serde(default)]
    pub required: bool,
    /// Whether only those see it who may see what is sensitive.
    #[serde(default)]
    pub sensitive: bool,
}

/// A change of a field. Its key, type and currency stay: delete it and make another one to change those.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FieldPatch {
    /// 1 to 100 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    /// At most 1,000 characters; null empties it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub description: Patch<String>,
    /// All that can be chosen from now on.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub options: Patch<Vec<FieldOption>>,
    /// What tasks hold in place of an option that goes away, by its key: another option's key, or null for nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub replace: BTreeMap<String, Option<String>>,
    /// Whether new tasks must have it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub required: Patch<bool>,
    /// Whether only those see it who may see what is sensitive.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub sensitive: Patch<bool>,
}
