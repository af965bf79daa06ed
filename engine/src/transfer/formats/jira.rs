//! Jira: the JSON that a search gives (`{"issues": [{"key", "fields"}]}`), and the headings of its CSV.

use serde_json::Value;

use super::super::model::{Options, PortableComment, PortableTask};
use super::table::Known;
use super::{Problems, Read, address, document, kind, priority, refuse_many, status, time};
use crate::tasks::TaskStatus;
use crate::{Error, Result};

/// The headings of Jira's CSV. Some of them stand there several times.
pub(super) fn columns() -> Known {
    [
        ("issue key", "key"),
        ("summary", "title"),
        ("description", "description"),
        ("issue type", "type"),
        ("status", "status"),
        ("priority", "priority"),
        ("labels", "labels"),
        ("assignee", "assignees"),
        ("due date", "due_at"),
        ("parent key", "parent"),
        ("parent", "parent"),
        ("sprint", "sprint"),
        ("fix version/s", "milestone"),
        ("fix versions", "milestone"),
        ("comment", "comment"),
    ]
    .into()
}

/// Reads the JSON of a search.
pub(super) fn read(data: Value, options: &Options) -> Result<Read> {
    let issues = match &data {
        Value::Array(issues) => issues,
        other => other["issues"].as_array().ok_or_else(|| {
            Error::field("/data/issues", "is missing; send what a search of Jira answers, `{\"issues\": […]}`")
        })?,
    };
    refuse_many(issues.len())?;
    let (mut problems, mut notes, mut tasks) = (Problems::default(), Vec::new(), Vec::new());
    for (at, issue) in issues.iter().enumerate() {
        let line = at + 1;
        let (Some(key), Some(title)) = (issue["key"].as_str(), issue["fields"]["summary"].as_str()) else {
            problems.add(line, "summary", "the issue has no `key` or no `fields.summary`");
            continue;
        };
        tasks.push(task(line, key, title, &issue["fields"], options, &mut notes));
    }
    notes.sort();
    notes.dedup();
    Ok(Read { document: document(tasks), notes, problems: problems.0 })
}

fn task(
    line: usize,
    key: &str,
    title: &str,
    fields: &Value,
    options: &Options,
    notes: &mut Vec<String>,
) -> PortableTask {
    let name = |field: &Value| field["name"].as_str().map(str::to_owned);
    let mut known = |what: &str, word: Option<String>, fits: bool| {
        if let Some(word) = word.filter(|_| !fits) {
            notes.push(format!(
                "the {what} `{}` is not known here; the usual one is taken",
                word.chars().take(64).collect::<String>()
            ));
        }
    };
    let (type_name, urgency) = (name(&fields["issuetype"]), name(&fields["priority"]));
    let (kind, priority) = (type_name.as_deref().and_then(kind), urgency.as_deref().and_then(priority));
    known("type", type_name, kind.is_some());
    known("priority", urgency, priority.is_some());
    // A status of the team's own says by its category where it stands.
    let standing = name(&fields["status"]);
    let category = match fields["status"]["statusCategory"]["key"].as_str() {
        Some("new") => Some(TaskStatus::Todo),
        Some("indeterminate") => Some(TaskStatus::InProgress),
        Some("done") => Some(TaskStatus::Completed),
        _ => None,
    };
    let status = standing.as_deref().and_then(status).or(category);
    known("status", standing, status.is_some());
    let labels = fields["labels"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let comments = fields["comment"]["comments"].as_array().or_else(|| fields["comment"].as_array());
    let comments = comments.into_iter().flatten().map(|comment| {
        let author = person(&comment["author"], options);
        let written = comment["created"].as_str().unwrap_or_default();
        let said = markdown(&comment["body"]);
        let body = format!(
            "{} wrote on {}:\n\n{said}",
            author.as_deref().unwrap_or("Somebody"),
            written.get(..10).unwrap_or("some day")
        );
        PortableComment { author, body, created_at: time(written) }
    });
    PortableTask {
        key: key.to_owned(),
        title: title.to_owned(),
        description: markdown(&fields["description"]),
        kind,
        status,
        priority,
        labels: labels.collect(),
        assignees: person(&fields["assignee"], options).into_iter().collect(),
        parent: fields["parent"]["key"].as_str().map(str::to_owned),
        due_at: fields["duedate"].as_str().and_then(time),
        comments: comments.collect(),
        line,
        ..PortableTask::default()
    }
}

/// The address of a person, or what else they are called.
fn person(person: &Value, options: &Options) -> Option<String> {
    let named = ["emailAddress", "displayName", "name", "accountId"].iter().find_map(|field| person[*field].as_str());
    named.map(|name| address(name, options))
}

/// Text as it is, or of an Atlassian document, whose paragraphs become paragraphs and items items.
fn markdown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) => {
            let mut text = String::new();
            write(value, &mut text, 0);
            text.trim().to_owned()
        }
        _ => String::new(),
    }
}

fn write(node: &Value, text: &mut String, depth: usize) {
    // JSON itself is at most 128 deep.
    match node["type"].as_str() {
        Some("text") => text.push_str(node["text"].as_str().unwrap_or_default()),
        Some("hardBreak") => text.push('\n'),
        Some("mention") => text.push_str(node["attrs"]["text"].as_str().unwrap_or_default()),
        Some("listItem") => text.push_str("- "),
        _ => {}
    }
    for part in node["content"].as_array().into_iter().flatten() {
        write(part, text, depth + 1);
    }
    match node["type"].as_str() {
        Some("paragraph" | "heading" | "codeBlock") if depth > 2 => text.push('\n'),
        Some("paragraph" | "heading" | "codeBlock" | "bulletList" | "orderedList") => text.push_str("\n\n"),
        _ => {}
    }
}
