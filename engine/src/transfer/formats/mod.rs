//! What is imported, each as a [`Portable`]. What cannot be read is said line by line; what is lost is a note.

mod github;
mod jira;
mod table;

use serde_json::Value;

use super::model::{Format, MAX_PROBLEMS, MAX_TASKS, Options, Trouble};
use super::portable::{Portable, PortableProject, PortableTask};
use crate::projects::ProjectStatus;
use crate::tasks::{Priority, TaskStatus, TaskType};
use crate::{Error, Result, unfit};

/// A document that was read.
#[derive(Debug)]
pub struct Read {
    /// What it says.
    pub document: Portable,
    /// What is lost or was understood in one of several ways.
    pub notes: Vec<String>,
    /// What could not be read.
    pub problems: Vec<Trouble>,
}

/// Reads `data`: JSON as it is or as text, a table as text.
pub fn read(format: Format, data: Value, options: &Options) -> Result<Read> {
    if holds_nul(&data) {
        return Err(Error::field("/data", "must not contain the character U+0000"));
    }
    let odd = options
        .people
        .iter()
        .find(|(name, address)| name.contains('\0') || address.contains('\0') || address.len() > 254);
    if let Some((name, _)) = odd {
        let shown: String = name.chars().take(64).collect();
        return Err(Error::field(format!("/people/{shown}"), "must be an e-mail address"));
    }
    match format {
        Format::Trackside => trackside(json(data)?),
        Format::Github => github::read(json(data)?, options),
        Format::Csv => table::read(text(&data)?, &table::plain(), options),
        Format::Jira => match &data {
            Value::String(text) if !text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) => {
                jira::read_table(text, options)
            }
            _ => jira::read(json(data)?, options),
        },
    }
}

fn trackside(data: Value) -> Result<Read> {
    let mut document: Portable = serde_path_to_error::deserialize(data).map_err(|error| {
        let pointer = format!("/data/{}", error.path().to_string().replace(['.', '['], "/").replace(']', ""));
        Error::field(pointer.trim_end_matches('/'), unfit::readable(&error.inner().to_string()))
    })?;
    for (at, task) in document.tasks.iter_mut().enumerate() {
        task.line = at + 1;
    }
    Ok(Read { document, notes: Vec::new(), problems: Vec::new() })
}

fn json(data: Value) -> Result<Value> {
    match data {
        Value::String(text) => serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            let message = format!("is not JSON: {error}");
            Error::field("/data", message)
        }),
        other => Ok(other),
    }
}

fn text(data: &Value) -> Result<&str> {
    data.as_str().ok_or_else(|| Error::field("/data", "must be the text of the table"))
}

/// A document of these tasks, for a project that is still to be named.
fn document(tasks: Vec<PortableTask>) -> Portable {
    let project = PortableProject {
        key: String::new(),
        name: String::new(),
        description: String::new(),
        status: ProjectStatus::Active,
        owner: None,
        start_at: None,
        due_at: None,
        health: None,
        health_note: String::new(),
        is_template: false,
    };
    Portable { tasks, ..Portable::of(project) }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

fn refuse_many(count: usize) -> Result<()> {
    if count <= MAX_TASKS {
        return Ok(());
    }
    Err(Error::too_large("import_too_large", format!("an import takes at most {MAX_TASKS} tasks; split it")))
}

/// Problems, as many as are told.
#[derive(Debug, Default)]
struct Problems(Vec<Trouble>);

impl Problems {
    fn add(&mut self, line: usize, field: &str, message: impl Into<String>) {
        if self.0.len() < MAX_PROBLEMS {
            self.0.push(Trouble {
                line: Some(line),
                field: Some(field.chars().take(64).collect()),
                message: message.into(),
            });
        }
    }
}

/// A status by any of its usual names.
fn status(word: &str) -> Option<TaskStatus> {
    Some(match plain_word(word).as_str() {
        "todo" | "to_do" | "open" | "new" | "backlog" | "reopened" | "selected_for_development" | "ready" => {
            TaskStatus::Todo
        }
        "in_progress" | "doing" | "started" | "active" | "indeterminate" => TaskStatus::InProgress,
        "in_review" | "review" | "code_review" | "testing" | "in_testing" | "qa" => TaskStatus::InReview,
        "blocked" | "on_hold" | "waiting" => TaskStatus::Blocked,
        "completed" | "done" | "closed" | "resolved" | "finished" | "complete" => TaskStatus::Completed,
        "cancelled" | "canceled" | "rejected" | "wont_do" | "wont_fix" | "not_planned" | "duplicate" => {
            TaskStatus::Cancelled
        }
        _ => return None,
    })
}

/// A priority by any of its usual names.
fn priority(word: &str) -> Option<Priority> {
    Some(match plain_word(word).as_str() {
        "critical" | "blocker" | "highest" | "urgent" | "p0" => Priority::Critical,
        "high" | "major" | "p1" => Priority::High,
        "medium" | "normal" | "p2" => Priority::Medium,
        "low" | "minor" | "lowest" | "trivial" | "p3" | "p4" => Priority::Low,
        _ => return None,
    })
}

/// A type by any of its usual names.
fn kind(word: &str) -> Option<TaskType> {
    Some(match plain_word(word).as_str() {
        "task" | "sub_task" | "subtask" | "story" | "user_story" | "epic" | "chore" => TaskType::Task,
        "bug" | "defect" | "incident" => TaskType::Bug,
        "feature" | "new_feature" | "feature_request" => TaskType::Feature,
        "improvement" | "enhancement" => TaskType::Improvement,
        "documentation" | "docs" => TaskType::Documentation,
        _ => return None,
    })
}

/// `To Do` as `to_do`, `Won't Fix` as `wont_fix`.
pub(super) fn plain_word(word: &str) -> String {
    let letters = word.trim().chars().filter(|letter| !matches!(letter, '\'' | '\u{2019}'));
    letters.map(|letter| if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { '_' }).collect()
}

/// RFC 3339, a day, or what Jira writes (`2026-03-02T09:00:00.000+0000`, `02/Mar/26 9:00 AM`).
fn time(text: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
    let text = text.trim();
    let zoned =
        || DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    let local = |format| NaiveDateTime::parse_from_str(text, format).ok();
    let day = |format| NaiveDate::parse_from_str(text, format).ok().map(|day| day.and_time(NaiveTime::MIN));
    zoned().ok().map(|time| time.to_utc()).or_else(|| {
        local("%Y-%m-%dT%H:%M:%S")
            .or_else(|| local("%Y-%m-%d %H:%M:%S"))
            .or_else(|| local("%Y-%m-%d %H:%M"))
            .or_else(|| local("%d/%b/%y %I:%M %p"))
            .or_else(|| day("%Y-%m-%d"))
            .or_else(|| day("%d/%b/%y"))
            .map(|time| time.and_utc())
    })
}

/// An address for what a person is called elsewhere.
fn address(name: &str, options: &Options) -> String {
    options.people.get(name).cloned().unwrap_or_else(|| name.to_owned())
}
