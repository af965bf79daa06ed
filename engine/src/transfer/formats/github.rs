//! GitHub: a list of issues, as `GET /repos/{owner}/{repo}/issues` answers. Pull requests, which stand among them, are
//! passed over.

use serde_json::Value;

use super::super::model::{Options, PortableMilestone, PortableTask};
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
    if issues.iter().any(|issue| issue["comments"].as_i64().is_some_and(|count| count > 0)) {
        notes.push("a list of issues holds no comments: they are not imported".to_owned());
    }
    let mut document = document(tasks);
    document.milestones = milestones;
    Ok(Read { document, notes, problems: problems.0 })
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
        assignees: people.map(|name| address(name, options)).collect(),
        labels,
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
