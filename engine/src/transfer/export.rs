//! Writing a project down.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::export_setup;
use super::portable::{
    LeftOut, Portable, PortableAttachment, PortableComment, PortableDependency, PortableLink, PortableMilestone,
    PortableProject, PortableSchedule, PortableSprint, PortableTask,
};
use super::store;
use crate::Result;
use crate::access::permissions::{Granted, MemberView, MilestoneView, SprintView, TaskView};
use crate::cx::Cx;
use crate::db::Rx;
use crate::fields::{self, FieldType};
use crate::ids::{MilestoneId, SprintId, TaskId, UserId};
use crate::planning::TaskSchedule;
use crate::projects::{self, Project, TaskFacts};
use crate::tasks::Task;

fn leave_out<T>(left_out: &mut Vec<LeftOut>, what: LeftOut) -> Vec<T> {
    left_out.push(what);
    Vec::new()
}

/// A project as it is outside of the database, as far as the actor may see it. For [`Db::scan`](crate::db::Db::scan): a large one is much to read.
pub async fn export(rx: &mut Rx, cx: &Cx, may: &Granted<TaskView, Project>) -> Result<Portable> {
    let project = may.resource();
    let (workspace, id) = (project.workspace_id, project.id);
    let mut left_out = Vec::new();
    let sprints = match cx.actor.may::<SprintView, _>(project.clone()) {
        Ok(_) => store::sprints(rx, workspace, id).await?,
        Err(_) => leave_out(&mut left_out, LeftOut::Sprints),
    };
    let milestones = match cx.actor.may::<MilestoneView, _>(project.clone()) {
        Ok(_) => store::milestones(rx, workspace, id).await?,
        Err(_) => leave_out(&mut left_out, LeftOut::Milestones),
    };
    let people = match cx.actor.may_here::<MemberView>() {
        Ok(_) => store::addresses(rx, workspace).await?,
        Err(_) => leave_out(&mut left_out, LeftOut::People),
    };
    let numbered = |letter: char, at: usize| format!("{letter}{}", at + 1);
    let fields = fields::service::list(rx, may).await?;
    let names = Names {
        people: people.into_iter().collect(),
        sprints: sprints.iter().enumerate().map(|(at, sprint)| (sprint.id, numbered('s', at))).collect(),
        milestones: milestones.iter().enumerate().map(|(at, it)| (it.id, numbered('m', at))).collect(),
        user_fields: fields.iter().filter(|it| it.kind == FieldType::User).map(|it| it.key.clone()).collect(),
        sensitive: may.shows_money(),
    };
    let mut rows = store::tasks(rx, workspace, id).await?;
    let all = rows.len();
    rows.retain(|task| may.covers(id, task.id, &|| projects::facts(project, &TaskFacts::of(task))));
    if !may.shows_money() {
        left_out.push(LeftOut::Sensitive);
    }
    if rows.len() < all {
        left_out.push(LeftOut::Tasks);
    }
    let keys: HashMap<TaskId, String> = rows.iter().map(|task| (task.id, task.key.clone())).collect();
    let mut comments: HashMap<TaskId, Vec<PortableComment>> = HashMap::new();
    for comment in store::comments(rx, workspace, id).await? {
        let author = comment.author_id.and_then(|author| names.people.get(&author).cloned());
        let told = PortableComment { author, body: comment.body, created_at: Some(comment.created_at) };
        comments.entry(comment.task_id).or_default().push(told);
    }
    let schedules = store::schedules(rx, workspace, id).await?;
    let mut schedules: HashMap<TaskId, TaskSchedule> = schedules.into_iter().map(|it| (it.task_id, it)).collect();
    let mut attachments: HashMap<TaskId, Vec<_>> = HashMap::new();
    for attachment in store::attachments(rx, workspace, id).await? {
        attachments.entry(attachment.task_id).or_default().push(attachment);
    }
    let mut tasks = Vec::with_capacity(rows.len());
    for task in rows {
        let (said, planned) = (comments.remove(&task.id).unwrap_or_default(), schedules.remove(&task.id));
        let held = attachments.remove(&task.id).unwrap_or_default();
        let mut task = names.task(task, &keys, said)?;
        task.schedule = planned.map(schedule).transpose()?.filter(|it| *it != PortableSchedule::default());
        for attachment in held {
            task.attachments.push(PortableAttachment {
                name: attachment.name,
                size: u64::try_from(attachment.size).unwrap_or_default(),
                sha256: attachment.sha256,
                file: None,
                id: Some(attachment.id),
            });
        }
        tasks.push(task);
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
    let document = Portable {
        left_out,
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
        ..Portable::of(PortableProject {
            key: project.key.clone(),
            name: project.name.clone(),
            description: project.description.clone(),
            status: project.status,
            owner: names.people.get(&project.owner_id).cloned(),
            start_at: project.start_at,
            due_at: project.due_at,
            health: project.health,
            health_note: project.health_note.clone(),
            is_template: project.is_template,
        })
    };
    export_setup::add(rx, cx, may, document, fields, &keys, &names).await
}

fn schedule(schedule: TaskSchedule) -> Result<PortableSchedule> {
    Ok(PortableSchedule {
        constraint: schedule.constraint_type,
        constraint_at: schedule.constraint_at,
        duration: schedule.duration,
        progress: schedule.progress,
        actual_start: schedule.actual_start,
        actual_finish: schedule.actual_finish,
        calendar: schedule.working_time.map(|calendar| calendar.read()).transpose()?,
    })
}

/// The number in a key.
pub(super) fn number(key: &str) -> i64 {
    key.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
}

/// What things are called in the document.
pub(super) struct Names {
    people: HashMap<UserId, String>,
    sprints: HashMap<SprintId, String>,
    milestones: HashMap<MilestoneId, String>,
    /// The fields that hold people.
    user_fields: HashSet<String>,
    /// Whether what is sensitive is told.
    sensitive: bool,
}

impl Names {
    fn task(&self, task: Task, keys: &HashMap<TaskId, String>, comments: Vec<PortableComment>) -> Result<PortableTask> {
        // Who is no member any more has no address here, and could be given to nobody there.
        let people = |ids: Vec<UserId>| ids.iter().filter_map(|id| self.people.get(id).cloned()).collect();
        let mut custom = task.custom.read()?;
        if self.sensitive {
            custom.extend(task.hidden.read()?);
        }
        self.custom(&mut custom);
        Ok(PortableTask {
            labels: task.labels.read()?,
            assignees: people(task.assignees.read()?),
            watchers: people(task.watchers.read()?),
            parent: task.parent_id.and_then(|parent| keys.get(&parent).cloned()),
            sprint: task.sprint_id.and_then(|sprint| self.sprints.get(&sprint).cloned()),
            milestone: task.milestone_id.and_then(|it| self.milestones.get(&it).cloned()),
            custom,
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
            ..PortableTask::default()
        })
    }

    /// The address of a member.
    pub(super) fn address(&self, user: UserId) -> Option<&String> {
        self.people.get(&user)
    }

    /// Puts addresses for the ids of people. Who is no member any more goes.
    fn custom(&self, custom: &mut Map<String, Value>) {
        custom.retain(|key, value| {
            let user = value.as_str().and_then(|user| user.parse::<UserId>().ok());
            match user.filter(|_| self.user_fields.contains(key)) {
                Some(user) => match self.people.get(&user) {
                    Some(address) => {
                        *value = address.clone().into();
                        true
                    }
                    None => false,
                },
                None => true,
            }
        });
    }

    /// The same in what a template makes, and in what that consists of.
    pub(super) fn body(&self, body: &mut Value) {
        if let Some(assignees) = body["assignees"].as_array_mut() {
            assignees.retain_mut(|assignee| {
                let Some(user) = assignee.as_str().and_then(|user| user.parse::<UserId>().ok()) else { return true };
                let address = self.people.get(&user).cloned();
                *assignee = address.clone().unwrap_or_default().into();
                address.is_some()
            });
        }
        if let Some(custom) = body["custom"].as_object_mut() {
            self.custom(custom);
        }
        for part in body["subtasks"].as_array_mut().into_iter().flatten() {
            self.body(part);
        }
    }
}
