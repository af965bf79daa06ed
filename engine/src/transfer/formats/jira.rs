//! Jira: the JSON that a search gives (`{"issues": [{"key", "fields"}]}`), and the headings of its CSV.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::super::model::Options;
use super::super::portable::{Portable, PortableComment, PortableLink, PortableTask};
use super::table::{self, Known};
use super::{Problems, Read, address, document, kind, plain_word, priority, refuse_many, status, time};
use crate::links::LinkType;
use crate::tasks::TaskStatus;
use crate::{Error, Result};

/// The headings of Jira's CSV. Some of them stand there several times.
fn columns() -> Known {
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
        ("custom field (epic link)", "parent"),
        ("sprint", "sprint"),
        ("fix version/s", "milestone"),
        ("fix versions", "milestone"),
        ("comment", "comment"),
    ]
    .into()
}

/// Reads Jira's CSV, in which headings stand several times, and issues are named by ids and by keys.
pub(super) fn read_table(text: &str, options: &Options) -> Result<Read> {
    let mut read = table::read_with(text, &columns(), options, true)?;
    let (tied, keys) = ties_of_table(text, options)?;
    let by_id: HashMap<&str, &str> = keys.iter().map(|(id, key)| (id.as_str(), key.as_str())).collect();
    for task in &mut read.document.tasks {
        // Jira names the parent by its id, or by its key in a column of its own.
        if let Some(key) = task.parent.as_deref().and_then(|parent| by_id.get(parent)) {
            task.parent = Some((*key).to_owned());
        }
    }
    let mut told = Told::default();
    settle(&mut read.document, tied, &mut told);
    told.tell(&mut read.notes);
    Ok(read)
}

/// The ids of issues with their keys.
type IdsAndKeys = Vec<(String, String)>;

/// The links of Jira's CSV, and the ids of its issues with their keys.
fn ties_of_table(text: &str, options: &Options) -> Result<(Vec<Tie>, IdsAndKeys)> {
    let mut reader = table::reader(text, options)?;
    let headings: Vec<String> = match reader.headers() {
        Ok(headings) => headings.iter().map(|heading| heading.trim().to_lowercase()).collect(),
        Err(_) => return Ok((Vec::new(), Vec::new())),
    };
    let place = |name: &str| headings.iter().position(|heading| heading == name);
    let (key, id) = (place("issue key"), place("issue id"));
    let (mut ties, mut keys) = (Vec::new(), Vec::new());
    for row in reader.records().filter_map(std::result::Result::ok) {
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or_default().trim();
        if !cell(id).is_empty() && !cell(key).is_empty() {
            keys.push((cell(id).to_owned(), cell(key).to_owned()));
        }
        for (heading, other) in headings.iter().zip(&row).filter(|(_, other)| !other.trim().is_empty()) {
            let outward = heading.strip_prefix("outward issue link (");
            let Some(kind) = outward.or_else(|| heading.strip_prefix("inward issue link (")) else { continue };
            let (task, other) = (cell(key).to_owned(), other.trim().to_owned());
            let kind = kind.trim_end_matches(')').to_owned();
            ties.push(match outward {
                Some(_) => Tie { task, other, kind },
                None => Tie { task: other, other: task, kind },
            });
        }
    }
    Ok((ties, keys))
}

/// A link between two issues: from the one that it goes out of.
struct Tie {
    task: String,
    other: String,
    /// What Jira calls it.
    kind: String,
}

/// What is lost of what Jira says.
#[derive(Default)]
struct Told {
    /// Fields that are passed over, and of how many issues.
    dropped: BTreeMap<String, usize>,
    epics: usize,
    notes: BTreeSet<String>,
    parents: usize,
    subtasks: BTreeSet<String>,
    links: usize,
    comments: u64,
}

impl Told {
    fn tell(self, notes: &mut Vec<String>) {
        notes.extend(self.notes);
        if self.epics > 0 {
            notes.push(format!("{} epics become tasks, and their issues parts of them", self.epics));
        }
        if self.parents > 0 {
            notes.push(format!("the parents of {} issues are not in the document: these stand alone", self.parents));
        }
        if !self.subtasks.is_empty() {
            notes
                .push(format!("{} subtasks are named, but not in the document: they are dropped", self.subtasks.len()));
        }
        if self.links > 0 {
            notes.push(format!("{} links to issues that are not in the document are dropped", self.links));
        }
        if self.comments > 0 {
            notes.push(format!("{} comments are not in the document, since a search gives only some", self.comments));
        }
        if !self.dropped.is_empty() {
            let fields = self.dropped.iter().map(|(field, count)| format!("`{field}` (of {count})"));
            notes.push(format!("what Jira says in these fields is dropped: {}", fields.collect::<Vec<_>>().join(", ")));
        }
    }
}

/// Fields of an issue that are imported, or that say nothing of the issue itself.
const KNOWN: &[&str] = &[
    "aggregateprogress",
    "aggregatetimeestimate",
    "aggregatetimeoriginalestimate",
    "aggregatetimespent",
    "assignee",
    "comment",
    "description",
    "duedate",
    "fixVersions",
    "issuelinks",
    "issuetype",
    "labels",
    "lastViewed",
    "parent",
    "priority",
    "progress",
    "project",
    "status",
    "statusCategory",
    "statuscategorychangedate",
    "subtasks",
    "summary",
    "timeoriginalestimate",
    "workratio",
];
/// Where Jira Cloud keeps the epic of an issue that has no `parent`.
const EPIC_LINK: &str = "customfield_10014";

/// Reads the JSON of a search.
pub(super) fn read(data: Value, options: &Options) -> Result<Read> {
    let issues = match &data {
        Value::Array(issues) => issues,
        other => other["issues"].as_array().ok_or_else(|| {
            Error::field("/data/issues", "is missing; send what a search of Jira answers, `{\"issues\": […]}`")
        })?,
    };
    refuse_many(issues.len())?;
    let (mut problems, mut told) = (Problems::default(), Told::default());
    let (mut tasks, mut ties, mut milestones) = (Vec::new(), Vec::new(), Vec::new());
    for (at, issue) in issues.iter().enumerate() {
        let line = at + 1;
        let (Some(key), Some(title)) = (issue["key"].as_str(), issue["fields"]["summary"].as_str()) else {
            problems.add(line, "summary", "the issue has no `key` or no `fields.summary`");
            continue;
        };
        let fields = &issue["fields"];
        let mut task = task(line, key, title, fields, options, &mut told.notes);
        if let Some(version) = fields["fixVersions"][0]["name"].as_str() {
            table::add_milestone(&mut milestones, version);
            task.milestone = Some(version.to_owned());
        }
        dropped(fields, &mut told);
        ties.extend(ties_of(key, fields));
        tasks.push(task);
    }
    let mut document = document(tasks);
    document.milestones = milestones;
    settle(&mut document, ties, &mut told);
    let mut notes = Vec::new();
    told.tell(&mut notes);
    Ok(Read { document, notes, problems: problems.0 })
}

/// Counts what an issue says that is not imported.
fn dropped(fields: &Value, told: &mut Told) {
    told.epics +=
        usize::from(fields["issuetype"]["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("epic")));
    let parts = fields["subtasks"].as_array().into_iter().flatten();
    told.subtasks.extend(parts.filter_map(|part| part["key"].as_str()).map(str::to_owned));
    let given = fields["comment"]["comments"].as_array().map_or(0, Vec::len) as u64;
    told.comments += fields["comment"]["total"].as_u64().unwrap_or_default().saturating_sub(given);
    for (field, value) in fields.as_object().into_iter().flatten() {
        // Epics come by this field where the issue names no parent.
        let known = KNOWN.contains(&field.as_str()) || field == EPIC_LINK;
        if !known && !says_nothing(value) {
            *told.dropped.entry(field.chars().take(64).collect()).or_default() += 1;
        }
    }
    if fields["fixVersions"].as_array().is_some_and(|versions| versions.len() > 1) {
        *told.dropped.entry("fixVersions but the first".to_owned()).or_default() += 1;
    }
}

/// Whether a field is empty, also in the ways in which Jira says so.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(parts) => {
            let counts = ["total", "votes", "watchCount"];
            parts.is_empty() || counts.iter().any(|name| parts.get(*name).and_then(Value::as_i64) == Some(0))
        }
        _ => false,
    }
}

/// The links of an issue. Each stands at both its issues, from where it is seen.
fn ties_of(key: &str, fields: &Value) -> Vec<Tie> {
    let links = fields["issuelinks"].as_array().into_iter().flatten();
    let tie = |link: &Value| {
        let kind = link["type"]["name"].as_str().unwrap_or_default().to_lowercase();
        let outward = link["outwardIssue"]["key"].as_str();
        let other = outward.or_else(|| link["inwardIssue"]["key"].as_str())?.to_owned();
        Some(match outward {
            Some(_) => Tie { task: key.to_owned(), other, kind },
            None => Tie { task: other, other: key.to_owned(), kind },
        })
    };
    links.filter_map(tie).collect()
}

/// Puts parents and links into the document as far as both issues are in it.
fn settle(document: &mut Portable, ties: Vec<Tie>, told: &mut Told) {
    let keys: HashSet<String> = document.tasks.iter().map(|task| task.key.clone()).collect();
    for task in &mut document.tasks {
        if task.parent.as_ref().is_some_and(|parent| !keys.contains(parent)) {
            task.parent = None;
            told.parents += 1;
        }
    }
    told.subtasks.retain(|key| !keys.contains(key));
    let mut seen = HashSet::new();
    for Tie { task, other, kind } in ties {
        let (kind, exactly) = link_type(&kind, &mut told.notes);
        // What goes both ways is seen from both as going out.
        let same = if exactly == LinkType::RelatesTo && task > other { (&other, &task) } else { (&task, &other) };
        if task == other || !seen.insert((same.0.clone(), same.1.clone(), kind)) {
            continue;
        }
        if !keys.contains(&task) || !keys.contains(&other) {
            told.links += 1;
            continue;
        }
        document.links.push(PortableLink { task, other, kind: exactly });
    }
}

/// What a link of Jira's is here, seen from the issue that it goes out of.
fn link_type(word: &str, notes: &mut BTreeSet<String>) -> (&'static str, LinkType) {
    let kind = match word.to_lowercase().as_str() {
        "blocks" => LinkType::Blocks,
        "cloners" | "clones" => LinkType::Clones,
        "duplicate" | "duplicates" => LinkType::Duplicates,
        "causes" | "problem/incident" => LinkType::Causes,
        "relates" | "relates to" => LinkType::RelatesTo,
        other => {
            let shown: String = other.chars().take(64).collect();
            notes.insert(format!("links of the type `{shown}` are not known here; they become `relates_to`"));
            LinkType::RelatesTo
        }
    };
    (kind.as_str(), kind)
}

fn task(
    line: usize,
    key: &str,
    title: &str,
    fields: &Value,
    options: &Options,
    notes: &mut BTreeSet<String>,
) -> PortableTask {
    let name = |field: &Value| field["name"].as_str().map(str::to_owned);
    let mut known = |what: &str, word: Option<String>, fits: bool| {
        if let Some(word) = word.filter(|_| !fits) {
            notes.insert(format!(
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
    let own_word = standing.as_deref().map(plain_word);
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
        standing: own_word,
        priority,
        labels: labels.collect(),
        assignees: person(&fields["assignee"], options).into_iter().collect(),
        parent: fields["parent"]["key"].as_str().or_else(|| fields[EPIC_LINK].as_str()).map(str::to_owned),
        due_at: fields["duedate"].as_str().and_then(time),
        // Jira counts seconds.
        estimate: fields["timeoriginalestimate"].as_i64().filter(|seconds| *seconds >= 0).map(|seconds| seconds / 60),
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
