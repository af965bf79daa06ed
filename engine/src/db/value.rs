//! What goes into a statement: parameters and tuples of them.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Error, Result};

/// The type of a parameter, known even when its value is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `bigint` / INTEGER.
    Int,
    /// `boolean` / 0 and 1.
    Bool,
    /// `double precision` / REAL.
    Float,
    /// `text`.
    Text,
    /// `uuid` / BLOB of 16 bytes.
    Uuid,
    /// `timestamptz` / INTEGER microseconds since the epoch.
    Time,
    /// `json` or `jsonb` / text.
    Json,
    /// `bytea` / BLOB.
    Bytes,
}

/// One parameter, ready to be bound on either database.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// A null of that type.
    Null(Kind),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Bool(bool),
    /// A floating point number.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// An id.
    Uuid(Uuid),
    /// A point in time; cut to microseconds.
    Time(DateTime<Utc>),
    /// JSON, already written out.
    Json(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// For `= any($1)`: ints, texts or uuids.
    List(Kind, Vec<Value<'a>>),
    /// Could not be made; the statement fails with this reason.
    Unwritable(String),
}

/// A type that can be a parameter. Newtypes hand on what they hold.
///
/// Whole numbers are `i64` only: sqlx caches statements by text, so one text must always carry the same types.
pub trait Param: Send + Sync {
    /// The type, for nulls and lists.
    const KIND: Kind;
    /// The value to bind.
    fn value(&self) -> Value<'_>;
}

/// Already serialised JSON as a parameter.
#[derive(Clone, Copy, Debug)]
pub struct JsonText<'a>(pub &'a str);

/// Any serialisable type as a JSON parameter and column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

macro_rules! params {
    ($($type:ty, $kind:ident, |$it:ident| $value:expr;)+) => {$(
        impl Param for $type {
            const KIND: Kind = Kind::$kind;
            fn value(&self) -> Value<'_> {
                let $it = self;
                $value
            }
        }
    )+};
}

params! {
    i64, Int, |it| Value::Int(*it);
    bool, Bool, |it| Value::Bool(*it);
    f64, Float, |it| Value::Float(*it);
    str, Text, |it| Value::Text(Cow::Borrowed(it));
    String, Text, |it| Value::Text(Cow::Borrowed(it));
    Cow<'_, str>, Text, |it| Value::Text(Cow::Borrowed(it));
    Uuid, Uuid, |it| Value::Uuid(*it);
    DateTime<Utc>, Time, |it| Value::Time(*it);
    serde_json::Value, Json, |it| Value::Json(Cow::Owned(it.to_string()));
    JsonText<'_>, Json, |it| Value::Json(Cow::Borrowed(it.0));
    [u8], Bytes, |it| Value::Bytes(Cow::Borrowed(it));
    Vec<u8>, Bytes, |it| Value::Bytes(Cow::Borrowed(it));
}

impl<T: serde::Serialize + Send + Sync> Param for Json<T> {
    const KIND: Kind = Kind::Json;
    fn value(&self) -> Value<'_> {
        match serde_json::to_string(&self.0) {
            Ok(text) => Value::Json(Cow::Owned(text)),
            Err(error) => Value::Unwritable(error.to_string()),
        }
    }
}

impl<T: Param + ?Sized> Param for &T {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<T: Param> Param for Option<T> {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null(T::KIND), Param::value)
    }
}

impl<T: Param> Param for [T] {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value<'_> {
        Value::List(T::KIND, self.iter().map(Param::value).collect())
    }
}

impl<T: Param> Param for Vec<T> {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value<'_> {
        self.as_slice().value()
    }
}

/// The parameters of one statement: `()`, a tuple of up to 32 [`Param`]s, or `Vec<Value>` for dynamic statements.
pub trait Args: Send + Sync {
    /// How many there are.
    fn count(&self) -> usize;
    /// Hands each to `take`, in order.
    fn each<'a>(&'a self, take: &mut dyn FnMut(Value<'a>) -> Result<()>) -> Result<()>;
}

impl Args for () {
    fn count(&self) -> usize {
        0
    }
    fn each<'a>(&'a self, _: &mut dyn FnMut(Value<'a>) -> Result<()>) -> Result<()> {
        Ok(())
    }
}

impl<A: Args + ?Sized> Args for &A {
    fn count(&self) -> usize {
        (**self).count()
    }
    fn each<'a>(&'a self, take: &mut dyn FnMut(Value<'a>) -> Result<()>) -> Result<()> {
        (**self).each(take)
    }
}

impl Args for [Value<'_>] {
    fn count(&self) -> usize {
        self.len()
    }
    fn each<'a>(&'a self, take: &mut dyn FnMut(Value<'a>) -> Result<()>) -> Result<()> {
        self.iter().try_for_each(|value| take(value.clone()))
    }
}

impl Args for Vec<Value<'_>> {
    fn count(&self) -> usize {
        self.len()
    }
    fn each<'a>(&'a self, take: &mut dyn FnMut(Value<'a>) -> Result<()>) -> Result<()> {
        self.as_slice().each(take)
    }
}

macro_rules! tuples {
    ($($name:ident)+) => { tuples!(@each [] $($name)+); };
    (@each [$($done:ident)*] $next:ident $($rest:ident)*) => {
        impl<$($done: Param,)* $next: Param> Args for ($($done,)* $next,) {
            fn count(&self) -> usize {
                [$(stringify!($done),)* stringify!($next)].len()
            }
            #[allow(non_snake_case)]
            fn each<'a>(&'a self, take: &mut dyn FnMut(Value<'a>) -> Result<()>) -> Result<()> {
                let ($($done,)* $next,) = self;
                $(take($done.value())?;)*
                take($next.value())
            }
        }
        tuples!(@each [$($done)* $next] $($rest)*);
    };
    (@each [$($done:ident)*]) => {};
}
tuples!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z AA AB AC AD AE AF);

/// Refuses the one character that PostgreSQL stores in no text, on both databases alike. Areas that know the field
/// say so before, with its name; this is for what nobody thought of.
pub(super) fn storable(value: &Value<'_>) -> Result<()> {
    match value {
        Value::Text(text) if text.contains('\0') => Err(Error::invalid(
            "character_refused",
            "A text holds the character U+0000, which cannot be stored; leave it out.",
        )),
        Value::List(Kind::Text, list) => list.iter().try_for_each(storable),
        _ => Ok(()),
    }
}

/// The error for a value that could not be made.
pub(super) fn unwritable(reason: &str) -> Error {
    Error::internal(format!("A parameter cannot be written as JSON: {reason}."))
}

/// The error for a list whose elements cannot be listed.
pub(super) fn no_list(kind: Kind) -> Error {
    Error::internal(format!("`= any($1)` takes lists of i64, text or uuid, not of {kind:?}; change the statement."))
}
