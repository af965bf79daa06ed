//! A project's tasks as a table.

use std::collections::HashMap;

use super::portable::Portable;
use crate::Result;
use crate::table::{Table, inert};

/// The tasks of a project as a table (RFC 4180, UTF-8). A cell that a spreadsheet would take for a formula begins with an
/// apostrophe.
pub fn csv(project: &Portable) -> Result<String> {
    let mut table = Table::new(HEADINGS)?;
    let sprints: HashMap<_, _> = project.sprints.iter().map(|it| (it.reference.as_str(), it.name.as_str())).collect();
    let stones: HashMap<_, _> = project.milestones.iter().map(|it| (it.reference.as_str(), it.name.as_str())).collect();
    for task in &project.tasks {
        let named = |name: &Option<String>, names: &HashMap<&str, &str>| {
            name.as_deref().and_then(|name| names.get(name)).map_or(String::new(), |name| (*name).to_owned())
        };
        let time = |time: Option<chrono::DateTime<chrono::Utc>>| {
            time.map_or(String::new(), |time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
        };
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let cells = [
            task.key.clone(),
            task.title.clone(),
            word(serde_json::json!(task.kind)),
            word(serde_json::json!(task.status)),
            word(serde_json::json!(task.priority)),
            listed(&task.labels),
            listed(&task.assignees),
            time(task.start_at),
            time(task.due_at),
            task.parent.clone().unwrap_or_default(),
            named(&task.sprint, &sprints),
            named(&task.milestone, &stones),
            task.description.clone(),
        ];
        table.row(cells.iter().map(|cell| inert(cell)))?;
    }
    table.into_text()
}

/// Several things in one cell, parted by semicolons; what holds a part itself stands in quotes.
fn listed(parts: &[String]) -> String {
    let one = |part: &String| match part.contains([',', ';', '"']) {
        true => format!("\"{}\"", part.replace('"', "\"\"")),
        false => part.clone(),
    };
    parts.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The parts of a cell: what [`listed`] wrote, or what people write, parted by commas or semicolons.
pub(super) fn parts(cell: &str) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = cell.chars().peekable();
    let mut end = |part: &mut String| {
        let whole = std::mem::take(part);
        if !whole.trim().is_empty() {
            parts.push(whole.trim().to_owned());
        }
    };
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                part.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if part.trim().is_empty() => quoted = true,
            ',' | ';' if !quoted => end(&mut part),
            _ => part.push(letter),
        }
    }
    end(&mut part);
    parts
}

/// The headings of the table; an import knows them.
const HEADINGS: [&str; 13] = [
    "key",
    "title",
    "type",
    "status",
    "priority",
    "labels",
    "assignees",
    "start_at",
    "due_at",
    "parent",
    "sprint",
    "milestone",
    "description",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_in_a_cell_is_read_as_it_was() {
        let kept = ["a", "b, c", "d;e", "say \"hi\"", "5\" nail", "f"].map(str::to_owned);
        assert_eq!(parts(&listed(&kept)), kept);
        assert_eq!(parts("a, b;c ; ;"), ["a", "b", "c"]);
    }
}
