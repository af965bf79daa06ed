//! GitHub: a list of issues, as `GET /repos/{owner}/{repo}/issues` answers. Pull requests, which stand among them, are
//! passed over.

use std::collections::HashSet;

use serde_json::Value;

use super::super::model::Options;
use super::super::portable::{PortableMilestone, PortableTask};
use super::{Problems, Read, address, document, kind, refuse_many, time};
use crate::milestones::MilestoneStatus;
use crate::tasks::TaskStatus;
use crate::{Error, Result};

/// Reads a list of issues.
pub(super) fn read(data: Value, options: &Options) -> Result<Read> {
    let issues =
        data.as_array().ok_or_else(|| Error::field("/data", "must be the list of issues that GitHub answers"))?;
    refuse_many(issues.len())?;
    let (mut problems, mut tasks, mut milestones) = (Problems::default(), Vec::new(), Vec::new());
    let mut passed = 0;
    for (at, issue) in issues.iter().enumerate() {
        if issue["pull_request"].is_object() {
            passed += 1;
            continue;
        }
        let (Some(number), Some(title)) = (issue["number"].as_i64(), issue["title"].as_str()) else {
            problems.add(at + 1, "title", "the issue has no `number` or no `title`");
            continue;
        };
        tasks.push(task(at + 1, number, title, issue, options));
        milestone(&issue["milestone"], &mut milestones);
    }
    let mut notes = Vec::new();
    if passed > 0 {
        notes.push(format!("{passed} pull requests are passed over"));
    }
    let kept: Vec<&Value> = issues.iter().filter(|issue| !issue["pull_request"].is_object()).collect();
    if kept.iter().any(|issue| issue["comments"].as_i64().is_some_and(|count| count > 0)) {
        notes.push("a list of issues holds no comments: they are not imported".to_owned());
    }
    let orphans = settle(&mut tasks);
    if orphans > 0 {
        notes.push(format!("the parents of {orphans} issues are not in the list: these stand alone"));
    }
    let dropped: Vec<String> = DROPPED
        .iter()
        .filter_map(|(what, says)| match kept.iter().filter(|issue| says(issue)).count() {
            0 => None,
            count => Some(format!("{what} (of {count})")),
        })
        .collect();
    if !dropped.is_empty() {
        notes.push(format!("what GitHub says besides is dropped: {}", dropped.join(", ")));
    }
    let mut document = document(tasks);
    document.milestones = milestones;
    Ok(Read { document, notes, problems: problems.0 })
}

/// Whether an issue says something that is dropped.
type Says = fn(&Value) -> bool;

/// What issues say that is not imported.
const DROPPED: &[(&str, Says)] = &[
    ("authors", |issue| issue["user"].is_object()),
    ("times of creation and closing", |issue| issue["created_at"].is_string() || issue["closed_at"].is_string()),
    ("who closed it", |issue| issue["closed_by"].is_object()),
    ("that it is locked", |issue| issue["locked"] == true),
    ("reactions", |issue| counts(&issue["reactions"]["total_count"])),
    ("dependencies on other issues", |issue| {
        let summary = &issue["issue_dependencies_summary"];
        counts(&summary["total_blocked_by"]) || counts(&summary["total_blocking"])
    }),
    ("values of issue fields", |issue| issue["issue_field_values"].as_array().is_some_and(|it| !it.is_empty())),
];

fn counts(value: &Value) -> bool {
    value.as_i64().is_some_and(|count| count > 0)
}

/// Takes parents off that are not in the list; says how many.
fn settle(tasks: &mut [PortableTask]) -> usize {
    let keys: HashSet<String> = tasks.iter().map(|task| task.key.clone()).collect();
    let mut orphans = 0;
    for task in tasks {
        if task.parent.as_ref().is_some_and(|parent| !keys.contains(parent)) {
            task.parent = None;
            orphans += 1;
        }
    }
    orphans
}

fn task(line: usize, number: i64, title: &str, issue: &Value, options: &Options) -> PortableTask {
    let labels: Vec<String> = issue["labels"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|label| label.as_str().or_else(|| label["name"].as_str()))
        .map(str::to_owned)
        .collect();
    let status = match (issue["state"].as_str(), issue["state_reason"].as_str()) {
        (Some("closed"), Some("not_planned" | "duplicate")) => TaskStatus::Cancelled,
        (Some("closed"), _) => TaskStatus::Completed,
        _ => TaskStatus::Todo,
    };
    let people = issue["assignees"].as_array().into_iter().flatten();
    let people = people.filter_map(|person| person["email"].as_str().or_else(|| person["login"].as_str()));
    PortableTask {
        key: number.to_string(),
        title: title.to_owned(),
        description: issue["body"].as_str().unwrap_or_default().to_owned(),
        kind: issue["type"]["name"].as_str().and_then(kind).or_else(|| labels.iter().find_map(|label| kind(label))),
        status: Some(status),
        standing: issue["state"].as_str().map(str::to_owned),
        assignees: people.map(|name| address(name, options)).collect(),
        labels,
        // `…/repos/OWNER/REPO/issues/7`.
        parent: issue["parent_issue_url"].as_str().and_then(|url| url.rsplit('/').next()).map(str::to_owned),
        milestone: issue["milestone"]["title"].as_str().map(str::to_owned),
        line,
        ..PortableTask::default()
    }
}

fn milestone(milestone: &Value, known: &mut Vec<PortableMilestone>) {
    let Some(title) = milestone["title"].as_str() else { return };
    if known.iter().any(|other| other.reference == title) {
        return;
    }
    let closed = milestone["state"].as_str() == Some("closed");
    known.push(PortableMilestone {
        reference: title.to_owned(),
        name: title.to_owned(),
        description: milestone["description"].as_str().unwrap_or_default().to_owned(),
        due_at: milestone["due_on"].as_str().and_then(time),
        status: if closed { MilestoneStatus::Completed } else { MilestoneStatus::Open },
    });
}
