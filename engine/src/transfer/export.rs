//! Writing a project down.

use std::collections::HashMap;

use super::model::{
    FORMAT, Portable, PortableComment, PortableDependency, PortableLink, PortableMilestone, PortableProject,
    PortableSprint, PortableTask, VERSION,
};
use super::store;
use crate::Result;
use crate::access::permissions::{Granted, TaskView};
use crate::db::Rx;
use crate::ids::{MilestoneId, SprintId, TaskId, UserId};
use crate::projects::Project;
use crate::table::{Table, inert};
use crate::tasks::Task;

/// A project as it is outside of the database. For [`Db::scan`](crate::db::Db::scan): a large one is much to read.
pub async fn export(rx: &mut Rx, may: &Granted<TaskView, Project>) -> Result<Portable> {
    let project = may.resource();
    let (workspace, id) = (project.workspace_id, project.id);
    let (sprints, milestones) = (store::sprints(rx, workspace, id).await?, store::milestones(rx, workspace, id).await?);
    let numbered = |letter: char, at: usize| format!("{letter}{}", at + 1);
    let names = Names {
        people: store::addresses(rx, workspace).await?.into_iter().collect(),
        sprints: sprints.iter().enumerate().map(|(at, sprint)| (sprint.id, numbered('s', at))).collect(),
        milestones: milestones.iter().enumerate().map(|(at, it)| (it.id, numbered('m', at))).collect(),
    };
    let rows = store::tasks(rx, workspace, id).await?;
    let keys: HashMap<TaskId, String> = rows.iter().map(|task| (task.id, task.key.clone())).collect();
    let mut comments: HashMap<TaskId, Vec<PortableComment>> = HashMap::new();
    for comment in store::comments(rx, workspace, id).await? {
        let author = comment.author_id.and_then(|author| names.people.get(&author).cloned());
        let told = PortableComment { author, body: comment.body, created_at: Some(comment.created_at) };
        comments.entry(comment.task_id).or_default().push(told);
    }
    let mut tasks = Vec::with_capacity(rows.len());
    for task in rows {
        let said = comments.remove(&task.id).unwrap_or_default();
        tasks.push(names.task(task, &keys, said)?);
    }
    let pair = |one: TaskId, two: TaskId| Some((keys.get(&one)?.clone(), keys.get(&two)?.clone()));
    let dependencies = store::dependencies(rx, workspace, id).await?.into_iter().filter_map(|it| {
        let (task, predecessor) = pair(it.task_id, it.predecessor_id)?;
        Some(PortableDependency { task, predecessor, kind: it.kind, lag: it.lag })
    });
    let mut dependencies: Vec<_> = dependencies.collect();
    dependencies.sort_by_key(|it| (number(&it.task), number(&it.predecessor), it.kind.as_str()));
    let links = store::links(rx, workspace, id).await?.into_iter().filter_map(|(task, other, kind)| {
        let (mut task, mut other) = pair(task, other)?;
        // What goes both ways is stored by ids, which another import has others of.
        if kind.inverse() == kind && number(&other) < number(&task) {
            std::mem::swap(&mut task, &mut other);
        }
        Some(PortableLink { task, other, kind })
    });
    let mut links: Vec<_> = links.collect();
    links.sort_by_key(|it| (number(&it.task), number(&it.other), it.kind.as_str()));
    Ok(Portable {
        format: FORMAT.to_owned(),
        version: VERSION,
        project: PortableProject {
            key: project.key.clone(),
            name: project.name.clone(),
            description: project.description.clone(),
            status: project.status,
        },
        sprints: sprints
            .into_iter()
            .enumerate()
            .map(|(at, it)| PortableSprint {
                reference: numbered('s', at),
                name: it.name,
                goal: it.goal,
                starts_at: it.starts_at,
                ends_at: it.ends_at,
                state: it.state,
            })
            .collect(),
        milestones: milestones
            .into_iter()
            .enumerate()
            .map(|(at, it)| PortableMilestone {
                reference: numbered('m', at),
                name: it.name,
                description: it.description,
                due_at: it.due_at,
                status: it.status,
            })
            .collect(),
        tasks,
        dependencies,
        links,
    })
}

/// The number in a key.
fn number(key: &str) -> i64 {
    key.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
}

/// What things are called in the document.
struct Names {
    people: HashMap<UserId, String>,
    sprints: HashMap<SprintId, String>,
    milestones: HashMap<MilestoneId, String>,
}

impl Names {
    fn task(&self, task: Task, keys: &HashMap<TaskId, String>, comments: Vec<PortableComment>) -> Result<PortableTask> {
        // Who is no member any more has no address here, and could be given to nobody there.
        let people = |ids: Vec<UserId>| ids.iter().filter_map(|id| self.people.get(id).cloned()).collect();
        Ok(PortableTask {
            labels: task.labels.read()?,
            assignees: people(task.assignees.read()?),
            watchers: people(task.watchers.read()?),
            parent: task.parent_id.and_then(|parent| keys.get(&parent).cloned()),
            sprint: task.sprint_id.and_then(|sprint| self.sprints.get(&sprint).cloned()),
            milestone: task.milestone_id.and_then(|it| self.milestones.get(&it).cloned()),
            custom: task.custom.read()?,
            key: task.key,
            title: task.title,
            description: task.description,
            kind: Some(task.kind),
            status: Some(task.status),
            priority: Some(task.priority),
            start_at: task.start_at,
            due_at: task.due_at,
            estimate: task.estimate,
            points: task.points,
            comments,
            line: 0,
        })
    }
}

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
            task.labels.join("; "),
            task.assignees.join("; "),
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
