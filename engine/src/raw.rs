//! JSON that is stored as text and shown as it is stored: a list of tasks need not parse what it only passes on.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::db::{Cell, Column};
use crate::{Error, Result};

/// The JSON text of a `T`, read only when somebody asks for it.
pub struct Raw<T>(Box<RawValue>, PhantomData<fn() -> T>);

impl<T> Raw<T> {
    /// The text.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl<T> Raw<T> {
    /// What a column held.
    pub(crate) fn stored(text: String) -> Result<Self> {
        RawValue::from_string(text)
            .map(|raw| Self(raw, PhantomData))
            .map_err(|error| Error::internal("A column should hold JSON and does not.").caused_by(error))
    }
}

impl<T> Raw<T> {
    /// The value as plain JSON, whatever its type makes of it.
    pub(crate) fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_str(self.text())
            .map_err(|error| Error::internal("What is kept as JSON is none.").caused_by(error))
    }
}

impl<T: Serialize> Raw<T> {
    /// The text of `value`.
    pub fn of(value: &T) -> Result<Self> {
        to_raw_value(value)
            .map(|raw| Self(raw, PhantomData))
            .map_err(|error| Error::internal("A value cannot be written as JSON.").caused_by(error))
    }
}

impl<T: DeserializeOwned> Raw<T> {
    /// The value.
    pub fn read(&self) -> Result<T> {
        serde_json::from_str(self.text())
            .map_err(|error| Error::internal("JSON in the database does not have its type's shape.").caused_by(error))
    }
}

impl<T> Clone for Raw<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<T> fmt::Debug for Raw<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl<T> Serialize for Raw<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<T: JsonSchema> JsonSchema for Raw<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T> Column for Raw<T> {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        Self::stored(cell.text()?.to_owned())
    }
}
