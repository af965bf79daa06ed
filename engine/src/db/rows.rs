//! What comes out of a statement: rows, cells and the types made from them.

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef as SqliteValue;
use sqlx::postgres::{PgRow, PgValueRef, Postgres};
use sqlx::{Decode, Row as _, TypeInfo, ValueRef as _};
use uuid::Uuid;

use super::value::Json;
use crate::{Error, Result};

/// A row being read, column by column from the left.
pub struct Row<'a> {
    source: Source<'a>,
    next: usize,
}

enum Source<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a PgRow),
}

impl<'a> Row<'a> {
    pub(super) fn sqlite(row: &'a rusqlite::Row<'a>) -> Self {
        Self { source: Source::Sqlite(row), next: 0 }
    }

    pub(super) fn postgres(row: &'a PgRow) -> Self {
        Self { source: Source::Postgres(row), next: 0 }
    }

    /// The next column.
    pub fn take<T: Column>(&mut self) -> Result<T> {
        let index = self.next;
        self.next += 1;
        let cell = match self.source {
            Source::Sqlite(row) => row.get_ref(index).map(|value| Cell(Held::Sqlite(value))).map_err(|_| ()),
            Source::Postgres(row) => row.try_get_raw(index).map(|value| Cell(Held::Postgres(value))).map_err(|_| ()),
        };
        let cell =
            cell.map_err(|()| Error::internal(format!("The statement has no column {}; select it.", index + 1)))?;
        T::from_cell(cell).map_err(|error| {
            Error::internal(format!("Column {} cannot be read: {}", index + 1, error.detail))
                .with_code("unreadable_column")
        })
    }
}

/// One value of a row. Each method reads it as one type; the wrong type or a null is an error.
pub struct Cell<'a>(Held<'a>);

enum Held<'a> {
    Sqlite(SqliteValue<'a>),
    Postgres(PgValueRef<'a>),
}

impl<'a> Cell<'a> {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        match &self.0 {
            Held::Sqlite(value) => matches!(value, SqliteValue::Null),
            Held::Postgres(value) => value.is_null(),
        }
    }

    /// A whole number; also PostgreSQL's smaller ones.
    pub fn i64(self) -> Result<i64> {
        match self.0 {
            Held::Sqlite(SqliteValue::Integer(value)) => Ok(value),
            Held::Postgres(ref value) => match value.type_info().name() {
                "INT8" => pg(value),
                "INT4" => pg::<i32>(value).map(i64::from),
                "INT2" => pg::<i16>(value).map(i64::from),
                _ => Err(self.not("a whole number (a sum needs `cast(sum(x) as bigint)`)")),
            },
            _ => Err(self.not("a whole number")),
        }
    }

    /// Yes or no.
    pub fn bool(self) -> Result<bool> {
        match self.0 {
            Held::Sqlite(SqliteValue::Integer(value @ (0 | 1))) => Ok(value == 1),
            Held::Postgres(ref value) if value.type_info().name() == "BOOL" => pg(value),
            _ => Err(self.not("a boolean")),
        }
    }

    /// A floating point number.
    pub fn f64(self) -> Result<f64> {
        match self.0 {
            Held::Sqlite(SqliteValue::Real(value)) => Ok(value),
            // SQLite stores 2.0 in a column without REAL affinity as 2; the value is the same.
            Held::Sqlite(SqliteValue::Integer(value)) => Ok(value as f64),
            Held::Postgres(ref value) if value.type_info().name() == "FLOAT8" => pg(value),
            _ => Err(self.not("a floating point number")),
        }
    }

    /// Text; of a JSON column its text.
    pub fn text(self) -> Result<&'a str> {
        match self.0 {
            Held::Sqlite(SqliteValue::Text(bytes)) => std::str::from_utf8(bytes).map_err(|_| self.not("UTF-8 text")),
            Held::Postgres(ref value) => match value.type_info().name() {
                "TEXT" | "VARCHAR" | "NAME" | "CHAR" | "JSON" | "UNKNOWN" => pg(value),
                // A JSONB value is the version, 1, and then the text.
                "JSONB" => match value.as_bytes() {
                    Ok([1, text @ ..]) => std::str::from_utf8(text).map_err(|_| self.not("UTF-8 text")),
                    _ => Err(self.not("jsonb version 1")),
                },
                _ => Err(self.not("text")),
            },
            _ => Err(self.not("text")),
        }
    }

    /// An id.
    pub fn uuid(self) -> Result<Uuid> {
        match self.0 {
            Held::Sqlite(SqliteValue::Blob(bytes)) => {
                Uuid::from_slice(bytes).map_err(|_| self.not("a uuid of 16 bytes"))
            }
            Held::Postgres(ref value) if value.type_info().name() == "UUID" => pg(value),
            _ => Err(self.not("a uuid")),
        }
    }

    /// A point in time, to the microsecond.
    pub fn time(self) -> Result<DateTime<Utc>> {
        match self.0 {
            Held::Sqlite(SqliteValue::Integer(micros)) => {
                DateTime::from_timestamp_micros(micros).ok_or_else(|| self.not("a time within chrono's years"))
            }
            Held::Postgres(ref value) if value.type_info().name() == "TIMESTAMPTZ" => pg(value),
            _ => Err(self.not("a time")),
        }
    }

    /// Bytes.
    pub fn bytes(self) -> Result<&'a [u8]> {
        match self.0 {
            Held::Sqlite(SqliteValue::Blob(bytes)) => Ok(bytes),
            Held::Postgres(ref value) if value.type_info().name() == "BYTEA" => pg(value),
            _ => Err(self.not("bytes")),
        }
    }

    /// JSON, read into a type.
    pub fn json<T: serde::de::DeserializeOwned>(self) -> Result<T> {
        serde_json::from_str(self.text()?).map_err(|error| Error::internal(format!("the JSON does not fit: {error}.")))
    }

    fn not(&self, wanted: &str) -> Error {
        let found = match &self.0 {
            Held::Sqlite(value) => value.data_type().to_string(),
            Held::Postgres(value) if value.is_null() => "null".into(),
            Held::Postgres(value) => value.type_info().name().to_owned(),
        };
        Error::internal(format!("it should be {wanted} but is {found}; use an Option for what can be null."))
    }
}

fn pg<'a, T: Decode<'a, Postgres>>(value: &PgValueRef<'a>) -> Result<T> {
    T::decode(value.clone())
        .map_err(|error| Error::internal(format!("it does not decode: {error}; use an Option for what can be null.")))
}

/// A type that one column can be read as.
pub trait Column: Sized {
    /// Reads it.
    fn from_cell(cell: Cell<'_>) -> Result<Self>;
}

macro_rules! columns {
    ($($type:ty, |$cell:ident| $read:expr;)+) => {$(
        impl Column for $type {
            fn from_cell($cell: Cell<'_>) -> Result<Self> {
                $read
            }
        }
    )+};
}

columns! {
    i64, |cell| cell.i64();
    bool, |cell| cell.bool();
    f64, |cell| cell.f64();
    String, |cell| cell.text().map(str::to_owned);
    Uuid, |cell| cell.uuid();
    DateTime<Utc>, |cell| cell.time();
    serde_json::Value, |cell| cell.json();
    Vec<u8>, |cell| cell.bytes().map(<[u8]>::to_vec);
}

impl<T: serde::de::DeserializeOwned> Column for Json<T> {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        cell.json().map(Json)
    }
}

impl<T: Column> Column for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        if cell.is_null() { Ok(None) } else { T::from_cell(cell).map(Some) }
    }
}

/// A type that a row can be read as: a `row!` struct, a tuple of columns, [`One`] or [`Both`].
pub trait FromRow: Sized + Send {
    /// Takes its columns.
    fn from_row(row: &mut Row<'_>) -> Result<Self>;
}

/// A row of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct One<T>(pub T);

impl<T: Column + Send> FromRow for One<T> {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        row.take().map(One)
    }
}

/// Two things side by side in one row, for joins: `select {t.Task}, {u.User} from …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Both<A, B>(pub A, pub B);

impl<A: FromRow, B: FromRow> FromRow for Both<A, B> {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Both(A::from_row(row)?, B::from_row(row)?))
    }
}

macro_rules! tuples {
    ($($name:ident)+) => { tuples!(@each [] $($name)+); };
    (@each [$($done:ident)*] $next:ident $($rest:ident)*) => {
        impl<$($done: Column + Send,)* $next: Column + Send> FromRow for ($($done,)* $next,) {
            fn from_row(row: &mut Row<'_>) -> Result<Self> {
                Ok(($(row.take::<$done>()?,)* row.take::<$next>()?,))
            }
        }
        tuples!(@each [$($done)* $next] $($rest)*);
    };
    (@each [$($done:ident)*]) => {};
}
tuples!(A B C D E F G H I J K L);
