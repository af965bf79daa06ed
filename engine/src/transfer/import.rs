//! Making what a document says, all of it in one transaction.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::bundle::Files;
use super::formats::plain_word;
use super::model::{
    FORMAT, MAX_COMMENTS, MAX_OTHERS, MAX_PROBLEMS, MAX_TASKS, Made, OLDEST_VERSION, Report, Trouble, VERSION,
};
use super::people::{People, Values};
use super::portable::{Portable, PortableTask};
use crate::access::permissions::{MilestoneEdit, ProjectCreate, SprintEdit, TaskComment, TaskCreate, TaskEdit};
use crate::comments::{self, NewComment};
use crate::cx::Cx;
use crate::db::{Db, Tx};
use crate::handle::Handle;
use crate::ids::{MilestoneId, ProjectId, SprintId, TaskId};
use crate::links::{self, NewLink};
use crate::milestones::{self, MilestonePatch, MilestoneStatus, NewMilestone};
use crate::patch::Patch;
use crate::planning::{self, NewDependency};
use crate::projects::{self, NewProject, Project};
use crate::recurrences::MAX_RECURRENCES;
use crate::recurrences::service::Soon;
use crate::sprints::{self, CloseSprint, NewSprint, SprintState};
use crate::tasks::{self, NewTask, TaskPatch, TaskStatus};
use crate::workflow::{Flow, usual_category};
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

/// Imports a document. A report with problems is of an import that was not done.
pub async fn import(db: &Db, cx: &Cx, target: Target, document: Portable, dry_run: bool) -> Result<Report> {
    import_with(db, cx, target, document, Arc::default(), dry_run).await
}

/// The same with files that have arrived.
pub(super) async fn import_with(
    db: &Db,
    cx: &Cx,
    target: Target,
    document: Portable,
    files: Arc<Files>,
    dry_run: bool,
) -> Result<Report> {
    check(&document)?;
    let told = Arc::new(Mutex::new(None));
    // What happened elsewhere, and long ago perhaps, is no news.
    let (cx, slot) = (cx.clone().quietly(), told.clone());
    let soon = match target {
        Target::New { .. } => search(&cx, &document).await?,
        Target::Into(_) => Vec::new(),
    };
    let write = async move |tx: &mut Tx| {
        let mut report = make(tx, &cx, &target, &document, &files, &soon).await?;
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

/// When each recurring task is due next, or what is wrong with it, as far as a project takes them.
async fn search(cx: &Cx, document: &Portable) -> Result<Vec<Found>> {
    let most = usize::try_from(MAX_RECURRENCES).unwrap_or(usize::MAX);
    let mut found = Vec::with_capacity(document.recurrences.len().min(most));
    let begun = Instant::now();
    for (at, it) in document.recurrences.iter().take(most).enumerate() {
        if begun.elapsed() > SEARCH {
            let message =
                format!("the calendars before this one took {} s to search; import fewer of them", SEARCH.as_secs());
            found.push(Err(Trouble { line: None, field: Some(format!("recurrences/{at}/rrule")), message }));
            continue;
        }
        found.push(match Soon::at(&it.rrule, &it.dtstart, &it.tz, &it.exdates, cx.now()).await {
            Ok(soon) => Ok(soon),
            Err(error) => Err(trouble_at(&format!("recurrences/{at}"), error)?),
        });
    }
    Ok(found)
}

/// How long the calendars of one document are searched. Few imports run at a time, and the others wait.
const SEARCH: Duration = Duration::from_secs(5);

/// A recurring task's next time, or why it has none.
pub(super) type Found = std::result::Result<Soon, Trouble>;

/// What a report says of an error that is the document's, with the thing at `place` in it; any other is given back.
fn trouble_at(place: &str, error: Error) -> Result<Trouble> {
    let named = error.fields.first().map(|wrong| (format!("{place}{}", wrong.pointer), wrong.message.clone()));
    let (field, message) = named.unwrap_or_else(|| (place.to_owned(), error.detail.clone()));
    trouble(None, field, message, error)
}

fn trouble(line: Option<usize>, field: String, message: String, error: Error) -> Result<Trouble> {
    if !matches!(error.class, Class::Invalid | Class::Conflict | Class::NotFound | Class::TooLarge) {
        return Err(error);
    }
    Ok(Trouble { line, field: (!field.is_empty()).then_some(field), message })
}

/// Refuses a document that is of another kind or larger than an import takes.
pub(super) fn check(document: &Portable) -> Result<()> {
    if document.format != FORMAT || !(OLDEST_VERSION..=VERSION).contains(&document.version) {
        let shown: String = document.format.chars().take(64).collect();
        let message = format!(
            "is `{shown}` version {}; this program reads {FORMAT} versions {OLDEST_VERSION} to {VERSION}",
            document.version
        );
        return Err(Error::field("/data/format", message));
    }
    let comments: usize = document.tasks.iter().map(|task| task.comments.len()).sum();
    if document.tasks.len() > MAX_TASKS || comments > MAX_COMMENTS {
        let detail = format!("an import takes at most {MAX_TASKS} tasks and {MAX_COMMENTS} comments; split it");
        return Err(Error::too_large("import_too_large", detail));
    }
    // While it is made, all other writes of a SQLite database wait.
    for (what, count, most) in [
        ("baselines", document.baselines.len(), MAX_OTHERS),
        ("costs", document.costs.len(), MAX_COMMENTS),
        ("dependencies", document.dependencies.len(), 2 * MAX_TASKS),
        ("links", document.links.len(), 2 * MAX_TASKS),
        ("members", document.members.len(), MAX_OTHERS),
        ("milestones", document.milestones.len(), MAX_OTHERS),
        ("recurrences", document.recurrences.len(), MAX_OTHERS),
        ("sprints", document.sprints.len(), MAX_OTHERS),
        ("task_templates", document.task_templates.len(), MAX_OTHERS),
    ] {
        if count > most {
            let detail = format!("an import takes at most {most} {what}, and this one has {count}; split it");
            return Err(Error::too_large("import_too_large", detail));
        }
    }
    Ok(())
}

/// What ends an import that has as many problems as it tells.
const FULL: &str = "import_full_of_problems";

/// What is known while a document is imported.
pub(super) struct Work<'a> {
    pub cx: &'a Cx,
    pub project: Project,
    /// Whether the project is new, so that it gets what the document says of the project itself.
    pub fresh: bool,
    pub report: Report,
    pub people: People,
    pub values: Values,
    sprints: HashMap<&'a str, SprintId>,
    milestones: HashMap<&'a str, MilestoneId>,
    pub tasks: HashMap<&'a str, TaskId>,
    /// When the recurring tasks are due next, in their order.
    pub soon: &'a [Found],
}

async fn make(
    tx: &mut Tx,
    cx: &Cx,
    target: &Target,
    document: &Portable,
    files: &Files,
    soon: &[Found],
) -> Result<Report> {
    let mut people = People::of(tx, cx.actor.workspace, document).await?;
    let (project, fresh) = match target {
        Target::Into(handle) => (projects::service::find(tx, cx.actor.workspace, handle).await?, false),
        Target::New { key, name } => {
            let new = NewProject {
                key: key.clone().unwrap_or_else(|| document.project.key.clone()),
                name: name.clone().unwrap_or_else(|| document.project.name.clone()),
                description: document.project.description.clone(),
                // What is archived takes no tasks: it is put away at the end.
                status: None,
                owner: document.project.owner.as_ref().and_then(|owner| people.known(owner)),
                start_at: document.project.start_at,
                due_at: document.project.due_at,
                is_template: document.project.is_template,
                template: None,
            };
            let made = projects::service::create(tx, cx, &cx.actor.may_here::<ProjectCreate>()?, new).await;
            (made.map_err(|error| if error.fields.is_empty() { error } else { error.under("/create") })?, true)
        }
    };
    cx.actor.may::<TaskCreate, _>(project.clone())?;
    let mut work = Work {
        cx,
        fresh,
        report: Report { project: Some(project.id), project_key: project.key.clone(), ..Report::default() },
        people,
        values: Values::default(),
        project,
        sprints: HashMap::new(),
        milestones: HashMap::new(),
        tasks: HashMap::new(),
        soon,
    };
    match work.fill(tx, document, files).await {
        Err(error) if error.code == FULL => {
            work.report.notes.push(format!("there may be more than these {MAX_PROBLEMS} problems"));
        }
        other => other?,
    }
    work.people.tell(&mut work.report.notes);
    work.values.tell(&mut work.report.notes);
    if document.tasks.iter().any(|task| !task.comments.is_empty()) {
        work.report.notes.push("comments are written in your name".to_owned());
    }
    Ok(work.report)
}

impl<'a> Work<'a> {
    /// Everything that is in the document, in the order in which each finds what it needs.
    async fn fill(&mut self, tx: &mut Tx, document: &'a Portable, files: &Files) -> Result<()> {
        self.prepare(tx, document).await?;
        self.sprints(tx, document).await?;
        self.milestones(tx, document).await?;
        self.tasks(tx, document).await?;
        if self.report.problems.is_empty() {
            self.fields(tx, document).await?;
            self.schedules(tx, document).await?;
            self.ties(tx, document).await?;
            self.files(tx, document, files).await?;
            self.settle(tx, document).await?;
            self.finish(tx, document).await?;
            self.project(tx, document).await?;
        }
        Ok(())
    }

    /// Keeps a problem; at the last of [`MAX_PROBLEMS`] the import looks no further.
    pub(super) fn keep(&mut self, trouble: Trouble) -> Result<()> {
        self.report.problems.push(trouble);
        if self.report.problems.len() < MAX_PROBLEMS {
            return Ok(());
        }
        Err(Error::conflict(FULL, "there are too many problems to go on"))
    }

    /// Notes what is wrong with one thing, if that is the document's fault; anything else ends the import.
    pub(super) fn note(&mut self, line: Option<usize>, field: &str, error: Error) -> Result<()> {
        let named =
            error.fields.first().map(|wrong| (wrong.pointer.trim_start_matches('/').to_owned(), wrong.message.clone()));
        let (field, message) = named.unwrap_or_else(|| (field.to_owned(), error.detail.clone()));
        self.keep(trouble(line, field, message, error)?)
    }

    /// The same of something that stands at `place` in the document.
    pub(super) fn note_at(&mut self, place: &str, error: Error) -> Result<()> {
        self.keep(trouble_at(place, error)?)
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
                    self.values.keep_hidden(made.id, task, &mut self.people);
                }
                Err(error) => self.note(Some(task.line), "", error)?,
            }
        }
        self.parents(tx, later).await
    }

    /// How the task stands, in the project's own words: the status that is called as the other program calls it, or the one
    /// that is meant, or the first that means the same.
    fn status(&self, task: &PortableTask) -> Result<Option<TaskStatus>> {
        let (Some(standing), Some(meant)) = (&task.standing, task.status) else { return Ok(task.status) };
        let flow = Flow::of(&self.project)?;
        let own = flow.own_statuses();
        let called = own.iter().find(|own| own.key.as_str() == standing || plain_word(&own.name) == *standing);
        let known = || own.iter().find(|own| own.key == meant);
        let alike = || own.iter().find(|own| meant.is_usual() && own.category == usual_category(meant));
        Ok(called.or_else(known).or_else(alike).map_or(Some(meant), |own| Some(own.key)))
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
            status: self.status(task)?,
            priority: task.priority,
            labels: task.labels.clone(),
            assignees: self.people.all_known(&task.assignees),
            watchers: self.people.all_known(&task.watchers),
            parent,
            sprint,
            milestone,
            start_at: task.start_at,
            due_at: task.due_at,
            estimate: task.estimate,
            points: task.points,
            custom: self.values.open(&task.custom, &mut self.people),
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

    pub(super) fn task(&self, key: &str) -> Result<Handle<TaskId>> {
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

pub(super) fn short(text: &str) -> String {
    text.chars().filter(|letter| *letter != '\0').take(64).collect()
}
