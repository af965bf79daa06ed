//! Tables: CSV with a heading, of one's own or of Jira's.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::csv::parts;
use super::super::model::Options;
use super::super::portable::{PortableComment, PortableMilestone, PortableSprint, PortableTask};
use super::{Problems, Read, address, document, kind, plain_word, priority, refuse_many, status, time};
use crate::milestones::MilestoneStatus;
use crate::sprints::SprintState;
use crate::table::original;
use crate::{Error, Result};

/// What a column can fill.
const FIELDS: &str = "key, title, description, type, status, priority, labels, assignees, watchers, parent, sprint, milestone, \
                      start_at, due_at, estimate, points, comment, custom.<name>";
/// What several columns can fill, one after the other.
const SEVERAL: [&str; 4] = ["assignees", "comment", "labels", "watchers"];
/// The most columns.
const MAX_COLUMNS: usize = 500;

/// Headings in lower case and the fields that they fill, as they are known without a mapping.
pub(super) type Known = BTreeMap<&'static str, &'static str>;

/// The headings of tables of one's own.
pub(super) fn plain() -> Known {
    [
        ("key", "key"),
        ("id", "key"),
        ("title", "title"),
        ("summary", "title"),
        ("name", "title"),
        ("description", "description"),
        ("type", "type"),
        ("status", "status"),
        ("priority", "priority"),
        ("labels", "labels"),
        ("tags", "labels"),
        ("assignees", "assignees"),
        ("assignee", "assignees"),
        ("watchers", "watchers"),
        ("parent", "parent"),
        ("sprint", "sprint"),
        ("milestone", "milestone"),
        ("start_at", "start_at"),
        ("start", "start_at"),
        ("start date", "start_at"),
        ("due_at", "due_at"),
        ("due", "due_at"),
        ("due date", "due_at"),
        ("estimate", "estimate"),
        ("points", "points"),
        ("comment", "comment"),
    ]
    .into()
}

/// Reads a table. `known` says what its headings mean where the caller does not.
pub(super) fn read(text: &str, known: &Known, options: &Options) -> Result<Read> {
    read_with(text, known, options, false)
}

/// The same of a table in which headings may stand several times: of what a task has once, the last counts.
pub(super) fn read_with(text: &str, known: &Known, options: &Options, repeated: bool) -> Result<Read> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Error::field("/data", "is empty; the first line must name the columns"));
    }
    let delimiter = delimiter(text, options)?;
    let mut reader = reader(text, options)?;
    let headings = reader.headers().map_err(|error| unreadable(&error))?.clone();
    if !repeated {
        refuse_equal(&headings)?;
    }
    let (columns, notes) = columns(&headings, known, options)?;
    if !repeated {
        refuse_double(&headings, &columns)?;
    }
    refuse_open_quote(text, delimiter, &headings)?;
    let mut table = Table { options, problems: Problems::default(), sprints: Vec::new(), milestones: Vec::new() };
    let mut tasks = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| unreadable(&error))?;
        let line = row.position().map_or(0, |position| first_line(text, position));
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if row.len() > headings.len() {
            let message = format!(
                "has {} cells where the heading has {}: a quote or a delimiter may be wrong",
                row.len(),
                headings.len()
            );
            table.problems.add(line, "row", message);
            continue;
        }
        refuse_many(tasks.len() + 1)?;
        tasks.push(table.task(line, &row, &columns));
    }
    let mut read = Read { document: document(tasks), notes, problems: table.problems.0 };
    read.document.sprints = table.sprints.into_iter().map(sprint).collect();
    read.document.milestones = table.milestones.into_iter().map(milestone).collect();
    Ok(read)
}

/// A reader of the rows of a table.
pub(super) fn reader<'t>(text: &'t str, options: &Options) -> Result<csv::Reader<&'t [u8]>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let delimiter = delimiter(text, options)?;
    Ok(csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes()))
}

/// The delimiter that is asked for, or the one that the heading has.
fn delimiter(text: &str, options: &Options) -> Result<u8> {
    match options.delimiter {
        Some(delimiter) => u8::try_from(delimiter)
            .ok()
            .filter(|it| *it == b'\t' || it.is_ascii_punctuation())
            .ok_or_else(|| Error::field("/delimiter", "must be one ASCII character, such as , or ;")),
        None => Ok(found_delimiter(text)),
    }
}

/// The delimiter that parts the heading into the most columns, outside of quotes.
fn found_delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in text.bytes().take(64 * 1024) {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => counts.iter_mut().filter(|(known, _)| *known == byte).for_each(|(_, count)| *count += 1),
            _ => {}
        }
    }
    // The first of those that part the most.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| *byte)
}

/// The line on which a row begins: the reader counts empty lines before it as its own.
fn first_line(text: &str, position: &csv::Position) -> usize {
    let from = usize::try_from(position.byte()).unwrap_or_default();
    let before = text.get(from..).unwrap_or_default().bytes().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    usize::try_from(position.line()).unwrap_or_default() + before.filter(|byte| *byte == b'\n').count()
}

fn unreadable(error: &csv::Error) -> Error {
    let line = error.position().map_or(String::new(), |position| format!("line {}: ", position.line()));
    Error::field("/data", format!("{line}the table cannot be read: {error}"))
}

/// Which column fills which field, by their places; and what is passed over.
fn columns(
    headings: &csv::StringRecord,
    known: &Known,
    options: &Options,
) -> Result<(Vec<Option<String>>, Vec<String>)> {
    if headings.len() > MAX_COLUMNS {
        return Err(Error::field("/data", format!("line 1: has more than {MAX_COLUMNS} columns")));
    }
    if let Some(odd) =
        options.mapping.keys().find(|name| !headings.iter().any(|heading| heading.trim() == name.as_str()))
    {
        let shown: String = odd.chars().take(64).collect();
        return Err(Error::field(
            format!("/mapping/{shown}"),
            "is no column of the table; write its heading as it stands there",
        ));
    }
    let (mut columns, mut passed) = (Vec::new(), Vec::new());
    for heading in headings {
        let heading = heading.trim();
        let lower = heading.to_lowercase();
        let field = match options.mapping.get(heading) {
            Some(field) => field.clone(),
            None if lower.starts_with("custom.") => Some(lower.clone()),
            None => known.get(lower.as_str()).map(|field| (*field).to_owned()),
        };
        if let Some(field) = field.as_deref().filter(|field| !is_field(field)) {
            let (shown, field): (String, String) =
                (heading.chars().take(64).collect(), field.chars().take(64).collect());
            return Err(Error::field(
                format!("/mapping/{shown}"),
                format!("`{field}` is no field; there are {FIELDS}"),
            ));
        }
        if field.is_none() && !heading.is_empty() && !options.mapping.contains_key(heading) {
            passed.push(format!("`{}`", heading.chars().take(64).collect::<String>()));
        }
        columns.push(field);
    }
    if !columns.iter().any(|field| field.as_deref() == Some("title")) {
        let message = "line 1: no column fills `title`; name one so, or say which in `mapping`";
        return Err(Error::field("/data", message));
    }
    passed.dedup();
    let notes = if passed.is_empty() {
        Vec::new()
    } else {
        vec![format!("columns that are passed over: {}", passed.join(", "))]
    };
    Ok((columns, notes))
}

/// Refuses headings that say the same: which of the two columns is meant, nobody knows.
fn refuse_equal(headings: &csv::StringRecord) -> Result<()> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (at, heading) in headings.iter().enumerate().filter(|(_, heading)| !heading.trim().is_empty()) {
        if let Some(first) = seen.insert(heading.trim().to_lowercase(), at) {
            let shown: String = heading.trim().chars().take(64).collect();
            let (one, two) = (first + 1, at + 1);
            let message = format!(
                "line 1: the heading `{shown}` stands there twice, over the columns {one} and {two}; rename one"
            );
            return Err(Error::field("/data", message));
        }
    }
    Ok(())
}

/// Refuses two columns that fill what a task has once.
fn refuse_double(headings: &csv::StringRecord, columns: &[Option<String>]) -> Result<()> {
    for (at, field) in columns.iter().enumerate() {
        let Some(field) = field.as_deref().filter(|field| !SEVERAL.contains(field)) else { continue };
        if let Some(first) = columns[..at].iter().position(|other| other.as_deref() == Some(field)) {
            let shown = |at: usize| headings.get(at).unwrap_or_default().trim().chars().take(64).collect::<String>();
            let (one, two) = (shown(first), shown(at));
            let message =
                format!("line 1: the columns `{one}` and `{two}` both fill `{field}`; pass one over in `mapping`");
            return Err(Error::field("/data", message));
        }
    }
    Ok(())
}

/// Refuses a quote that opens a cell and is never closed: the rest of the table would be that cell.
fn refuse_open_quote(text: &str, delimiter: u8, headings: &csv::StringRecord) -> Result<()> {
    let (mut line, mut column, mut at_start, mut open) = (1, 0, true, None::<(usize, usize)>);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if open.is_some() => {
                if bytes.peek() == Some(&b'"') {
                    bytes.next();
                } else {
                    open = None;
                }
            }
            b'"' if at_start => (open, at_start) = (Some((line, column)), false),
            byte if open.is_none() && byte == delimiter => (column, at_start) = (column + 1, true),
            b'\n' | b'\r' => {
                line += usize::from(byte == b'\n');
                if open.is_none() {
                    (column, at_start) = (0, true);
                }
            }
            _ => at_start = false,
        }
    }
    let Some((line, column)) = open else { return Ok(()) };
    let shown: String = headings.get(column).unwrap_or_default().trim().chars().take(64).collect();
    let message = format!(
        "line {line} `{shown}`: a quote begins the cell and none ends it; close it, or double it if it is meant"
    );
    Err(Error::field("/data", message))
}

fn is_field(field: &str) -> bool {
    field.strip_prefix("custom.").is_some_and(|name| !name.is_empty()) || FIELDS.split(", ").any(|known| known == field)
}

/// What is gathered while rows are read.
struct Table<'a> {
    options: &'a Options,
    problems: Problems,
    sprints: Vec<String>,
    milestones: Vec<String>,
}

impl Table<'_> {
    fn task(&mut self, line: usize, row: &csv::StringRecord, columns: &[Option<String>]) -> PortableTask {
        let mut task = PortableTask { line, ..PortableTask::default() };
        for (cell, field) in row.iter().zip(columns) {
            let Some(field) = field.as_deref().filter(|_| !cell.trim().is_empty()) else { continue };
            // What an export guarded against spreadsheets is meant without the guard.
            self.fill(&mut task, field, original(cell));
        }
        if task.title.trim().is_empty() {
            self.problems.add(line, "title", "is empty");
        }
        task
    }

    fn fill(&mut self, task: &mut PortableTask, field: &str, cell: &str) {
        let (line, options) = (task.line, self.options);
        let word = cell.trim();
        let shown: String = word.chars().take(64).collect();
        match field {
            "key" => word.clone_into(&mut task.key),
            "title" => cell.trim().clone_into(&mut task.title),
            "description" => cell.clone_into(&mut task.description),
            "type" => {
                task.kind = self.word(line, field, word, |word| kind(word).or_else(|| plain_word(word).parse().ok()))
            }
            "status" => {
                task.standing = Some(plain_word(word));
                task.status =
                    self.word(line, field, word, |word| status(word).or_else(|| plain_word(word).parse().ok()))
            }
            "priority" => task.priority = self.word(line, field, word, priority),
            "labels" => task.labels.extend(parts(word)),
            "assignees" => task.assignees.extend(parts(word).iter().map(|name| address(name, options))),
            "watchers" => task.watchers.extend(parts(word).iter().map(|name| address(name, options))),
            "parent" => task.parent = Some(word.to_owned()),
            "sprint" => task.sprint = Some(reference(&mut self.sprints, word)),
            "milestone" => task.milestone = Some(reference(&mut self.milestones, word)),
            "start_at" => task.start_at = self.word(line, field, word, time),
            "due_at" => task.due_at = self.word(line, field, word, time),
            "estimate" => task.estimate = self.word(line, field, word, |word| word.parse().ok()),
            "points" => task.points = self.word(line, field, word, |word| word.parse().ok()),
            "comment" => {
                task.comments.push(PortableComment { body: cell.to_owned(), ..Default::default() });
            }
            other => match other.strip_prefix("custom.") {
                Some(name) => drop(task.custom.insert(name.to_owned(), Value::String(cell.to_owned()))),
                None => self.problems.add(line, other, format!("`{shown}` fills nothing")),
            },
        }
    }

    fn word<T>(&mut self, line: usize, field: &str, word: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let found = read(word);
        if found.is_none() {
            let shown: String = word.chars().take(64).collect();
            let wanted = match field {
                "start_at" | "due_at" => "a day or a time such as 2026-03-02 or 2026-03-02T09:00:00Z",
                "estimate" | "points" => "a whole number",
                "status" => "todo, in_progress, in_review, blocked, completed, cancelled or one of the project's own",
                "priority" => "critical, high, medium or low",
                _ => "task, bug, feature, improvement, documentation or one of the project's own",
            };
            self.problems.add(line, field, format!("`{shown}` is not known; write {wanted}"));
        }
        found
    }
}

/// The name that a sprint or milestone has in the document: its own.
fn reference(known: &mut Vec<String>, name: &str) -> String {
    if !known.iter().any(|other| other == name) {
        known.push(name.to_owned());
    }
    name.to_owned()
}

fn sprint(name: String) -> PortableSprint {
    let state = SprintState::Planned;
    PortableSprint { reference: name.clone(), name, goal: String::new(), starts_at: None, ends_at: None, state }
}

/// Adds a milestone of this name, unless there is one.
pub(super) fn add_milestone(known: &mut Vec<PortableMilestone>, name: &str) {
    if !known.iter().any(|other| other.reference == name) {
        known.push(milestone(name.to_owned()));
    }
}

fn milestone(name: String) -> PortableMilestone {
    let status = MilestoneStatus::Open;
    PortableMilestone { reference: name.clone(), name, description: String::new(), due_at: None, status }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_found_in_the_heading() {
        for (text, delimiter) in [
            ("title,status\na;b;c;d", b','),
            ("title;\"a,b,c,d\";x\n", b';'),
            ("title\tstatus\n", b'\t'),
            ("a|b|c\n", b'|'),
            ("title\n", b','),
        ] {
            assert_eq!(found_delimiter(text), delimiter, "{text:?}");
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_is_found_where_it_opens() {
        let told = |text: &str| read(text, &plain(), &Options::default()).unwrap_err().fields[0].message.clone();
        assert!(told("title,labels\nOne,a\nTwo,\"b\nThree,c\n").starts_with("line 3 `labels`"));
        assert!(told("title\n\"a\"\"\n").starts_with("line 2 `title`"));
        for good in ["title\n\"a\"\"b\"\n", "title\na\"b\n", "title\n\"a\nb\"\n", "title\r\n\"a\"\r\n"] {
            assert_eq!(read(good, &plain(), &Options::default()).unwrap().document.tasks.len(), 1, "{good:?}");
        }
    }

    #[test]
    fn headings_that_say_the_same_are_refused() {
        for (text, words) in [
            ("title,Status,status\na,b,c\n", ["`status`", "2 and 3"]),
            ("title,summary\na,b\n", ["`title` and `summary`", "both fill `title`"]),
        ] {
            let told = read(text, &plain(), &Options::default()).unwrap_err().fields[0].message.clone();
            assert!(words.iter().all(|word| told.contains(word)), "{told}");
        }
        assert!(read("title,labels,tags\na,b,c\n", &plain(), &Options::default()).is_ok());
    }

    #[test]
    fn a_table_is_read_by_its_headings_and_what_is_wrong_by_its_lines() {
        let text = "\u{feff}Title;Status;Labels;Size;Due date\nOne;To Do;\"a;b\";3;2026-03-02\n\n\"Two\nlines\";;;;never\n;done;;;soon\n";
        let mapping = [("Size".to_owned(), Some("custom.size".to_owned()))].into();
        let read = read(text, &plain(), &Options { mapping, ..Options::default() }).unwrap();
        let tasks = &read.document.tasks;
        assert_eq!(
            (tasks.len(), tasks[0].labels.as_slice(), tasks[0].custom["size"].as_str()),
            (3, &["a".to_owned(), "b".to_owned()][..], Some("3"))
        );
        assert_eq!(tasks[1].title, "Two\nlines");
        let lines: Vec<_> = read.problems.iter().map(|it| (it.line, it.field.as_deref().unwrap())).collect();
        assert_eq!(lines, [(Some(4), "due_at"), (Some(6), "due_at"), (Some(6), "title")]);
    }
}
