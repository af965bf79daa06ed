//! The public verbs of templates. The permission is asked for on the template's project, which [`project_of`] finds.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use trackside_rules::Period;

use super::events::{TaskTemplateApplied, TaskTemplateCreated, TaskTemplateDeleted, TaskTemplateUpdated};
use super::fill::{check, fill, match_up};
use super::model::{
    Applied, Apply, Assignee, MAX_NAME, MAX_TEMPLATES, NewTemplate, TaskBody, TaskTemplate, TemplatePatch,
};
use super::store;
use crate::access::permissions::{Granted, TaskCreate, TaskTemplateEdit, TaskTemplateView};
use crate::checks;
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{SprintId, TaskId, TaskTemplateId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::{self, Project, ProjectRef};
use crate::raw::Raw;
use crate::tasks::{self, NewTask, Task};
use crate::{Error, Result, fields};

/// The project of this template; what a permission on the template is asked for.
pub async fn project_of(rx: &mut Rx, workspace: WorkspaceId, id: TaskTemplateId) -> Result<Project> {
    let template = store::find(rx, workspace, id).await?.ok_or_else(|| unknown(id))?;
    projects::service::find(rx, workspace, &Handle::Id(template.project_id)).await
}

/// A template.
pub async fn get(rx: &mut Rx, may: &Granted<TaskTemplateView, Project>, id: TaskTemplateId) -> Result<TaskTemplate> {
    find_in(rx, may.resource(), id).await
}

/// The templates of a project, oldest first.
pub async fn list(
    rx: &mut Rx,
    may: &Granted<TaskTemplateView, Project>,
    page: &PageRequest,
) -> Result<Page<TaskTemplate>> {
    let (project, limit) = (may.resource(), page.limit()?);
    let rows = store::list(rx, project.workspace_id, project.id, page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last: &TaskTemplate| Cursor::of_id(last.id)))
}

/// Makes a template. A project has at most [`MAX_TEMPLATES`].
pub async fn create(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskTemplateEdit, Project>,
    new: NewTemplate,
) -> Result<TaskTemplate> {
    checks::name("/name", &new.name, MAX_NAME)?;
    let (body, variables) = read_body(&new.task)?;
    fields::service::refuse_sensitive(tx, may.resource(), &body.json()?).await?;
    let project = projects::service::lock(tx, may.resource()).await?;
    projects::service::refuse_archived(&project)?;
    if store::count(tx, project.workspace_id, project.id).await? >= MAX_TEMPLATES {
        let detail = format!("{} has {MAX_TEMPLATES} templates, the most; delete one first", project.key);
        return Err(Error::conflict("too_many_templates", detail));
    }
    let now = cx.now();
    let template = TaskTemplate {
        id: cx.new_id(),
        workspace_id: project.workspace_id,
        project_id: project.id,
        name: new.name,
        body,
        variables,
        version: 1,
        created_by: cx.actor.user(),
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &template).await?;
    emit(tx, cx, &TaskTemplateCreated { template: &template, project: &ProjectRef::from(&project) }).await?;
    Ok(template)
}

/// Changes a template. `expected` is the version that the caller saw; another one now is refused as stale.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskTemplateEdit, Project>,
    id: TaskTemplateId,
    expected: Option<i64>,
    patch: TemplatePatch,
) -> Result<TaskTemplate> {
    projects::service::refuse_archived(may.resource())?;
    let mut template = lock(tx, may.resource(), id, expected).await?;
    let before = (template.name.clone(), template.body.text().to_owned());
    if let Some(name) = patch.name.required("/name")? {
        checks::name("/name", &name, MAX_NAME)?;
        template.name = name;
    }
    if let Some(task) = patch.task.required("/task")? {
        (template.body, template.variables) = read_body(&task)?;
        fields::service::refuse_sensitive(tx, may.resource(), &template.body.json()?).await?;
    }
    if (template.name.as_str(), template.body.text()) == (before.0.as_str(), before.1.as_str()) {
        return Ok(template);
    }
    template.version += 1;
    template.updated_at = cx.now();
    store::update(tx, &template).await?;
    let project = &ProjectRef::from(may.resource());
    emit(tx, cx, &TaskTemplateUpdated { template: &template, project }).await?;
    Ok(template)
}

/// Deletes a template. One that recurring tasks are made of is refused.
pub async fn delete(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskTemplateEdit, Project>,
    id: TaskTemplateId,
    expected: Option<i64>,
) -> Result<()> {
    projects::service::refuse_archived(may.resource())?;
    let template = lock(tx, may.resource(), id, expected).await?;
    let used = store::used(tx, template.workspace_id, id).await?;
    if used > 0 {
        let detail =
            format!("{used} recurring tasks are made of this template; delete them or give them another first");
        return Err(Error::conflict("task_template_used", detail));
    }
    store::delete(tx, template.workspace_id, id).await?;
    emit(tx, cx, &TaskTemplateDeleted { template: &template, project: &ProjectRef::from(may.resource()) }).await?;
    Ok(())
}

/// Makes the tasks of a template, all of them.
pub async fn apply(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskCreate, Project>,
    id: TaskTemplateId,
    how: Apply,
) -> Result<Applied> {
    let template = find_in(tx, may.resource(), id).await?;
    match_up(&template.variables.read()?, &how.variables)?;
    let start = how.start.map(|time| checks::time("/start", time)).transpose()?;
    let place = Place { start: start.unwrap_or_else(|| cx.now()), parent: how.parent, sprint: how.sprint };
    let applied = make(tx, cx, may, &template.body.read()?, &how.variables, place).await?;
    let (project, count) = (&ProjectRef::from(may.resource()), i64::try_from(applied.keys.len()).unwrap_or(i64::MAX));
    emit(tx, cx, &TaskTemplateApplied { task: &applied.task, project, template: &template, tasks: count }).await?;
    Ok(applied)
}

/// Where and from when on the tasks of a body are made.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// What the dates count from.
    pub start: DateTime<Utc>,
    /// What the task at the top becomes a part of.
    pub parent: Option<Handle<TaskId>>,
    /// The sprint of all.
    pub sprint: Option<SprintId>,
}

/// Makes the tasks of a body, a task before those that it consists of.
pub(crate) async fn make(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskCreate, Project>,
    body: &TaskBody,
    variables: &BTreeMap<String, String>,
    place: Place,
) -> Result<Applied> {
    let (mut top, mut keys): (Option<Task>, _) = (None, Vec::new());
    let mut left = vec![(body, "/task".to_owned(), place.parent.clone())];
    while let Some((body, at, parent)) = left.pop() {
        let new = new_task(cx, may.resource(), body, variables, &place, parent)?;
        let made = tasks::service::create(tx, cx, may, new).await;
        let task = made.map_err(|error| if error.fields.is_empty() { error } else { error.under(&at) })?;
        let parts = body.subtasks.iter().enumerate().rev();
        left.extend(parts.map(|(n, part)| (part, format!("{at}/subtasks/{n}"), Some(Handle::Id(task.id)))));
        keys.push(task.key.clone());
        top.get_or_insert(task);
    }
    let task = top.ok_or_else(|| Error::internal("a template made no task"))?;
    Ok(Applied { task, keys })
}

fn new_task(
    cx: &Cx,
    project: &Project,
    body: &TaskBody,
    variables: &BTreeMap<String, String>,
    place: &Place,
    parent: Option<Handle<TaskId>>,
) -> Result<NewTask> {
    let filled = |texts: &[String]| texts.iter().map(|text| fill(text, variables)).collect::<Vec<_>>();
    let boxes: Vec<String> = filled(&body.checklist).into_iter().map(|line| format!("- [ ] {line}")).collect();
    let parts = [fill(&body.description, variables), boxes.join("\n")];
    let description = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("\n\n");
    let mut assignees = Vec::new();
    for assignee in &body.assignees {
        assignees.extend(match assignee {
            Assignee::Applier => cx.actor.user(),
            Assignee::ProjectOwner => Some(project.owner_id),
            Assignee::User(id) => Some(*id),
        });
    }
    Ok(NewTask {
        title: fill(&body.title, variables),
        description,
        kind: body.kind,
        priority: body.priority,
        labels: filled(&body.labels),
        assignees,
        parent,
        sprint: place.sprint,
        start_at: later("start_in", place.start, body.start_in)?,
        due_at: later("due_in", place.start, body.due_in)?,
        custom: body.custom.clone(),
        ..NewTask::default()
    })
}

fn later(field: &str, start: DateTime<Utc>, period: Option<Period>) -> Result<Option<DateTime<Utc>>> {
    let Some(Period(length)) = period else { return Ok(None) };
    let time = TimeDelta::from_std(length).ok().and_then(|length| start.checked_add_signed(length));
    time.map(Some).ok_or_else(|| Error::field(format!("/{field}"), "leads beyond the calendar"))
}

/// A body as it is kept, with the names of its placeholders.
pub(crate) fn read_body(task: &TaskBody) -> Result<(Raw<TaskBody>, Raw<Vec<String>>)> {
    let body = Raw::of(task)?;
    let names = check(task, body.text())?;
    Ok((body, Raw::of(&names)?))
}

/// The template with this id, if it is of this project.
pub(crate) async fn find_in(rx: &mut Rx, project: &Project, id: TaskTemplateId) -> Result<TaskTemplate> {
    let found = store::find(rx, project.workspace_id, id).await?;
    found.filter(|template| template.project_id == project.id).ok_or_else(|| unknown(id))
}

async fn lock(tx: &mut Tx, project: &Project, id: TaskTemplateId, expected: Option<i64>) -> Result<TaskTemplate> {
    let template = store::find_for_update(tx, project.workspace_id, id)
        .await?
        .filter(|template| template.project_id == project.id)
        .ok_or_else(|| unknown(id))?;
    match expected.filter(|expected| *expected != template.version) {
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of this template, which is at version {} since {}; read it again and repeat your change",
            template.version,
            template.updated_at.to_rfc3339(),
        ))),
        None => Ok(template),
    }
}

fn unknown(id: TaskTemplateId) -> Error {
    Error::not_found("task_template", id)
}
