//! The public verbs of recurrences. The permission is asked for on the project, which [`project_of`] finds; whoever sets
//! one up must also be allowed to make tasks there, since it makes them in their name.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use trackside_rules::recurrence::Recurrence as Times;

use super::events::{RecurrenceCreated, RecurrenceDeleted, RecurrencePaused, RecurrenceResumed, RecurrenceUpdated};
use super::model::{MAX_NAME, MAX_RECURRENCES, NewRecurrence, Recurrence, RecurrencePatch, SHORTEST_MINUTES, Source};
use super::pattern::Pattern;
use super::store;
use crate::access::permissions::{Granted, RecurrenceEdit, RecurrenceView, TaskCreate};
use crate::checks;
use crate::cx::Cx;
use crate::db::{Rx, Signal, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{RecurrenceId, TaskTemplateId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::patch::Patch;
use crate::projects::{self, Project, ProjectRef};
use crate::raw::Raw;
use crate::task_templates::service::{find_in, read_body};
use crate::{Class, Error, Result};

/// What every recurrence fills in by itself.
pub(super) const GIVEN: [&str; 2] = ["date", "number"];
/// How many times are looked at to see whether they lie far enough apart.
const LOOKED_AT: usize = 12;

/// The project of this recurrence; what a permission on it is asked for.
pub async fn project_of(rx: &mut Rx, workspace: WorkspaceId, id: RecurrenceId) -> Result<Project> {
    let found = store::find(rx, workspace, id).await?.ok_or_else(|| unknown(id))?;
    projects::service::find(rx, workspace, &Handle::Id(found.project_id)).await
}

/// A recurrence.
pub async fn get(rx: &mut Rx, may: &Granted<RecurrenceView, Project>, id: RecurrenceId) -> Result<Recurrence> {
    let project = may.resource();
    let found = store::find(rx, project.workspace_id, id).await?;
    found.filter(|recurrence| recurrence.project_id == project.id).ok_or_else(|| unknown(id))
}

/// The recurrences of a project, oldest first.
pub async fn list(rx: &mut Rx, may: &Granted<RecurrenceView, Project>, page: &PageRequest) -> Result<Page<Recurrence>> {
    let (project, limit) = (may.resource(), page.limit()?);
    let rows = store::list(rx, project.workspace_id, project.id, page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last: &Recurrence| Cursor::of_id(last.id)))
}

/// When a recurrence is due next. The calendar is searched for it before the write that keeps it, since every other one
/// waits for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Soon {
    rrule: String,
    dtstart: String,
    tz: String,
    exdates: Vec<String>,
    next_at: DateTime<Utc>,
}

impl Soon {
    /// Searches for a new recurrence.
    ///
    /// # Errors
    /// As [`Soon::at`].
    pub async fn of(new: &NewRecurrence, now: DateTime<Utc>) -> Result<Self> {
        Self::at(&new.rrule, &new.dtstart, &new.tz, &new.exdates, now).await
    }

    /// The same for a recurrence with a change, as it is now.
    ///
    /// # Errors
    /// As [`Soon::at`], and `recurrence_not_found`.
    pub async fn of_patch(known: &Recurrence, patch: &RecurrencePatch, now: DateTime<Utc>) -> Result<Self> {
        let rrule = patch.rrule.clone().required("/rrule")?.unwrap_or_else(|| known.rrule.clone());
        let dtstart = patch.dtstart.clone().required("/dtstart")?.unwrap_or_else(|| known.dtstart.clone());
        let tz = patch.tz.clone().required("/tz")?.unwrap_or_else(|| known.tz.clone());
        let exdates = match patch.exdates.clone().or_default() {
            Some(exdates) => exdates,
            None => known.exdates.read()?,
        };
        Self::at(&rrule, &dtstart, &tz, &exdates, now).await
    }

    /// Searches for a rule with its first time, its time zone and the times left out.
    ///
    /// # Errors
    /// `invalid_fields` for what is no recurrence, never is, or is too often.
    pub async fn at(rrule: &str, dtstart: &str, tz: &str, exdates: &[String], now: DateTime<Utc>) -> Result<Self> {
        let (rrule, dtstart, tz, exdates) = (rrule.to_owned(), dtstart.to_owned(), tz.to_owned(), exdates.to_vec());
        let search = move || {
            let next_at = next(&rrule, &dtstart, &tz, &exdates, now)?;
            Ok(Self { rrule, dtstart, tz, exdates, next_at })
        };
        let died = |error| Error::internal("The search of a calendar panicked.").caused_by(error);
        tokio::task::spawn_blocking(search).await.map_err(died)?
    }

    /// When this recurrence is due next, if it is still the one that was searched for.
    fn next_of(&self, recurrence: &Recurrence) -> Result<DateTime<Utc>> {
        let same = self.rrule == recurrence.rrule
            && self.dtstart == recurrence.dtstart
            && self.tz == recurrence.tz
            && self.exdates == recurrence.exdates.read()?;
        if same {
            return Ok(self.next_at);
        }
        Err(Error::busy("recurrence_changed", "Somebody else changed this recurrence at the same moment. Try again."))
    }
}

/// That a project has as many recurring tasks as it may have.
pub(crate) fn too_many(project: &Project) -> Error {
    let detail = format!("{} has {MAX_RECURRENCES} recurring tasks, the most; delete one first", project.key);
    Error::conflict("too_many_recurrences", detail)
}

/// Sets a recurring task up, which is due next when `soon` says. Times that have passed are not made up for.
pub async fn create(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<RecurrenceEdit, Project>,
    new: NewRecurrence,
    soon: &Soon,
) -> Result<Recurrence> {
    let owner = owner(cx, may.resource())?;
    checks::name("/name", &new.name, MAX_NAME)?;
    let source = source(new.template, new.task)?;
    let project = projects::service::lock(tx, may.resource()).await?;
    projects::service::refuse_archived(&project)?;
    if store::count(tx, project.workspace_id, project.id).await? >= MAX_RECURRENCES {
        return Err(too_many(&project));
    }
    let now = cx.now();
    let mut recurrence = Recurrence {
        id: cx.new_id(),
        workspace_id: project.workspace_id,
        project_id: project.id,
        name: new.name,
        template_id: None,
        body: None,
        variables: Raw::of(&new.variables)?,
        rrule: new.rrule,
        dtstart: new.dtstart,
        tz: new.tz,
        exdates: Raw::of(&new.exdates)?,
        paused: new.paused,
        paused_because: None,
        next_at: None,
        last_at: None,
        made: 0,
        owner_id: owner,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    make_of(tx, &project, &mut recurrence, source).await?;
    recurrence.next_at = Some(soon.next_of(&recurrence)?).filter(|_| !recurrence.paused);
    store::insert(tx, &recurrence).await?;
    tx.wake(Signal::Schedules);
    emit(tx, cx, &RecurrenceCreated { recurrence: &recurrence, project: &ProjectRef::from(&project) }).await?;
    Ok(recurrence)
}

/// Changes a recurring task, which from then on is made in the actor's name and due next when `soon` says. `expected` is the version that the caller
/// saw; another one now is refused as stale.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<RecurrenceEdit, Project>,
    id: RecurrenceId,
    expected: Option<i64>,
    patch: RecurrencePatch,
    soon: &Soon,
) -> Result<Recurrence> {
    change(tx, cx, may, id, expected, patch, Some(soon)).await
}

async fn change(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<RecurrenceEdit, Project>,
    id: RecurrenceId,
    expected: Option<i64>,
    patch: RecurrencePatch,
    soon: Option<&Soon>,
) -> Result<Recurrence> {
    let project = may.resource();
    projects::service::refuse_archived(project)?;
    let mut recurrence = lock(tx, project, id, expected).await?;
    recurrence.owner_id = owner(cx, project)?;
    let before = recurrence.paused;
    let (template, body) = (patch.template.optional(), patch.task.optional());
    if let Some(name) = patch.name.required("/name")? {
        checks::name("/name", &name, MAX_NAME)?;
        recurrence.name = name;
    }
    if let Some(variables) = patch.variables.or_default() {
        recurrence.variables = Raw::of(&variables)?;
    }
    let source = match (template.flatten(), body.flatten()) {
        (None, None) => current(&recurrence)?,
        (template, body) => source(template, body)?,
    };
    make_of(tx, project, &mut recurrence, source).await?;
    recurrence.rrule = patch.rrule.required("/rrule")?.unwrap_or(recurrence.rrule);
    recurrence.dtstart = patch.dtstart.required("/dtstart")?.unwrap_or(recurrence.dtstart);
    recurrence.tz = patch.tz.required("/tz")?.unwrap_or(recurrence.tz);
    if let Some(exdates) = patch.exdates.or_default() {
        recurrence.exdates = Raw::of(&exdates)?;
    }
    recurrence.paused = patch.paused.required("/paused")?.unwrap_or(recurrence.paused);
    if !recurrence.paused {
        recurrence.paused_because = None;
    }
    recurrence.next_at = match soon {
        Some(soon) => Some(soon.next_of(&recurrence)?).filter(|_| !recurrence.paused),
        None if recurrence.paused => None,
        // A rule lets it go on: its times were searched when it was set up, so that the next is not far.
        None => {
            let exdates = recurrence.exdates.read()?;
            Some(next(&recurrence.rrule, &recurrence.dtstart, &recurrence.tz, &exdates, cx.now())?)
        }
    };
    recurrence.version += 1;
    recurrence.updated_at = cx.now();
    store::update(tx, &recurrence).await?;
    tx.wake(Signal::Schedules);
    let short = &ProjectRef::from(project);
    emit(tx, cx, &RecurrenceUpdated { recurrence: &recurrence, project: short }).await?;
    match (before, recurrence.paused) {
        (false, true) => emit(tx, cx, &RecurrencePaused { recurrence: &recurrence, project: short }).await.map(drop)?,
        (true, false) => {
            emit(tx, cx, &RecurrenceResumed { recurrence: &recurrence, project: short }).await.map(drop)?
        }
        _ => {}
    }
    Ok(recurrence)
}

/// Lets a recurring task rest, or go on.
pub async fn set_paused(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<RecurrenceEdit, Project>,
    id: RecurrenceId,
    paused: bool,
) -> Result<Recurrence> {
    let known = lock(tx, may.resource(), id, None).await?;
    if known.paused == paused {
        return Ok(known);
    }
    let patch = RecurrencePatch { paused: Patch::Value(paused), ..RecurrencePatch::default() };
    change(tx, cx, may, id, None, patch, None).await
}

/// Takes a recurring task down. What it made stays.
pub async fn delete(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<RecurrenceEdit, Project>,
    id: RecurrenceId,
    expected: Option<i64>,
) -> Result<()> {
    let recurrence = lock(tx, may.resource(), id, expected).await?;
    store::delete(tx, recurrence.workspace_id, id).await?;
    let project = &ProjectRef::from(may.resource());
    emit(tx, cx, &RecurrenceDeleted { recurrence: &recurrence, project }).await?;
    Ok(())
}

/// The times of a recurrence.
pub(super) fn times(recurrence: &Recurrence) -> Result<Times> {
    let exdates = recurrence.exdates.read()?;
    let Recurrence { rrule, dtstart, tz, .. } = recurrence;
    Pattern { rrule, dtstart, tz, rdates: &[], exdates: &exdates }.read()
}

/// Finds when it is due next: at `now` or later. One that never is, or too often, is refused.
fn next(rrule: &str, dtstart: &str, tz: &str, exdates: &[String], now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let times = Pattern { rrule, dtstart, tz, rdates: &[], exdates }.read()?;
    // A time that is just now has not passed.
    let from = now - TimeDelta::seconds(1);
    let soon: Vec<DateTime<Utc>> = times.after(from).take(LOOKED_AT).map(|time| time.to_utc()).collect();
    let Some(first) = soon.first().copied() else {
        return Err(Error::field("/rrule", "has no time from now on; change it, or `dtstart`"));
    };
    if soon.windows(2).any(|pair| pair[1] - pair[0] < TimeDelta::minutes(SHORTEST_MINUTES)) {
        return Err(Error::field("/rrule", format!("recurs more often than every {SHORTEST_MINUTES} minutes")));
    }
    Ok(first)
}

fn source(template: Option<TaskTemplateId>, task: Option<crate::task_templates::TaskBody>) -> Result<Source> {
    match (template, task) {
        (Some(template), None) => Ok(Source::Template(template)),
        (None, Some(task)) => Ok(Source::Task(Box::new(task))),
        (Some(_), Some(_)) => Err(Error::field("/task", "cannot stand beside `template`; leave one of them out")),
        (None, None) => Err(Error::field("/task", "is missing: give either `template` or `task`")),
    }
}

/// What it makes up to now.
fn current(recurrence: &Recurrence) -> Result<Source> {
    match (recurrence.template_id, &recurrence.body) {
        (Some(template), _) => Ok(Source::Template(template)),
        (None, Some(body)) => Ok(Source::Task(Box::new(body.read()?))),
        (None, None) => Err(Error::internal(format!("{} makes nothing", recurrence.id))),
    }
}

/// Sets what it makes, and checks that all its placeholders are filled.
async fn make_of(tx: &mut Tx, project: &Project, recurrence: &mut Recurrence, source: Source) -> Result<()> {
    let wanted: Vec<String> = match source {
        Source::Template(id) => {
            let found = find_in(tx, project, id).await.map_err(|error| match error.class {
                Class::NotFound => Error::field("/template", format!("there is no template {id} in {}", project.key)),
                _ => error,
            })?;
            (recurrence.template_id, recurrence.body) = (Some(id), None);
            found.variables.read()?
        }
        Source::Task(task) => {
            let (body, variables) = read_body(&task)?;
            crate::fields::service::refuse_sensitive(tx, project, &body.json()?).await?;
            (recurrence.template_id, recurrence.body) = (None, Some(body));
            variables.read()?
        }
    };
    let given: BTreeMap<String, String> = recurrence.variables.read()?;
    if let Some(name) = given.keys().find(|name| GIVEN.contains(&name.as_str())) {
        return Err(Error::field(format!("/variables/{name}"), "is filled in by the recurrence; leave it out"));
    }
    let wanted: Vec<String> = wanted.into_iter().filter(|name| !GIVEN.contains(&name.as_str())).collect();
    crate::task_templates::match_up(&wanted, &given)
}

/// In whose name it is done: a person who may make tasks in the project.
fn owner(cx: &Cx, project: &Project) -> Result<crate::ids::UserId> {
    cx.actor.may::<TaskCreate, _>(project.clone())?;
    cx.actor.user().ok_or_else(|| Error::denied("only a person can do this; sign in as one"))
}

async fn lock(tx: &mut Tx, project: &Project, id: RecurrenceId, expected: Option<i64>) -> Result<Recurrence> {
    let recurrence = store::find_for_update(tx, project.workspace_id, id)
        .await?
        .filter(|recurrence| recurrence.project_id == project.id)
        .ok_or_else(|| unknown(id))?;
    match expected.filter(|expected| *expected != recurrence.version) {
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of this recurrence, which is at version {} since {}; read it again and repeat your change",
            recurrence.version,
            recurrence.updated_at.to_rfc3339(),
        ))),
        None => Ok(recurrence),
    }
}

fn unknown(id: RecurrenceId) -> Error {
    Error::not_found("recurrence", id)
}
