//! What custom fields announce.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::Field;
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::ProjectRef;
use crate::projects::events::Changes;

/// A project defines a field from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldCreated<'a> {
    /// The field.
    pub field: &'a Field,
    /// The project.
    pub project: &'a ProjectRef,
    /// How many tasks held something under its key that fits.
    pub fitting: usize,
    /// How many tasks held something under its key that does not fit, and stays as it is.
    pub unfitting: usize,
}

/// A field changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldUpdated<'a> {
    /// The field as it is now.
    pub field: &'a Field,
    /// The project.
    pub project: &'a ProjectRef,
    /// What changed.
    pub change: &'a Changes,
}

/// A field went away, with its values.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldDeleted<'a> {
    /// The field as it was.
    pub field: &'a Field,
    /// The project.
    pub project: &'a ProjectRef,
    /// How many tasks had a value.
    pub tasks: u64,
}

macro_rules! about_a_field {
    ($($event:ident $kind:literal $summary:literal;)+) => {$(
        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            fn subject(&self) -> String {
                self.field.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                Some(self.field.project_id)
            }
        }
    )+};
}

about_a_field! {
    FieldCreated "field.created" "A project defines a custom field from now on.";
    FieldDeleted "field.deleted" "A custom field was deleted, and its values with it.";
    FieldUpdated "field.updated" "A custom field changed; `change` names each part with what it was and what it became.";
}
