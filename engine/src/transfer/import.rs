//! Making what a document says, all of it in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::model::{
    FORMAT, MAX_COMMENTS, MAX_PROBLEMS, MAX_TASKS, Made, Portable, PortableTask, Report, Trouble, VERSION,
};
use crate::access::permissions::{MilestoneEdit, ProjectCreate, SprintEdit, TaskComment, TaskCreate, TaskEdit};
use crate::comments::{self, NewComment};
use crate::cx::Cx;
use crate::db::{Db, Tx};
use crate::handle::Handle;
use crate::ids::{MilestoneId, ProjectId, SprintId, TaskId, UserId};
use crate::links::{self, NewLink};
use crate::milestones::{self, MilestonePatch, MilestoneStatus, NewMilestone};
use crate::patch::Patch;
use crate::planning::{self, NewDependency};
use crate::projects::{self, NewProject, Project, members};
use crate::sprints::{self, CloseSprint, NewSprint, SprintState};
use crate::tasks::{self, NewTask, TaskPatch};
use crate::{Class, Error, Result};

/// How many of the made tasks a report names.
const NAMED: usize = 1_000;
/// The code of the error that undoes a dry run, and an import with problems.
const UNDONE: &str = "import_undone";

/// Where a document goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// Into this project.
    Into(Handle<ProjectId>),
    /// Into a new project; what is left out is as the document says.
    New {
        /// Its key.
        key: Option<String>,
        /// Its name.
        name: Option<String>,
    },
}

/// Imports into a project that is there. A report with problems is of an import that was not done.
pub async fn import(db: &Db, cx: &Cx, project: Handle<ProjectId>, document: Portable, dry_run: bool) -> Result<Report> {
    run(db, cx, Target::Into(project), document, dry_run).await
}

/// Imports into a new project.
pub async fn import_new(
    db: &Db,
    cx: &Cx,
    key: Option<String>,
    name: Option<String>,
    document: Portable,
    dry_run: bool,
) -> Result<Report> {
    run(db, cx, Target::New { key, name }, document, dry_run).await
}

async fn run(db: &Db, cx: &Cx, target: Target, document: Portable, dry_run: bool) -> Result<Report> {
    check(&document)?;
    let told = Arc::new(Mutex::new(None));
    let (cx, slot) = (cx.clone(), told.clone());
    let write = async move |tx: &mut Tx| {
        let mut report = make(tx, &cx, &target, &document).await?;
        report.dry_run = dry_run;
        let undo = dry_run || !report.problems.is_empty();
        if undo && matches!(target, Target::New { .. }) {
            report.project = None;
        }
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
        // The transaction has shown what it would do; now it must not.
        if undo { Err(Error::conflict(UNDONE, "this was only tried")) } else { Ok(()) }
    };
    match db.write(write).await {
        Err(error) if error.code != UNDONE => Err(error),
        _ => {
            let report = told.lock().unwrap_or_else(PoisonError::into_inner).take();
            report.ok_or_else(|| Error::internal("an import left no report"))
        }
    }
}

fn check(document: &Portable) -> Result<()> {
    if document.format != FORMAT || document.version != VERSION {
        let shown: String = document.format.chars().take(64).collect();
        let message =
            format!("is `{shown}` version {}; this program reads {FORMAT} version {VERSION}", document.version);
        return Err(Error::field("/data/format", message));
    }
    let comments: usize = document.tasks.iter().map(|task| task.comments.len()).sum();
    if document.tasks.len() > MAX_TASKS || comments > MAX_COMMENTS {
        let detail = format!("an import takes at most {MAX_TASKS} tasks and {MAX_COMMENTS} comments; split it");
        return Err(Error::too_large("import_too_large", detail));
    }
    Ok(())
}

/// What is known while a document is imported.
struct Work<'a> {
    cx: &'a Cx,
    project: Project,
    report: Report,
    people: HashMap<String, UserId>,
    strangers: BTreeMap<String, usize>,
    sprints: HashMap<&'a str, SprintId>,
    milestones: HashMap<&'a str, MilestoneId>,
    tasks: HashMap<&'a str, TaskId>,
}

async fn make(tx: &mut Tx, cx: &Cx, target: &Target, document: &Portable) -> Result<Report> {
    let project = match target {
        Target::Into(handle) => projects::service::find(tx, cx.actor.workspace, handle).await?,
        Target::New { key, name } => {
            let new = NewProject {
                key: key.clone().unwrap_or_else(|| document.project.key.clone()),
                name: name.clone().unwrap_or_else(|| document.project.name.clone()),
                description: document.project.description.clone(),
                // What is archived takes no tasks: it is put away at the end.
                status: None,
                owner: None,
                start_at: None,
                due_at: None,
                is_template: false,
                template: None,
            };
            let made = projects::service::create(tx, cx, &cx.actor.may_here::<ProjectCreate>()?, new).await;
            made.map_err(|error| if error.fields.is_empty() { error } else { error.under("/create") })?
        }
    };
    cx.actor.may::<TaskCreate, _>(project.clone())?;
    let mut work = Work {
        cx,
        report: Report { project: Some(project.id), project_key: project.key.clone(), ..Report::default() },
        people: people(tx, &project, document).await?,
        project,
        strangers: BTreeMap::new(),
        sprints: HashMap::new(),
        milestones: HashMap::new(),
        tasks: HashMap::new(),
    };
    work.sprints(tx, document).await?;
    work.milestones(tx, document).await?;
    work.tasks(tx, document).await?;
    if work.report.problems.is_empty() {
        work.ties(tx, document).await?;
        work.finish(tx, document).await?;
        if matches!(target, Target::New { .. }) && document.project.status != work.project.status {
            let status = Patch::Value(document.project.status);
            let patch = projects::ProjectPatch { status, ..projects::ProjectPatch::default() };
            projects::service::update(tx, cx, &cx.actor.may(work.project.clone())?, None, patch).await?;
        }
    }
    for (address, count) in &work.strangers {
        let note = format!("nobody here has the address or name `{address}`: left off {count} tasks");
        work.report.notes.push(note);
    }
    if document.tasks.iter().any(|task| !task.comments.is_empty()) {
        work.report.notes.push("comments are written in your name".to_owned());
    }
    Ok(work.report)
}

/// Who of the people in the document is here, by their addresses.
async fn people(tx: &mut Tx, project: &Project, document: &Portable) -> Result<HashMap<String, UserId>> {
    let named = document.tasks.iter().flat_map(|task| task.assignees.iter().chain(&task.watchers));
    let addresses: BTreeSet<String> =
        named.map(|address| address.to_lowercase()).filter(|it| !it.contains('\0')).collect();
    let addresses: Vec<String> = addresses.into_iter().collect();
    let found = members::by_email(tx, project.workspace_id, &addresses).await?;
    Ok(found.into_iter().map(|(user, address)| (address, user)).collect())
}

impl<'a> Work<'a> {
    /// Notes what is wrong with one thing, if that is the document's fault; anything else ends the import.
    fn note(&mut self, line: Option<usize>, field: &str, error: Error) -> Result<()> {
        if !matches!(error.class, Class::Invalid | Class::Conflict | Class::NotFound) {
            return Err(error);
        }
        let named =
            error.fields.first().map(|wrong| (wrong.pointer.trim_start_matches('/').to_owned(), wrong.message.clone()));
        let (field, message) = named.unwrap_or_else(|| (field.to_owned(), error.detail.clone()));
        self.report.problems.push(Trouble { line, field: (!field.is_empty()).then_some(field), message });
        Ok(())
    }

    async fn sprints(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        for sprint in &document.sprints {
            let may = self.cx.actor.may::<SprintEdit, _>(self.project.clone())?;
            let (starts_at, ends_at) = (sprint.starts_at, sprint.ends_at);
            let new = NewSprint { name: sprint.name.clone(), goal: sprint.goal.clone(), starts_at, ends_at };
            match sprints::service::create(tx, self.cx, &may, new).await {
                Ok(made) => drop(self.sprints.insert(&sprint.reference, made.id)),
                Err(error) => self.note(None, "sprints", error)?,
            }
            self.report.sprints += 1;
        }
        Ok(())
    }

    async fn milestones(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        for milestone in &document.milestones {
            let may = self.cx.actor.may::<MilestoneEdit, _>(self.project.clone())?;
            let (name, description) = (milestone.name.clone(), milestone.description.clone());
            let new = NewMilestone { name, description, due_at: milestone.due_at };
            match milestones::service::create(tx, self.cx, &may, new).await {
                Ok(made) => drop(self.milestones.insert(&milestone.reference, made.id)),
                Err(error) => self.note(None, "milestones", error)?,
            }
            self.report.milestones += 1;
        }
        Ok(())
    }

    async fn tasks(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        let may = self.cx.actor.may::<TaskCreate, _>(self.project.clone())?;
        let mut order: Vec<&PortableTask> = document.tasks.iter().collect();
        // By number, so that each still finds its own free.
        order.sort_by_key(|task| number(&task.key).unwrap_or(i64::MAX));
        let mut later = Vec::new();
        for task in order {
            if self.report.problems.len() >= MAX_PROBLEMS {
                self.report.notes.push(format!("there may be more than these {MAX_PROBLEMS} problems"));
                return Ok(());
            }
            if !task.key.is_empty() && self.tasks.contains_key(task.key.as_str()) {
                self.note(
                    Some(task.line),
                    "key",
                    Error::field("/key", format!("`{}` stands there twice", short(&task.key))),
                )?;
                continue;
            }
            if let Some(number) = number(&task.key) {
                projects::service::skip_to(tx, &self.project, number).await?;
            }
            let new = match self.new_task(task) {
                Ok(new) => new,
                Err(error) => {
                    self.note(Some(task.line), "", error)?;
                    continue;
                }
            };
            match tasks::service::create(tx, self.cx, &may, new).await {
                Ok(made) => {
                    if !task.key.is_empty() {
                        self.tasks.insert(&task.key, made.id);
                    }
                    // A parent that is made later is given then.
                    if let Some(parent) = task.parent.as_deref().filter(|_| made.parent_id.is_none()) {
                        later.push((task, made.id, parent));
                    }
                    self.report.tasks += 1;
                    if self.report.made.len() < NAMED {
                        let (line, from) = (task.line, task.key.clone());
                        self.report.made.push(Made { line, from, key: made.key, title: made.title });
                    }
                    self.comments(tx, task, made.id).await?;
                }
                Err(error) => self.note(Some(task.line), "", error)?,
            }
        }
        self.parents(tx, later).await
    }

    /// The task as it is asked for, below its parent if that has been made.
    fn new_task(&mut self, task: &PortableTask) -> Result<NewTask> {
        let parent = task.parent.as_deref().and_then(|parent| self.tasks.get(parent)).map(|id| Handle::Id(*id));
        let sprint = self.reference("sprint", task.sprint.as_deref(), |work, name| work.sprints.get(name).copied())?;
        let milestone =
            self.reference("milestone", task.milestone.as_deref(), |work, name| work.milestones.get(name).copied())?;
        Ok(NewTask {
            title: task.title.clone(),
            description: task.description.clone(),
            kind: task.kind,
            status: task.status,
            priority: task.priority,
            labels: task.labels.clone(),
            assignees: self.known(&task.assignees),
            watchers: self.known(&task.watchers),
            parent,
            sprint,
            milestone,
            start_at: task.start_at,
            due_at: task.due_at,
            estimate: task.estimate,
            points: task.points,
            custom: task.custom.clone(),
        })
    }

    fn reference<T>(
        &self,
        what: &'static str,
        name: Option<&str>,
        find: impl Fn(&Self, &str) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(name) = name else { return Ok(None) };
        let missing =
            || Error::field(format!("/{what}"), format!("there is no {what} `{}` in the document", short(name)));
        find(self, name).map(Some).ok_or_else(missing)
    }

    fn known(&mut self, addresses: &[String]) -> Vec<UserId> {
        let mut known = Vec::new();
        for address in addresses {
            match self.people.get(&address.to_lowercase()) {
                Some(user) => known.push(*user),
                None => *self.strangers.entry(short(address)).or_default() += 1,
            }
        }
        known
    }

    async fn comments(&mut self, tx: &mut Tx, task: &PortableTask, id: TaskId) -> Result<()> {
        for comment in &task.comments {
            let may = self.cx.actor.may::<TaskComment, _>(self.project.clone())?;
            let new = NewComment { body: comment.body.clone() };
            match comments::service::comment(tx, self.cx, &may, &Handle::Id(id), new).await {
                Ok(_) => self.report.comments += 1,
                Err(error) => self.note(Some(task.line), "comments", error)?,
            }
        }
        Ok(())
    }

    /// Puts tasks below those that were made after them.
    async fn parents(&mut self, tx: &mut Tx, later: Vec<(&PortableTask, TaskId, &str)>) -> Result<()> {
        for (task, child, parent) in later {
            let Some(parent_id) = self.tasks.get(parent).copied() else {
                let error = Error::field("/parent", format!("there is no task `{}` in the document", short(parent)));
                self.note(Some(task.line), "parent", error)?;
                continue;
            };
            let may = self.cx.actor.may::<TaskEdit, _>(self.project.clone())?;
            let patch = TaskPatch { parent: Patch::Value(Handle::Id(parent_id)), ..TaskPatch::default() };
            if let Err(error) = tasks::service::update(tx, self.cx, &may, &Handle::Id(child), None, patch).await {
                self.note(Some(task.line), "parent", error)?;
            }
        }
        Ok(())
    }

    /// Dependencies and links.
    async fn ties(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        for it in &document.dependencies {
            let may = self.cx.actor.may::<TaskEdit, _>(self.project.clone())?;
            let done = match (self.task(&it.task), self.task(&it.predecessor)) {
                (Ok(task), Ok(predecessor)) => {
                    let new = NewDependency { predecessor, kind: it.kind, lag: it.lag };
                    planning::service::depend(tx, self.cx, &may, &task, new).await.map(drop)
                }
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
            match done {
                Ok(()) => self.report.dependencies += 1,
                Err(error) => self.note(None, "dependencies", error)?,
            }
        }
        for it in &document.links {
            let may = self.cx.actor.may::<TaskEdit, _>(self.project.clone())?;
            let done = match (self.task(&it.task), self.task(&it.other)) {
                (Ok(task), Ok(other)) => {
                    let new = NewLink { other, kind: it.kind };
                    links::service::link(tx, self.cx, &may, &task, new).await.map(drop)
                }
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
            match done {
                Ok(()) => self.report.links += 1,
                Err(error) => self.note(None, "links", error)?,
            }
        }
        Ok(())
    }

    fn task(&self, key: &str) -> Result<Handle<TaskId>> {
        let missing = || Error::invalid("unknown_task", format!("there is no task `{}` in the document", short(key)));
        self.tasks.get(key).copied().map(Handle::Id).ok_or_else(missing)
    }

    /// Starts and closes sprints and completes milestones, now that their tasks are there.
    async fn finish(&mut self, tx: &mut Tx, document: &'a Portable) -> Result<()> {
        // Those that are over first: one can be active at a time.
        let over = |state: SprintState| document.sprints.iter().filter(move |sprint| sprint.state == state);
        for sprint in over(SprintState::Closed).chain(over(SprintState::Active)) {
            let Some(id) = self.sprints.get(sprint.reference.as_str()).copied() else { continue };
            let may = self.cx.actor.may::<SprintEdit, _>(self.project.clone())?;
            let mut done = sprints::service::start(tx, self.cx, &may, id, None).await.map(drop);
            if done.is_ok() && sprint.state == SprintState::Closed {
                done = sprints::service::close(tx, self.cx, &may, id, None, CloseSprint::default()).await.map(drop);
            }
            if let Err(error) = done {
                self.note(None, "sprints", error)?;
            }
        }
        for milestone in document.milestones.iter().filter(|it| it.status == MilestoneStatus::Completed) {
            let Some(id) = self.milestones.get(milestone.reference.as_str()).copied() else { continue };
            let may = self.cx.actor.may::<MilestoneEdit, _>(self.project.clone())?;
            let status = Patch::Value(MilestoneStatus::Completed);
            let patch = MilestonePatch { status, ..MilestonePatch::default() };
            milestones::service::update(tx, self.cx, &may, id, None, patch).await?;
        }
        Ok(())
    }
}

/// The number that a key wants to keep.
fn number(key: &str) -> Option<i64> {
    let (head, number) = key.rsplit_once('-').unwrap_or(("", key));
    let good = head.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !number.starts_with('0');
    number.parse().ok().filter(|number| good && (1..1_000_000_000).contains(number))
}

fn short(text: &str) -> String {
    text.chars().filter(|letter| *letter != '\0').take(64).collect()
}
