//! Which tasks somebody may see: what is asked of rows that are read.

use std::collections::{HashMap, HashSet};

use super::model::Task;
use super::query::TaskQuery;
use super::{select, store};
use crate::access::{Granted, Place, Sight};
use crate::db::Rx;
use crate::ids::{Id as _, ProjectId, TaskId};
use crate::paging::Page;
use crate::projects::{self, Project, TaskFacts};
use crate::{Error, Result, fields};

/// How many rows one page looks at, when conditions decide: beyond them it ends early, with a cursor to go on.
const MOST_LOOKED_AT: usize = 10_000;

/// Whether this task may be seen.
pub(super) async fn sees(rx: &mut Rx, may: &(impl Sight + Sync), task: &Task) -> Result<bool> {
    if may.reach().is_none() {
        return Ok(true);
    }
    let projects = projects::service::among(rx, may.workspace(), &[task.project_id]).await?;
    Ok(shown(&projects, may, task))
}

/// Whether a proof is good for this task of its project.
pub(super) fn covered<P>(may: &Granted<P, Project>, task: &Task) -> bool {
    may.covers(task.project_id, task.id, &|| projects::facts(may.resource(), &TaskFacts::of(task)))
}

/// Those of the tasks that may be seen.
pub(super) async fn seen(rx: &mut Rx, may: &(impl Sight + Sync), mut tasks: Vec<Task>) -> Result<Vec<Task>> {
    if may.reach().is_none() || tasks.is_empty() {
        return Ok(tasks);
    }
    let mut ids: Vec<ProjectId> = tasks.iter().map(|task| task.project_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let projects = projects::service::among(rx, may.workspace(), &ids).await?;
    tasks.retain(|task| shown(&projects, may, task));
    Ok(tasks)
}

/// Whether a task of these projects may be seen.
fn shown(projects: &HashMap<ProjectId, Project>, may: &impl Sight, task: &Task) -> bool {
    let place = Place::Task(task.project_id, task.id.uuid());
    may.sees(&place, &|| match projects.get(&task.project_id) {
        Some(project) => projects::facts(project, &TaskFacts::of(task)),
        None => serde_json::Map::new(),
    })
}

/// A page of what may be seen. Ids are filtered by the statement; where conditions decide, rows are looked at until the
/// page is full.
pub(super) async fn page(rx: &mut Rx, may: &(impl Sight + Sync), query: &TaskQuery) -> Result<Page<Task>> {
    let reach = may.reach();
    if reach.is_some() && asks_for_hidden(rx, may, query).await? {
        return Ok(Page { items: Vec::new(), next_cursor: None, total: query.total.then_some(0) });
    }
    if reach.is_none_or(|reach| !reach.is_conditional()) {
        return select::page(rx, may.workspace(), reach, query).await;
    }
    let mut asked = query.clone();
    let (mut items, mut looked_at, mut skipped) = (Vec::new(), 0, 0);
    // Rows to leave out are counted among those that are seen.
    asked.offset = 0;
    let wanted = usize::try_from(query.limit).unwrap_or_default();
    let to_skip = usize::try_from(query.offset).unwrap_or_default();
    let total = if query.total { Some(count(rx, may, query).await?) } else { None };
    asked.total = false;
    loop {
        // One more than is missing would be cut from this page's cursor, so exactly as many are taken.
        asked.limit = i64::try_from(wanted - items.len()).unwrap_or(query.limit);
        let page = select::page(rx, may.workspace(), reach, &asked).await?;
        looked_at += page.items.len();
        for task in seen(rx, may, page.items).await? {
            if skipped < to_skip {
                skipped += 1;
            } else {
                items.push(task);
            }
        }
        let full = items.len() >= wanted || looked_at >= MOST_LOOKED_AT;
        if full || page.next_cursor.is_none() {
            return Ok(Page { items, next_cursor: page.next_cursor, total });
        }
        asked.cursor = page.next_cursor;
    }
}

/// How many may be seen.
async fn count(rx: &mut Rx, may: &(impl Sight + Sync), query: &TaskQuery) -> Result<i64> {
    let mut asked = TaskQuery { total: false, offset: 0, cursor: None, limit: 1_000, ..query.clone() };
    let mut count = 0;
    loop {
        let page = select::page(rx, may.workspace(), may.reach(), &asked).await?;
        count += i64::try_from(seen(rx, may, page.items).await?.len()).unwrap_or_default();
        match page.next_cursor {
            Some(cursor) => asked.cursor = Some(cursor),
            None => return Ok(count),
        }
    }
}

/// Takes from tasks the parents that may not be seen: such a task stands alone for whoever looks.
pub(super) async fn conceal(rx: &mut Rx, may: &(impl Sight + Sync), tasks: &mut [Task]) -> Result<()> {
    if may.reach().is_none() {
        return Ok(());
    }
    let mut parents: Vec<TaskId> = tasks.iter().filter_map(|task| task.parent_id).collect();
    parents.sort_unstable();
    parents.dedup();
    if parents.is_empty() {
        return Ok(());
    }
    let found = store::list_by_ids(rx, may.workspace(), &parents).await?;
    let shown: HashSet<TaskId> = seen(rx, may, found).await?.into_iter().map(|task| task.id).collect();
    for task in tasks {
        task.parent_id = task.parent_id.filter(|parent| shown.contains(parent));
    }
    Ok(())
}

/// Those of the tasks that may be seen, as they may be.
pub(super) async fn shown_of(rx: &mut Rx, may: &(impl Sight + Sync), tasks: Vec<Task>) -> Result<Vec<Task>> {
    let mut shown = seen(rx, may, tasks).await?;
    conceal(rx, may, &mut shown).await?;
    Ok(shown)
}

/// Whether a query asks for the parts of a task that may not be seen, which are as few as those of one that is not there.
async fn asks_for_hidden(rx: &mut Rx, may: &(impl Sight + Sync), query: &TaskQuery) -> Result<bool> {
    for parent in query.parents() {
        match store::find(rx, may.workspace(), parent).await? {
            Some(parent) if sees(rx, may, &parent).await? => {}
            _ => return Ok(true),
        }
    }
    Ok(false)
}

/// Puts what is sensitive among what is shown, where it may be seen.
pub(super) fn unveil(may: &impl Sight, tasks: &mut [Task]) -> Result<()> {
    for task in tasks.iter_mut().filter(|task| task.hidden.text() != "{}") {
        if may.shows_money_of(task.project_id) {
            task.unveil()?;
        }
    }
    Ok(())
}

/// Refuses a list that is filtered or ordered by what may not be seen: which tasks come first would tell it.
pub(super) async fn refuse_hidden(rx: &mut Rx, may: &(impl Sight + Sync), query: &TaskQuery) -> Result<()> {
    let keys = query.custom_fields();
    if keys.is_empty() {
        return Ok(());
    }
    for (project, key) in fields::service::sensitive_named(rx, may.workspace(), &keys).await? {
        if !may.shows_money_of(project) {
            let detail =
                format!("`custom.{key}` is sensitive in a project here; to ask by it needs `budget.view` there");
            return Err(Error::denied(detail));
        }
    }
    Ok(())
}
