//! The public verbs of search.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::fulltext::{self, Document, Match, Scope};
use super::model::{DocumentType, Found, Highlights, Hit, ProjectCount, SearchQuery, TypeCount};
use super::terms::Terms;
use super::{marks, part, store};
use crate::access::Sight;
use crate::comments::Comment;
use crate::db::{Db, Rx, Tx};
use crate::handle::Handle;
use crate::ids::{CommentId, Id, ProjectId, WorkspaceId};
use crate::paging::{Cursor, bad_cursor};
use crate::projects::{self, Project};
use crate::tasks::{self, Task};
use crate::{Class, Result};

/// What a cursor of a search is sorted by.
pub(super) const SORT: &str = "relevance";
/// Millionths that a score is kept in.
const UNIT: i64 = 1_000_000;
/// The score of the task whose key was given.
pub(super) const BY_KEY: i64 = 4 * UNIT;
/// How many documents one write of [`catch_up`] puts in.
const AT_ONCE: i64 = 50;

/// A page of what fits the query and may be seen, the best first.
pub async fn search(rx: &mut Rx, may: &(impl Sight + Sync), query: &SearchQuery) -> Result<Found> {
    let limit = query.page.limit()?;
    let after = query.page.cursor.as_deref().map(read_cursor).transpose()?;
    let mut scope = scope(rx, may, query).await?;
    let by_key = by_key(rx, may, &query.terms, &scope).await?;
    scope.besides = by_key;
    if may.reach().is_some() {
        return part::search(rx, may, query, &scope, after).await;
    }
    let mut best: Vec<Match> = by_key
        .filter(|_| after.is_none())
        .map(|id| Match { kind: DocumentType::Task, id, score: BY_KEY })
        .into_iter()
        .collect();
    let room = limit + 1 - best.len() as i64;
    best.extend(fulltext::page(rx, &query.terms, &scope, after, room).await?);
    let more = best.len() as i64 > limit;
    best.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = best.last().filter(|_| more).map(|last| {
        // Behind the one that was found by its key, everything follows.
        let score = if Some(last.id) == by_key { i64::MAX } else { last.score };
        Cursor { sort: SORT.into(), values: vec![score.into(), last.id.to_string().into()] }.encode()
    });
    let items = show(rx, scope.workspace, &query.terms, best).await?.into_iter().map(|(_, hit)| hit).collect();
    let mut found = Found { items, next_cursor, total: None, types: None, projects: None };
    if query.total {
        count(rx, &query.terms, &scope, &mut found).await?;
    }
    Ok(found)
}

fn read_cursor(text: &str) -> Result<(i64, Uuid)> {
    match Cursor::decode(text, SORT)?.values.as_slice() {
        [score, Value::String(id)] => score.as_i64().zip(id.parse().ok()).ok_or_else(bad_cursor),
        _ => Err(bad_cursor()),
    }
}

/// Which documents come into question by this query; what of them may be seen, [`part`] asks where it is not all.
async fn scope(rx: &mut Rx, may: &(impl Sight + Sync), query: &SearchQuery) -> Result<Scope> {
    let workspace = may.workspace();
    let kinds = match query.types.as_slice() {
        [] => vec![DocumentType::Task, DocumentType::Comment],
        some => some.to_vec(),
    };
    let projects = match &query.projects {
        None => None,
        Some(handles) => {
            let mut known = Vec::with_capacity(handles.len());
            for handle in handles {
                match projects::service::find(rx, workspace, handle).await {
                    Ok(project) => known.push(project.id),
                    // A filter by what is not there finds nothing, and does not tell whether it is.
                    Err(error) if error.class == Class::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            Some(known)
        }
    };
    Ok(Scope { workspace, kinds, projects, besides: None })
}

/// The task whose key the query is, if it may be found.
async fn by_key(rx: &mut Rx, may: &(impl Sight + Sync), terms: &Terms, scope: &Scope) -> Result<Option<Uuid>> {
    let Some(key) = terms.key.clone().filter(|_| scope.kinds.contains(&DocumentType::Task)) else {
        return Ok(None);
    };
    match tasks::service::find(rx, may, &Handle::Key(key)).await {
        Ok(task) => {
            let wanted = scope.projects.as_ref().is_none_or(|projects| projects.contains(&task.project_id));
            Ok(wanted.then_some(task.id.uuid()))
        }
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is shown of each, in the order found.
pub(super) async fn show(
    rx: &mut Rx,
    workspace: WorkspaceId,
    terms: &Terms,
    best: Vec<Match>,
) -> Result<Vec<(Match, Hit)>> {
    let of = |kind| best.iter().filter(|found| found.kind == kind).map(|found| found.id).collect::<Vec<_>>();
    let (tasks, comments) = (of(DocumentType::Task), of(DocumentType::Comment));
    let mut shown = HashMap::new();
    if !tasks.is_empty() {
        shown.extend(store::list_tasks(rx, workspace, &tasks).await?.into_iter().map(|shown| (shown.id, shown)));
    }
    if !comments.is_empty() {
        shown.extend(store::list_comments(rx, workspace, &comments).await?.into_iter().map(|shown| (shown.id, shown)));
    }
    // One that went away since is passed over.
    let hits = best.into_iter().filter_map(|found| {
        let shown = shown.remove(&found.id)?;
        let (id, title) = match found.kind {
            DocumentType::Task => (shown.task_id.to_string(), marks::whole(&shown.title, terms)),
            DocumentType::Comment => (CommentId::from_uuid(found.id).to_string(), None),
        };
        let hit = Hit {
            kind: found.kind,
            id,
            task: shown.task_id,
            key: shown.key,
            title: shown.title,
            project: shown.project_id,
            highlights: Highlights { title, text: marks::part(&shown.text, terms) },
            score: found.score as f64 / UNIT as f64,
        };
        Some((found, hit))
    });
    Ok(hits.collect())
}

async fn count(rx: &mut Rx, terms: &Terms, scope: &Scope, found: &mut Found) -> Result<()> {
    let mut counts = fulltext::count(rx, terms, scope).await?;
    if let Some(id) = scope.besides {
        let task = store::list_tasks(rx, scope.workspace, &[id]).await?;
        counts.extend(task.into_iter().map(|task| (DocumentType::Task, task.project_id, 1)));
    }
    sum_up(&counts, found);
    Ok(())
}

/// Puts counts together, by type and by project.
pub(super) fn sum_up(counts: &[(DocumentType, ProjectId, i64)], found: &mut Found) {
    let (mut types, mut projects): (Vec<TypeCount>, Vec<ProjectCount>) = (Vec::new(), Vec::new());
    for (kind, project, count) in counts {
        match types.iter_mut().find(|known| known.kind == *kind) {
            Some(known) => known.count += count,
            None => types.push(TypeCount { kind: *kind, count: *count }),
        }
        match projects.iter_mut().find(|known| known.project == *project) {
            Some(known) => known.count += count,
            None => projects.push(ProjectCount { project: *project, count: *count }),
        }
    }
    types.sort_by_key(|known| (-known.count, known.kind.as_str()));
    projects.sort_by_key(|known| (-known.count, known.project));
    found.total = Some(types.iter().map(|known| known.count).sum());
    found.types = Some(types);
    found.projects = Some(projects);
}

/// Writes a task into the index; `fresh` says that it was not there.
pub(crate) async fn put_task(tx: &mut Tx, workspace: WorkspaceId, task: &Task, fresh: bool) -> Result<()> {
    let document = Document {
        workspace,
        project: task.project_id,
        task: task.id,
        id: task.id.uuid(),
        kind: DocumentType::Task,
        title: &task.title,
        text: &task.description,
    };
    fulltext::put(tx, &document, fresh).await
}

/// Writes a comment into the index; `fresh` says that it was not there.
pub(crate) async fn put_comment(tx: &mut Tx, project: &Project, comment: &Comment, fresh: bool) -> Result<()> {
    let document = Document {
        workspace: project.workspace_id,
        project: project.id,
        task: comment.task_id,
        id: comment.id.uuid(),
        kind: DocumentType::Comment,
        title: "",
        text: &comment.body,
    };
    fulltext::put(tx, &document, fresh).await
}

/// Takes a comment out. Tasks go out with their row, and their comments with them.
pub(crate) async fn remove_comment(tx: &mut Tx, workspace: WorkspaceId, comment: &Comment) -> Result<()> {
    store::remove(tx, workspace, comment.task_id, comment.id).await
}

/// Puts in what the migration found already there, and says how many documents. Done before a node answers; several may do
/// it at once, and one that is ended half-way goes on at the next start.
pub async fn catch_up(db: &Db) -> Result<u64> {
    let mut done = 0;
    loop {
        let some = db.write(async |tx: &mut Tx| put_waiting(tx).await).await?;
        if some == 0 {
            return Ok(done);
        }
        done += some;
    }
}

async fn put_waiting(tx: &mut Tx) -> Result<u64> {
    let waiting = store::list_waiting(tx, AT_ONCE).await?;
    for document in &waiting {
        let (workspace, id) = (document.workspace_id, [document.id]);
        let shown = match document.kind {
            DocumentType::Task => store::list_tasks(tx, workspace, &id).await?,
            DocumentType::Comment => store::list_comments(tx, workspace, &id).await?,
        };
        for shown in shown {
            let title = if document.kind == DocumentType::Task { shown.title.as_str() } else { "" };
            let document = Document {
                workspace,
                project: shown.project_id,
                task: shown.task_id,
                id: shown.id,
                kind: document.kind,
                title,
                text: &shown.text,
            };
            fulltext::put(tx, &document, false).await?;
        }
    }
    store::done(tx, &waiting).await?;
    Ok(waiting.len() as u64)
}
