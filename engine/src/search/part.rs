//! Search for somebody who may see only a part of the workspace: what was found is asked for task by task, until the page
//! is full, and so is every count.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::fulltext::{self, Match, Scope};
use super::model::{DocumentType, Found, Hit, SearchQuery};
use super::service::{BY_KEY, SORT, show, sum_up};
use crate::Result;
use crate::access::Sight;
use crate::db::Rx;
use crate::ids::{ProjectId, TaskId};
use crate::paging::Cursor;
use crate::tasks;

/// How many documents are looked at together.
const AT_ONCE: i64 = 200;
/// How many documents one search looks at: beyond them a page ends early, with a cursor, and counts are of these alone.
const MOST: usize = 10_000;

/// A page of what fits the query and may be seen.
pub(super) async fn search(
    rx: &mut Rx,
    may: &(impl Sight + Sync),
    query: &SearchQuery,
    scope: &Scope,
    after: Option<(i64, Uuid)>,
) -> Result<Found> {
    let limit = usize::try_from(query.page.limit()?).unwrap_or(usize::MAX);
    let scope = &narrowed(may, scope.clone());
    let (mut items, mut position, mut looked_at, mut more) = (Vec::new(), after, 0, false);
    if let (None, Some(id)) = (after, scope.besides) {
        let by_key = Match { kind: DocumentType::Task, id, score: BY_KEY };
        items.extend(visible(rx, may, query, vec![by_key]).await?.into_iter().map(|(_, hit)| hit));
        position = (!items.is_empty()).then_some((i64::MAX, id));
    }
    while !more && looked_at < MOST {
        let found = fulltext::page(rx, &query.terms, scope, position, AT_ONCE).await?;
        let Some(last) = found.last().map(|last| (last.score, last.id)) else { break };
        looked_at += found.len();
        let mut end = last;
        for (found, hit) in visible(rx, may, query, found).await? {
            if items.len() == limit {
                more = true;
                break;
            }
            end = (found.score, found.id);
            items.push(hit);
        }
        // Behind the last one that is shown, or, when the page is not full, behind all that was looked at.
        position = Some(if more { end } else { last });
    }
    let unfinished = more || looked_at >= MOST;
    let cursor = |(score, id): (i64, Uuid)| {
        Cursor { sort: SORT.into(), values: vec![score.into(), id.to_string().into()] }.encode()
    };
    let next_cursor = position.filter(|_| unfinished).map(cursor);
    let mut found = Found { items, next_cursor, total: None, types: None, projects: None };
    if query.total {
        sum_up(&count(rx, may, query, scope).await?, &mut found);
    }
    Ok(found)
}

/// What ids alone keep out need not be looked at.
fn narrowed(may: &impl Sight, mut scope: Scope) -> Scope {
    let Some(ids) = may.reach().map(|reach| reach.by_ids()) else { return scope };
    if !ids.everywhere && ids.objects.is_empty() {
        let wanted = |project: &ProjectId| scope.projects.as_ref().is_none_or(|wanted| wanted.contains(project));
        scope.projects = Some(ids.projects.iter().filter(|project| wanted(project)).copied().collect());
    }
    scope
}

/// Those of what was found that may be seen, in the same order.
async fn visible(
    rx: &mut Rx,
    may: &(impl Sight + Sync),
    query: &SearchQuery,
    found: Vec<Match>,
) -> Result<Vec<(Match, Hit)>> {
    let mut hits = show(rx, may.workspace(), &query.terms, found).await?;
    let tasks: HashSet<TaskId> = hits.iter().map(|(_, hit)| hit.task).collect();
    let tasks: Vec<TaskId> = tasks.into_iter().collect();
    let seen = tasks::service::seen_of(rx, may, &tasks).await?;
    hits.retain(|(_, hit)| seen.contains(&hit.task));
    Ok(hits)
}

async fn count(
    rx: &mut Rx,
    may: &(impl Sight + Sync),
    query: &SearchQuery,
    scope: &Scope,
) -> Result<Vec<(DocumentType, ProjectId, i64)>> {
    let mut counts: HashMap<(DocumentType, ProjectId), i64> = HashMap::new();
    let mut add = |hits: Vec<(Match, Hit)>| {
        hits.into_iter().for_each(|(found, hit)| *counts.entry((found.kind, hit.project)).or_default() += 1);
    };
    if let Some(id) = scope.besides {
        add(visible(rx, may, query, vec![Match { kind: DocumentType::Task, id, score: BY_KEY }]).await?);
    }
    let (mut position, mut looked_at) = (None, 0);
    while looked_at < MOST {
        let found = fulltext::page(rx, &query.terms, scope, position, AT_ONCE).await?;
        let Some(last) = found.last() else { break };
        position = Some((last.score, last.id));
        looked_at += found.len();
        add(visible(rx, may, query, found).await?);
    }
    Ok(counts.into_iter().map(|((kind, project), count)| (kind, project, count)).collect())
}
