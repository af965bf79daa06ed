//! What is checked of fields wherever they stand. Each check names the field by its JSON pointer.

use chrono::{DateTime, Datelike as _, Utc};

use crate::{Error, Result};

/// A name: 1 to `most` characters, not only blanks.
pub(crate) fn name(pointer: &str, name: &str, most: usize) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > most {
        return Err(Error::field(pointer, format!("must be 1 to {most} characters")));
    }
    storable(pointer, name)
}

/// A text of at most `most` bytes.
pub(crate) fn text(pointer: &str, text: &str, most: usize) -> Result<()> {
    if text.len() > most {
        return Err(Error::field(pointer, format!("must be at most {most} bytes")));
    }
    storable(pointer, text)
}

/// PostgreSQL stores every character but U+0000; what is refused by one database is refused by both.
pub(crate) fn storable(pointer: &str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::field(pointer, "must not contain the character U+0000"));
    }
    Ok(())
}

/// A time that both databases can hold, without what is finer than they hold.
pub(crate) fn time(pointer: &str, time: DateTime<Utc>) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(time.timestamp_micros())
        .filter(|time| (1..=9999).contains(&time.year()))
        .ok_or_else(|| Error::field(pointer, "must be within the years 1 to 9999"))
}
