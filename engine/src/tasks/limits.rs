//! How large the parts of a task may be. Each check names the field by its JSON pointer.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::model::TaskPatch;
use crate::db::Rx;
use crate::ids::{UserId, WorkspaceId};
use crate::patch::Patch;
use crate::projects::members;
use crate::raw::Raw;
use crate::{Error, Result};

/// The longest title, in characters.
pub const MAX_TITLE: usize = 500;
/// The longest description, in bytes.
pub const MAX_DESCRIPTION: usize = 64 * 1024;
/// The most labels on a task.
pub const MAX_LABELS: usize = 50;
/// The longest label, in characters.
pub const MAX_LABEL: usize = 64;
/// The most people on a task.
pub const MAX_ASSIGNEES: usize = 50;
/// The most people who watch a task.
pub const MAX_WATCHERS: usize = 200;
/// The largest estimate, in minutes: some eighty years of working days.
pub const MAX_ESTIMATE: i64 = 10_000_000;
/// The most points of a task.
pub const MAX_POINTS: i64 = 1_000;
/// The largest `custom`, in bytes of JSON.
pub const MAX_CUSTOM: usize = 16 * 1024;

pub(super) fn title(title: &str) -> Result<()> {
    if title.trim().is_empty() || title.chars().count() > MAX_TITLE {
        return Err(Error::field("/title", format!("must be 1 to {MAX_TITLE} characters")));
    }
    storable("/title", title)
}

pub(super) fn description(description: &str) -> Result<()> {
    if description.len() > MAX_DESCRIPTION {
        return Err(Error::field("/description", format!("must be at most {MAX_DESCRIPTION} bytes")));
    }
    storable("/description", description)
}

/// A label that can be one.
pub(super) fn label(pointer: &str, label: &str) -> Result<()> {
    if label.trim().is_empty() || label.chars().count() > MAX_LABEL {
        return Err(Error::field(pointer, format!("must be 1 to {MAX_LABEL} characters")));
    }
    storable(pointer, label)
}

/// The labels as they are kept: each once, in the order given.
pub(super) fn labels(labels: Vec<String>) -> Result<Vec<String>> {
    let mut kept: Vec<String> = Vec::with_capacity(labels.len().min(MAX_LABELS));
    for (at, label) in labels.into_iter().enumerate() {
        self::label(&format!("/labels/{at}"), &label)?;
        if !kept.contains(&label) {
            kept.push(label);
        }
        if kept.len() > MAX_LABELS {
            return Err(Error::field("/labels", format!("must be at most {MAX_LABELS}")));
        }
    }
    Ok(kept)
}

/// The assignees as they are kept: each once, in the order given.
pub(super) fn assignees(assignees: Vec<UserId>) -> Result<Vec<UserId>> {
    people("/assignees", assignees, MAX_ASSIGNEES)
}

/// The watchers as they are kept: each once, in the order given.
pub(super) fn watchers(watchers: Vec<UserId>) -> Result<Vec<UserId>> {
    people("/watchers", watchers, MAX_WATCHERS)
}

fn people(pointer: &str, people: Vec<UserId>, most: usize) -> Result<Vec<UserId>> {
    let mut kept: Vec<UserId> = Vec::with_capacity(people.len().min(most));
    for user in people {
        if !kept.contains(&user) {
            kept.push(user);
        }
        if kept.len() > most {
            return Err(Error::field(pointer, format!("must be at most {most}")));
        }
    }
    Ok(kept)
}

/// An estimate that can be meant.
pub(super) fn estimate(minutes: i64) -> Result<i64> {
    within("/estimate", minutes, MAX_ESTIMATE)
}

/// Points that can be meant.
pub(super) fn points(points: i64) -> Result<i64> {
    within("/points", points, MAX_POINTS)
}

fn within(pointer: &str, number: i64, most: i64) -> Result<i64> {
    if (0..=most).contains(&number) {
        return Ok(number);
    }
    Err(Error::field(pointer, format!("must be 0 to {most}")))
}

/// A time that both databases can hold, without what is finer than they hold.
pub(crate) fn time(pointer: &str, time: DateTime<Utc>) -> Result<DateTime<Utc>> {
    use chrono::Datelike as _;
    DateTime::from_timestamp_micros(time.timestamp_micros())
        .filter(|time| (1..=9999).contains(&time.year()))
        .ok_or_else(|| Error::field(pointer, "must be within the years 1 to 9999"))
}

/// `custom` fits: its names, and its size as JSON text.
pub(super) fn custom(custom: &Map<String, Value>, text: &str) -> Result<()> {
    let names = |name: &&String| {
        !(1..=64).contains(&name.len())
            || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if let Some(name) = custom.keys().find(names) {
        let shown: String = name.chars().take(64).collect();
        return Err(Error::field(
            "/custom",
            format!("`{shown}` cannot be a name: 1 to 64 characters of a-z, 0-9 and _"),
        ));
    }
    if text.len() > MAX_CUSTOM {
        return Err(Error::field("/custom", format!("must be at most {MAX_CUSTOM} bytes of JSON")));
    }
    // As JSON text a NUL is an escape; a jsonb column refuses it.
    if text.contains("\\u0000") && custom.values().any(holds_nul) {
        return Err(Error::field("/custom", "must not contain the character U+0000"));
    }
    Ok(())
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

/// What is wrong in a patch whatever the task is.
pub(super) fn patch(patch: &TaskPatch) -> Result<()> {
    let given = |patch: &Patch<DateTime<Utc>>, pointer: &str| match patch {
        Patch::Value(at) => time(pointer, *at).map(drop),
        Patch::Absent | Patch::Null => Ok(()),
    };
    if let Patch::Value(text) = &patch.title {
        title(text)?;
    }
    if let Patch::Value(text) = &patch.description {
        description(text)?;
    }
    if let Patch::Value(wanted) = &patch.labels {
        labels(wanted.clone())?;
    }
    if let Patch::Value(people) = &patch.assignees {
        assignees(people.clone())?;
    }
    if let Patch::Value(minutes) = patch.estimate {
        estimate(minutes)?;
    }
    if let Patch::Value(wanted) = patch.points {
        points(wanted)?;
    }
    given(&patch.start_at, "/start_at")?;
    given(&patch.due_at, "/due_at")?;
    match &patch.custom {
        Patch::Value(fields) => custom(fields, Raw::of(fields)?.text()),
        Patch::Absent | Patch::Null => Ok(()),
    }
}

/// PostgreSQL stores every character but U+0000; what is refused by one database is refused by both.
fn storable(pointer: &str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::field(pointer, "must not contain the character U+0000"));
    }
    Ok(())
}

/// Refuses people who are no members of the workspace, but for those who `stood` there before: somebody who left may stay.
pub(super) async fn belong(
    rx: &mut Rx,
    workspace: WorkspaceId,
    pointer: &str,
    people: &[UserId],
    stood: &[UserId],
) -> Result<()> {
    let new: Vec<UserId> = people.iter().filter(|user| !stood.contains(user)).copied().collect();
    let Some(stranger) = members::stranger(rx, workspace, &new).await? else {
        return Ok(());
    };
    let at = people.iter().position(|user| *user == stranger).unwrap_or_default();
    Err(Error::field(format!("{pointer}/{at}"), format!("{stranger} is not a member of this workspace")))
}
