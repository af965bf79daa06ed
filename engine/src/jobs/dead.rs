//! Dead letters: jobs that were given up, until somebody puts them back or discards them.
//!
//! They belong to the workspace that the job worked for, and its operators look after them. Whoever looks after the
//! installation sees those of all, without what was in them.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::model::DeadJob;
use super::service::{forget_dead, known, requeue_dead};
use crate::access::Actor;
use crate::cx::Cx;
use crate::db::{Kind, Param as _, Rx, Tx, Value};
use crate::ids::{Id as _, JobId, WorkspaceId};
use crate::listing::{self, CREATED_AT, Column, Request, Statement};
use crate::paging::Page;
use crate::runs::sight::reads_everything;
use crate::{Error, Result, audit, row, statements};

/// Payloads are cut to about this many bytes in lists.
const SHOWN: usize = 2_048;
/// The most that are put back or discarded at once.
pub const AT_ONCE: i64 = 1_000;
/// The most ids that may be named.
const MAX_IDS: usize = 1_000;
/// What stands for a reason that is not told.
const WITHHELD: &str = "told to those who may `task.view` and `run.manage` and are kept from nothing";
/// How many are named in the audit log.
const TOLD: usize = 100;

row! {
    /// A dead letter.
    #[derive(Debug)]
    struct Dead {
        id: JobId,
        workspace_id: Option<WorkspaceId>,
        queue: String,
        kind: String,
        payload: String,
        attempts: i64,
        reason: String,
        created_at: DateTime<Utc>,
        died_at: DateTime<Utc>,
    }
}

row! {
    /// Dead letters of one kind and reason.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    #[schemars(rename = "DeadJobGroup")]
    pub struct Group {
        /// The queue they stood in.
        pub queue: String,
        /// Which handler ran them.
        pub kind: String,
        /// How their reason begins.
        pub reason: String,
        /// How many they are.
        pub count: i64,
        /// When the first of them was given up.
        pub first_at: DateTime<Utc>,
        /// When the last of them was given up.
        pub last_at: DateTime<Utc>,
    }
}

statements! {
    LIST = "select {Dead} from dead_jobs where queue = $1 and id > $2 and workspace_id = $3 order by id limit $4", Dead;
    LIST_ALL = "select {Dead} from dead_jobs where queue = $1 and id > $2 order by id limit $3", Dead;
    /// Attempts differ, and what is said first tells errors apart.
    GROUPS = "select queue, kind, substr(reason, 1, 160) as reason, count(*) as count, min(died_at) as first_at, max(died_at) as last_at \
         from dead_jobs where workspace_id = $1 group by queue, kind, substr(reason, 1, 160) order by count(*) desc, queue, kind limit 100";
    GROUPS_ALL = "select queue, kind, substr(reason, 1, 160) as reason, count(*) as count, min(died_at) as first_at, max(died_at) as last_at \
         from dead_jobs group by queue, kind, substr(reason, 1, 160) order by count(*) desc, queue, kind limit 100";
    OF_IDS = "select id from dead_jobs where id = any($1) and workspace_id = $2";
    OF_IDS_ALL = "select id from dead_jobs where id = any($1)";
    KINDS = "select id, kind, workspace_id from dead_jobs where id = any($1)";
}

/// Whose dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of a workspace.
    Workspace(WorkspaceId),
    /// Those of all, and of Trackside itself: for whoever looks after the installation, from this workspace.
    All {
        /// What is in those of other workspaces is not shown.
        from: WorkspaceId,
    },
}

/// Which dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "DeadJobFilter")]
pub struct DeadFilter {
    /// Only those of this queue.
    pub queue: Option<String>,
    /// Only those of this kind: `advance_run`, `send_mail` ….
    pub kind: Option<String>,
    /// Only those whose reason says this.
    pub q: Option<String>,
    /// Only those that were given up since then (RFC 3339).
    pub since: Option<DateTime<Utc>>,
    /// Only those that were given up before then (RFC 3339).
    pub until: Option<DateTime<Utc>>,
}

/// Which page of which dead letters.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeadQuery {
    /// Only those of this queue.
    pub queue: Option<String>,
    /// Only those of this kind: `advance_run`, `send_mail` ….
    pub kind: Option<String>,
    /// Only those whose reason says this.
    pub q: Option<String>,
    /// Only those that were given up since then (RFC 3339).
    pub since: Option<DateTime<Utc>>,
    /// Only those that were given up before then (RFC 3339).
    pub until: Option<DateTime<Utc>>,
    /// `true` for those of all workspaces, without what is in them: for whoever looks after the installation.
    pub installation: bool,
    /// `died_at` or `created_at`, with `-` for descending; `-died_at` when left out.
    pub sort: Option<String>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `true` counts those on all pages.
    pub total: bool,
}

/// Which dead letters something is done to: some that are named, or all that a filter finds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "DeadJobChoice")]
pub struct Choice {
    /// These; at most 1,000.
    #[schemars(length(max = 1_000))]
    pub jobs: Vec<JobId>,
    /// All that it finds, the longest dead first; at most 1,000 at a time.
    pub filter: Option<DeadFilter>,
    /// `true` with a filter that leaves out nothing: all there are are meant.
    pub all: bool,
    /// Only say how many it would be.
    pub dry_run: bool,
    /// `true` for those of all workspaces: for whoever looks after the installation.
    pub installation: bool,
}

/// What was done to dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "DeadJobsDone")]
pub struct Done {
    /// How many were found.
    pub matched: i64,
    /// To how many it was done; of a dry run none. One whose work a living job does already is only put away.
    pub done: i64,
    /// How many more there are than can be taken at once: ask again.
    pub left: i64,
}

const SORTS: &[Column] = &[CREATED_AT, Column { name: "died_at", sql: "died_at", kind: Kind::Time, nullable: false }];

impl From<&DeadQuery> for DeadFilter {
    fn from(query: &DeadQuery) -> Self {
        let DeadQuery { queue, kind, q, since, until, .. } = query.clone();
        Self { queue, kind, q, since, until }
    }
}

impl DeadFilter {
    fn statement(&self, scope: Scope) -> Result<Statement<'_>> {
        let mut from = match scope {
            Scope::Workspace(workspace) => Statement::from("dead_jobs", workspace),
            Scope::All { .. } => Statement::from_all("dead_jobs"),
        };
        if let Some(queue) = &self.queue {
            known(queue)?;
            from.push(" and queue = ").bind(queue.value());
        }
        if let Some(kind) = &self.kind {
            if kind.is_empty() || kind.len() > 64 || !kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
                return Err(listing::invalid("kind", "must be a kind of job, such as `advance_run`"));
            }
            from.push(" and kind = ").bind(kind.value());
        }
        if let Some(part) = listing::part(self.q.as_deref())? {
            from.contains(&["reason"], part);
        }
        if let Some(since) = self.since {
            from.push(" and died_at >= ").bind(Value::Time(since));
        }
        if let Some(until) = self.until {
            from.push(" and died_at < ").bind(Value::Time(until));
        }
        Ok(from)
    }
}

/// The page of dead letters that is asked for.
///
/// # Errors
/// `queue_not_found`, `invalid_parameter`.
pub async fn page(rx: &mut Rx, actor: &Actor, scope: Scope, query: &DeadQuery) -> Result<Page<DeadJob>> {
    refuse_search(actor, query.q.as_deref())?;
    let DeadQuery { sort, limit, cursor, total, .. } = query;
    let request = Request::new(SORTS, "-died_at", sort.as_deref(), *limit, None, cursor.as_deref(), *total)?;
    let filter = DeadFilter::from(query);
    let from = filter.statement(scope)?;
    let value = |job: &Dead, column: &Column| match column.name {
        "died_at" => listing::time(Some(job.died_at)),
        _ => listing::id(job.id),
    };
    let page = request.page(rx, Dead::COLUMNS, from, value, |_| true).await?;
    let items = page.items.into_iter().map(|row| veiled(actor, shown(row, scope))).collect();
    Ok(Page { items, next_cursor: page.next_cursor, total: page.total })
}

/// How many there are of which kind and reason, the most first.
pub async fn groups(rx: &mut Rx, actor: &Actor, scope: Scope) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = match scope {
        Scope::Workspace(workspace) => rx.all(GROUPS, (workspace,)).await?,
        Scope::All { .. } => rx.all(GROUPS_ALL, ()).await?,
    };
    if !reads_everything(actor) {
        groups.iter_mut().for_each(|group| WITHHELD.clone_into(&mut group.reason));
    }
    Ok(groups)
}

/// A dead letter without its contents and its reason, which may quote tasks, unless somebody is kept from nothing.
pub fn veiled(actor: &Actor, job: DeadJob) -> DeadJob {
    if reads_everything(actor) {
        return job;
    }
    DeadJob { payload: Json::Null, reason: WITHHELD.to_owned(), ..job }
}

/// What may not be read cannot be found by searching either.
fn refuse_search(actor: &Actor, q: Option<&str>) -> Result<()> {
    if q.is_some() && !reads_everything(actor) {
        return Err(Error::denied(
            "`q` looks into reasons, which quote tasks: that is for those who look after runs and are kept from nothing; leave it out",
        ));
    }
    Ok(())
}

/// Dead letters of a queue by id, after `after`; of one workspace, or of all for whoever looks after the installation.
pub async fn list(
    rx: &mut Rx,
    queue: &str,
    workspace: Option<WorkspaceId>,
    after: Option<JobId>,
    limit: i64,
) -> Result<Vec<DeadJob>> {
    known(queue)?;
    let after = after.unwrap_or_else(|| JobId::from_uuid(uuid::Uuid::nil()));
    let limit = limit.clamp(1, 1_000);
    let rows: Vec<Dead> = match workspace {
        Some(workspace) => rx.all(LIST, (queue, after, workspace, limit)).await?,
        None => rx.all(LIST_ALL, (queue, after, limit)).await?,
    };
    Ok(rows.into_iter().map(whole).collect())
}

/// Puts dead letters back, with all their attempts before them.
///
/// # Errors
/// `invalid_fields` for a choice that names nothing, `dead_job_not_found`.
pub async fn requeue(tx: &mut Tx, cx: &Cx, scope: Scope, choice: &Choice) -> Result<Done> {
    let (ids, matched) = chosen(tx, &cx.actor, scope, choice).await?;
    let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    if choice.dry_run || ids.is_empty() {
        return Ok(Done { matched, done: 0, left: matched - count });
    }
    let done = i64::try_from(requeue_dead(tx, &ids, cx.now()).await?).unwrap_or(i64::MAX);
    told(tx, cx, "dead_jobs.requeued", &ids).await?;
    Ok(Done { matched, done, left: matched - count })
}

/// A dead letter that is no more.
pub type Discarded = (JobId, String, Option<WorkspaceId>);

/// Deletes dead letters for good, and answers which they were: what they were to do is left undone.
///
/// # Errors
/// As [`requeue`].
pub async fn discard(tx: &mut Tx, cx: &Cx, scope: Scope, choice: &Choice) -> Result<(Done, Vec<Discarded>)> {
    let (ids, matched) = chosen(tx, &cx.actor, scope, choice).await?;
    let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    if choice.dry_run || ids.is_empty() {
        return Ok((Done { matched, done: 0, left: matched - count }, Vec::new()));
    }
    let discarded: Vec<Discarded> = tx.all(KINDS, (ids.as_slice(),)).await?;
    let done = i64::try_from(forget_dead(tx, &ids).await?).unwrap_or(i64::MAX);
    told(tx, cx, "dead_jobs.discarded", &ids).await?;
    Ok((Done { matched, done, left: matched - count }, discarded))
}

/// The jobs that are chosen, at most as many as are taken at once; and how many there are.
async fn chosen(tx: &mut Tx, actor: &Actor, scope: Scope, choice: &Choice) -> Result<(Vec<JobId>, i64)> {
    refuse_search(actor, choice.filter.as_ref().and_then(|filter| filter.q.as_deref()))?;
    match &choice.filter {
        Some(_) if !choice.jobs.is_empty() => {
            Err(Error::field("/filter", "cannot stand beside `jobs`; leave one of them out"))
        }
        Some(filter) if *filter == DeadFilter::default() && !choice.all && !choice.dry_run => Err(Error::field(
            "/filter",
            "leaves out nothing; say `\"all\": true` beside it if all dead letters are meant",
        )),
        Some(filter) => {
            let named = |error: Error| Error::field("/filter", error.detail.clone());
            let from = filter.statement(scope).map_err(named)?;
            let matched = from.count(tx).await?;
            let mut from = filter.statement(scope).map_err(named)?;
            from.push(" order by died_at, id");
            let rows: Vec<(JobId,)> = from.all(tx, "id", AT_ONCE).await?;
            Ok((rows.into_iter().map(|(id,)| id).collect(), matched))
        }
        None if choice.jobs.is_empty() || choice.jobs.len() > MAX_IDS => {
            Err(Error::field("/jobs", "must be 1 to 1,000 ids; or say which by `filter`"))
        }
        None => {
            let found: Vec<(JobId,)> = match scope {
                Scope::Workspace(workspace) => tx.all(OF_IDS, (choice.jobs.as_slice(), workspace)).await?,
                Scope::All { .. } => tx.all(OF_IDS_ALL, (choice.jobs.as_slice(),)).await?,
            };
            if let Some(unknown) = choice.jobs.iter().find(|id| !found.iter().any(|(found,)| found == *id)) {
                return Err(Error::not_found("dead_job", unknown));
            }
            let matched = i64::try_from(found.len()).unwrap_or(i64::MAX);
            Ok((found.into_iter().map(|(id,)| id).collect(), matched))
        }
    }
}

async fn told(tx: &mut Tx, cx: &Cx, action: &'static str, ids: &[JobId]) -> Result<()> {
    let named: Vec<String> = ids.iter().take(TOLD).map(ToString::to_string).collect();
    audit::service::record(tx, cx, action, "dead_jobs", &json!({ "count": ids.len(), "jobs": named })).await
}

fn whole(row: Dead) -> DeadJob {
    let payload = serde_json::from_str(&row.payload).unwrap_or(Json::String(row.payload));
    DeadJob {
        about: about(row.id, &row.kind, &payload),
        id: row.id,
        workspace_id: row.workspace_id,
        queue: row.queue,
        kind: row.kind,
        payload,
        attempts: row.attempts,
        reason: row.reason,
        created_at: row.created_at,
        died_at: row.died_at,
    }
}

fn shown(row: Dead, scope: Scope) -> DeadJob {
    let (bytes, beginning) = (row.payload.len(), row.payload.chars().take(SHOWN / 4).collect::<String>());
    let mut job = whole(row);
    match scope {
        Scope::All { from } if job.workspace_id.is_some_and(|workspace| workspace != from) => job.payload = Json::Null,
        _ if bytes > SHOWN => job.payload = json!({ "truncated": true, "bytes": bytes, "beginning": beginning }),
        _ => {}
    }
    job
}

/// What a job is about: the run it carries on, or the first thing that its payload names.
fn about(id: JobId, kind: &str, payload: &Json) -> Option<String> {
    if kind == crate::runs::service::ADVANCE {
        return Some(crate::runs::service::run_of(id).to_string());
    }
    match payload {
        Json::String(text) => is_id(text).then(|| text.clone()),
        Json::Object(fields) => fields.values().find_map(|value| about(id, "", value)),
        _ => None,
    }
}

/// Whether a text has the form of an id: a word, `_` and 26 characters of Crockford's base 32.
fn is_id(text: &str) -> bool {
    let Some((word, rest)) = text.rsplit_once('_') else { return false };
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (1..=16).contains(&word.len())
        && letters(word)
        && rest.len() == 26
        && rest.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_says_what_it_is_about() {
        let id: JobId = "job_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        assert_eq!(about(id, "advance_run", &Json::Null).as_deref(), Some("run_01h455vb4pex5vsknk084sn02q"));
        let payload = json!({ "times": 3, "to": "ada@acme.example", "telling": "tell_01h455vb4pex5vsknk084sn02q" });
        assert_eq!(about(id, "carry_told", &payload).as_deref(), Some("tell_01h455vb4pex5vsknk084sn02q"));
        assert_eq!(about(id, "noop", &json!(["x"])), None);
    }
}
