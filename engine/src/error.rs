//! One error for the whole engine.
//!
//! The class decides what happens next (an HTTP status, retry or give up), the code is what programs compare, the
//! detail says to people what to do. The cause is kept for logs and never shown to callers. An `Error` is one pointer
//! wide, so that every `Result` stays cheap.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// The engine's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What an error means to whoever has to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The thing does not exist, or the caller may not know that it does (404).
    NotFound,
    /// The request is wrong in itself and will stay wrong (422).
    Invalid,
    /// The caller is known and may not do this (403).
    Denied,
    /// The caller is not known (401).
    Unauthenticated,
    /// The request collides with what is there (409).
    Conflict,
    /// The caller's version is not the newest (412).
    Stale,
    /// The request is larger than a stated limit (413).
    TooLarge,
    /// Nothing is wrong with the request; try again later (503).
    Busy,
    /// A fault of ours (500).
    Internal,
}

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field, such as `/title`.
    pub pointer: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// Why something was not done; see [`Problem`] for its fields, which can be read straight from it.
pub struct Error(Box<Problem>);

/// The fields of an [`Error`].
#[derive(Debug)]
pub struct Problem {
    /// What it means.
    pub class: Class,
    /// Stable name for programs, such as `task_not_found`.
    pub code: &'static str,
    /// Tells a person what is wrong and what to do.
    pub detail: String,
    /// The wrong fields, when the error is about fields.
    pub fields: Vec<FieldError>,
    constraint: Option<String>,
    source: Option<Source>,
}

impl Error {
    /// An error from its three main parts.
    pub fn new(class: Class, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            class,
            code,
            detail: detail.into(),
            fields: Vec::new(),
            constraint: None,
            source: None,
        }))
    }

    /// `not_found("task", id)`: code `task_not_found`. `what` is a word of the program, never of a request.
    pub fn not_found(what: &'static str, id: impl Display) -> Self {
        Self::new(Class::NotFound, not_found_code(what), format!("There is no {} {id}.", what.replace('_', " ")))
    }

    /// Of things that some may see and others not: that there is none, and that there is one that the caller may not see,
    /// is told in the same words, without its id.
    pub fn unseen(what: &'static str) -> Self {
        let detail = format!("There is no such {what}, or none that you may see; check its id or key.");
        Self::new(Class::NotFound, not_found_code(what), detail)
    }

    /// The request is wrong.
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Class::Invalid, code, detail)
    }

    /// One field of the request is wrong; `pointer` is a JSON pointer. Code `invalid_fields`.
    pub fn field(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let field = FieldError { pointer: pointer.into(), message: message.into() };
        let mut error = Self::invalid("invalid_fields", format!("{}: {}", field.pointer, field.message));
        error.fields.push(field);
        error
    }

    /// The caller may not do this. Code `denied`.
    pub fn denied(detail: impl Into<String>) -> Self {
        Self::new(Class::Denied, "denied", detail)
    }

    /// The caller is not known.
    pub fn unauthenticated(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Class::Unauthenticated, code, detail)
    }

    /// The request collides with what is there.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Class::Conflict, code, detail)
    }

    /// The caller's version is not the newest. Code `stale`.
    pub fn stale(detail: impl Into<String>) -> Self {
        Self::new(Class::Stale, "stale", detail)
    }

    /// The request is larger than a stated limit.
    pub fn too_large(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Class::TooLarge, code, detail)
    }

    /// Try again later.
    pub fn busy(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Class::Busy, code, detail)
    }

    /// A fault of ours. Code `internal`.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(Class::Internal, "internal", detail)
    }

    /// Keeps the cause for the logs.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Replaces the code.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.0.code = code;
        self
    }

    /// The same error for somebody else whom it concerns, without its cause.
    #[must_use]
    pub fn copy(&self) -> Self {
        let Problem { class, code, detail, fields, constraint, source: _ } = &*self.0;
        Self(Box::new(Problem {
            class: *class,
            code,
            detail: detail.clone(),
            fields: fields.clone(),
            constraint: constraint.clone(),
            source: None,
        }))
    }

    /// Names the violated constraint.
    #[must_use]
    pub fn with_constraint(mut self, name: impl Into<String>) -> Self {
        self.0.constraint = Some(name.into());
        self
    }

    /// Adds a wrong field.
    #[must_use]
    pub fn and_field(mut self, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.fields.push(FieldError { pointer: pointer.into(), message: message.into() });
        self
    }

    /// The same error about a part of something larger: `prefix` goes before the pointers of its fields. One that names
    /// no field is about the part as a whole.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        if self.0.fields.is_empty() {
            let message = self.0.detail.clone();
            return self.and_field(prefix, message);
        }
        for field in &mut self.0.fields {
            field.pointer.insert_str(0, prefix);
        }
        if self.0.code == "invalid_fields" && self.0.detail.starts_with('/') {
            self.0.detail.insert_str(0, prefix);
        }
        self
    }

    /// What it means.
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// Stable name for programs.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// What to tell a person.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The violated unique (or named check) constraint, such as `tasks_workspace_id_key_key`; the same name on
    /// every database.
    pub fn constraint(&self) -> Option<&str> {
        self.0.constraint.as_deref()
    }

    /// Whether trying the same again later can help.
    pub fn is_retryable(&self) -> bool {
        self.0.class == Class::Busy
    }
}

impl Deref for Error {
    type Target = Problem;
    fn deref(&self) -> &Problem {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Problem {
        &mut self.0
    }
}

impl Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.0.code, self.0.detail)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// `task` to `task_not_found`, kept for ever: there are as many as the program has words for things.
fn not_found_code(what: &'static str) -> &'static str {
    static CODES: Mutex<BTreeMap<&'static str, &'static str>> = Mutex::new(BTreeMap::new());
    let mut codes = CODES.lock().unwrap_or_else(PoisonError::into_inner);
    codes.entry(what).or_insert_with(|| Box::leak(format!("{what}_not_found").into_boxed_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_small_and_says_what_is_missing() {
        assert!(size_of::<Error>() <= 16);
        let error = Error::not_found("task", "task_1");
        assert_eq!((error.class, error.code), (Class::NotFound, "task_not_found"));
        assert_eq!(error.to_string(), "task_not_found: There is no task task_1.");
    }

    #[test]
    fn the_cause_is_kept_for_logs() {
        let error = Error::internal("The file is gone.").caused_by(std::io::Error::other("disk"));
        assert_eq!(std::error::Error::source(&error).map(ToString::to_string).as_deref(), Some("disk"));
    }
}
