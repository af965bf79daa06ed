//! `/operations`, `/queues`, `/workers` and `/dead-jobs`: what is to be done, who does it, and what was given up.
//!
//! Queues and workers are the installation's, so what is asked of them is asked everywhere, by whoever looks after the
//! installation. Dead letters belong to workspaces.

use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trackside_engine::access::{self, Granted, OperationsManage, RuleView, Workspace};
use trackside_engine::db::{self, Rx, Tx};
use trackside_engine::ids::{Id as _, JobId};
use trackside_engine::jobs::dead::{self, Choice, DeadQuery, Group, Scope};
use trackside_engine::jobs::nodes::{self, QueueInfo, WorkerInfo};
use trackside_engine::jobs::{DeadJob, LimitsPatch, service};
use trackside_engine::paging::Page;
use trackside_engine::rules::health::{self, Trouble};
use trackside_engine::{Cx, Error, events, notifications, runs};

use super::{ById, PageQuery};
use crate::answer::{Answer, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Query};
use crate::openapi::{doc, doc_with};

/// How long a drain may be waited for.
const LONGEST_WAIT: u64 = 50;
/// How often it is looked whether a queue is drained.
const GLANCE: Duration = Duration::from_millis(100);

pub(super) fn routes() -> ApiRouter<App> {
    let jobs = json!({ "jobs": ["job_01h455vb4pex5vsknk084sn02q"] });
    let some = json!({ "filter": { "queue": "notify", "q": "connection refused" }, "dry_run": true });
    let limits = json!({ "concurrency": 64, "timeout": "60s", "rate": { "jobs": 100, "per": "1s" }, "priority": 0 });
    ApiRouter::new()
        .api_route(
            "/operations",
            get_with(overview, doc("getOperations", "Everything that whoever looks after Trackside wants to see")),
        )
        .api_route("/queues", get_with(list, doc("listQueues", "List queues with what waits in them")))
        .api_route(
            "/queues/{id}",
            get_with(find, doc("getQueue", "Get a queue with what waits in it"))
                .patch_with(change, doc_with("updateQueue", "Change how a queue is worked on", limits)),
        )
        .api_route("/queues/{id}/pause", post_with(pause, doc("pauseQueue", "Stop taking jobs from a queue")))
        .api_route("/queues/{id}/resume", post_with(resume, doc("resumeQueue", "Take jobs from a queue again")))
        .api_route(
            "/queues/{id}/drain",
            post_with(drain, doc("drainQueue", "Pause a queue, and wait until nothing of it runs any more")),
        )
        .api_route(
            "/queues/{id}/dead",
            get_with(dead_of, doc("listDeadJobs", "List a queue's dead letters, oldest first")),
        )
        .api_route(
            "/queues/{id}/requeue",
            post_with(requeue_some, doc_with("requeueDeadJobs", "Try dead letters again", jobs)),
        )
        .api_route("/workers", get_with(workers, doc("listWorkers", "List the nodes that work, and what each runs")))
        .api_route(
            "/workers/{id}/drain",
            post_with(drain_worker, doc("drainWorker", "Let a node finish what it runs, and take nothing new")),
        )
        .api_route("/workers/{id}/resume", post_with(resume_worker, doc("resumeWorker", "Let a node take jobs again")))
        .api_route("/dead-jobs", get_with(dead, doc("findDeadJobs", "List dead letters of all queues, newest first")))
        .api_route(
            "/dead-jobs/groups",
            get_with(groups, doc("groupDeadJobs", "Count dead letters by kind and reason, the most first")),
        )
        .api_route(
            "/dead-jobs/requeue",
            post_with(
                requeue,
                doc_with("requeueDeadJobsBy", "Try all dead letters again that a filter finds", some.clone()),
            ),
        )
        .api_route(
            "/dead-jobs/discard",
            post_with(
                discard,
                doc_with("discardDeadJobs", "Discard dead letters for good; the audit log says so", some),
            ),
        )
}

type Operates = Granted<OperationsManage, Workspace>;

/// Asks something of the whole installation, for those who look after it.
async fn ask<T>(
    app: &App,
    may: &Operates,
    what: impl AsyncFnOnce(&mut Rx) -> trackside_engine::Result<T>,
) -> Result<T> {
    let asked = async {
        let mut rx = app.db.read().await?;
        access::service::must_operate(&mut rx, may).await?;
        what(&mut rx).await
    };
    Ok(db::everywhere(asked).await?)
}

/// Everything at a glance.
#[derive(Debug, Serialize, JsonSchema)]
struct Operations {
    /// Of the whole installation; null for those who do not look after it.
    installation: Option<Installation>,
    /// The workspace's dead letters by kind and reason, the most first.
    dead_letters: Vec<Group>,
    /// The workspace's rules whose runs failed most in the last 24 hours; null for those who may not see rules.
    failing_rules: Option<Vec<Trouble>>,
    /// The workspace's rules that took longest to judge and to run in the last 24 hours; null for those who may not see rules.
    slow_rules: Option<Vec<Trouble>>,
}

/// How the installation stands.
#[derive(Debug, Serialize, JsonSchema)]
struct Installation {
    /// The queues.
    queues: Vec<QueueInfo>,
    /// The nodes that work.
    workers: Vec<WorkerInfo>,
    /// Events that no rule has looked at yet.
    dispatcher: events::service::Lag,
    /// What people are still to be told.
    outbox: Vec<notifications::service::Outgoing>,
    /// Dead letters of all workspaces by kind and reason, the most first.
    dead_letters: Vec<Group>,
}

async fn overview(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Operations>> {
    let may: Operates = cx.actor.may_here()?;
    let (now, workspace, actor) = (cx.now(), cx.actor.workspace, &cx.actor);
    let installation = ask(&app, &may, async move |rx: &mut Rx| {
        Ok(Installation {
            queues: nodes::queues(rx, now).await?,
            workers: nodes::workers(rx, now).await?,
            dispatcher: events::service::lag(rx, now).await?,
            outbox: notifications::service::outgoing(rx, now).await?,
            dead_letters: dead::groups(rx, actor, Scope::All { from: workspace }).await?,
        })
    });
    let installation = match installation.await {
        Ok(installation) => Some(installation),
        Err(problem) if problem.code() == "denied" => None,
        Err(problem) => return Err(problem),
    };
    let mut rx = app.db.read().await?;
    let (failing_rules, slow_rules) = match cx.actor.may_here::<RuleView>() {
        Ok(rules) => {
            let failing = health::failing(&mut rx, &rules, now).await?;
            (Some(failing), Some(health::slow(&mut rx, &rules, now).await?))
        }
        Err(_) => (None, None),
    };
    let dead_letters = dead::groups(&mut rx, &cx.actor, Scope::Workspace(workspace)).await?;
    Ok(Answer::new(Operations { installation, dead_letters, failing_rules, slow_rules }))
}

async fn list(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<QueueInfo>>> {
    let items = ask(&app, &cx.actor.may_here()?, async |rx| nodes::queues(rx, cx.now()).await).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(queue): At<String>) -> Result<Answer<QueueInfo>> {
    let found = ask(&app, &cx.actor.may_here()?, async |rx| nodes::queue(rx, cx.now(), &queue).await).await?;
    Ok(Answer::new(found))
}

async fn change(
    State(app): State<App>,
    Auth(cx): Auth,
    At(queue): At<String>,
    Json(patch): Json<LimitsPatch>,
) -> Result<Answer<QueueInfo>> {
    let may = cx.actor.may_here()?;
    let change = async move |tx: &mut Tx| {
        access::service::must_operate(tx, &may).await?;
        nodes::set_limits(tx, &cx, &queue, patch).await
    };
    Ok(Answer::new(db::everywhere(app.db.write(change)).await?))
}

async fn pause(State(app): State<App>, Auth(cx): Auth, At(queue): At<String>) -> Result<Done> {
    pause_queue(&app, &cx, queue).await?;
    Ok(Done)
}

async fn pause_queue(app: &App, cx: &Cx, queue: String) -> Result<()> {
    let may = cx.actor.may_here()?;
    let pause = async move |tx: &mut Tx| {
        access::service::must_operate(tx, &may).await?;
        service::pause(tx, &queue).await
    };
    Ok(db::everywhere(app.db.write(pause)).await?)
}

async fn resume(State(app): State<App>, Auth(cx): Auth, At(queue): At<String>) -> Result<Done> {
    let may = cx.actor.may_here()?;
    let resume = async move |tx: &mut Tx| {
        access::service::must_operate(tx, &may).await?;
        service::resume(tx, &queue).await
    };
    db::everywhere(app.db.write(resume)).await?;
    Ok(Done)
}

/// How long it is waited.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DrainQuery {
    /// So many seconds, up to 50, the answer waits for what still runs; it comes at once when left out.
    #[schemars(range(max = 50))]
    wait: Option<u64>,
}

async fn drain(
    State(app): State<App>,
    Auth(cx): Auth,
    At(queue): At<String>,
    Query(DrainQuery { wait }): Query<DrainQuery>,
) -> Result<Answer<QueueInfo>> {
    let may: Operates = cx.actor.may_here()?;
    let wait = wait.unwrap_or(0);
    if wait > LONGEST_WAIT {
        return Err(Error::invalid("invalid_parameter", format!("`wait` must be 0 to {LONGEST_WAIT}")).into());
    }
    pause_queue(&app, &cx, queue.clone()).await?;
    let until = tokio::time::Instant::now() + Duration::from_secs(wait);
    loop {
        let found = ask(&app, &may, async |rx| nodes::queue(rx, cx.now(), &queue).await).await?;
        if found.drained || tokio::time::Instant::now() >= until {
            return Ok(Answer::new(found));
        }
        tokio::time::sleep(GLANCE).await;
    }
}

async fn workers(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<WorkerInfo>>> {
    let items = ask(&app, &cx.actor.may_here()?, async |rx| nodes::workers(rx, cx.now()).await).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn set_draining(app: &App, cx: Cx, name: String, draining: bool) -> Result<Answer<WorkerInfo>> {
    let may = cx.actor.may_here()?;
    let set = async move |tx: &mut Tx| {
        access::service::must_operate(tx, &may).await?;
        nodes::set_draining(tx, &cx, &name, draining).await
    };
    Ok(Answer::new(db::everywhere(app.db.write(set)).await?))
}

async fn drain_worker(State(app): State<App>, Auth(cx): Auth, At(name): At<String>) -> Result<Answer<WorkerInfo>> {
    set_draining(&app, cx, name, true).await
}

async fn resume_worker(State(app): State<App>, Auth(cx): Auth, At(name): At<String>) -> Result<Answer<WorkerInfo>> {
    set_draining(&app, cx, name, false).await
}

async fn dead(State(app): State<App>, Auth(cx): Auth, Query(query): Query<DeadQuery>) -> Result<Answer<Page<DeadJob>>> {
    let may: Operates = cx.actor.may_here()?;
    let from = cx.actor.workspace;
    if query.installation {
        let found = ask(&app, &may, async |rx| dead::page(rx, &cx.actor, Scope::All { from }, &query).await);
        return Ok(Answer::new(found.await?));
    }
    Ok(Answer::new(dead::page(&mut *app.db.read().await?, &cx.actor, Scope::Workspace(from), &query).await?))
}

async fn groups(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<Group>>> {
    cx.actor.may_here::<OperationsManage>()?;
    let items = dead::groups(&mut *app.db.read().await?, &cx.actor, Scope::Workspace(cx.actor.workspace)).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn requeue(State(app): State<App>, Auth(cx): Auth, Json(choice): Json<Choice>) -> Result<Answer<dead::Done>> {
    let may: Operates = cx.actor.may_here()?;
    let from = cx.actor.workspace;
    if choice.installation {
        let requeue = async move |tx: &mut Tx| {
            access::service::must_operate(tx, &may).await?;
            dead::requeue(tx, &cx, Scope::All { from }, &choice).await
        };
        return Ok(Answer::new(db::everywhere(app.db.write(requeue)).await?));
    }
    let requeue = async move |tx: &mut Tx| dead::requeue(tx, &cx, Scope::Workspace(from), &choice).await;
    Ok(Answer::new(app.db.write(requeue).await?))
}

async fn discard(State(app): State<App>, Auth(cx): Auth, Json(choice): Json<Choice>) -> Result<Answer<dead::Done>> {
    let may: Operates = cx.actor.may_here()?;
    let (from, all) = (cx.actor.workspace, choice.installation);
    let discard = async move |tx: &mut Tx| {
        let scope = if all { Scope::All { from } } else { Scope::Workspace(from) };
        if all {
            access::service::must_operate(tx, &may).await?;
        }
        let (done, discarded) = dead::discard(tx, &cx, scope, &choice).await?;
        runs::service::discarded(tx, &cx, &discarded).await?;
        Ok::<_, Error>(done)
    };
    let done = if all { db::everywhere(app.db.write(discard)).await? } else { app.db.write(discard).await? };
    Ok(Answer::new(done))
}

async fn dead_of(
    State(app): State<App>,
    Auth(cx): Auth,
    At(queue): At<String>,
    Query(query): Query<PageQuery>,
) -> Result<Answer<Page<DeadJob>>> {
    cx.actor.may_here::<OperationsManage>()?;
    let page = ById::new(query.limit, query.cursor.as_deref())?;
    let mut rx = app.db.read().await?;
    let jobs = dead::list(&mut rx, &queue, Some(cx.actor.workspace), page.after, page.fetch()).await?;
    let jobs = jobs.into_iter().map(|job| dead::veiled(&cx.actor, job)).collect();
    Ok(Answer::new(page.page(jobs, |job| job.id)))
}

/// Which dead letters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Jobs {
    /// Their ids; at most 200.
    #[schemars(length(min = 1, max = 200))]
    jobs: Vec<JobId>,
}

/// How many jobs it was.
#[derive(Debug, Serialize, JsonSchema)]
struct Requeued {
    /// So many.
    requeued: u64,
}

async fn requeue_some(
    State(app): State<App>,
    Auth(cx): Auth,
    At(queue): At<String>,
    Json(Jobs { jobs }): Json<Jobs>,
) -> Result<Answer<Requeued>> {
    cx.actor.may_here::<OperationsManage>()?;
    if !(1..=200).contains(&jobs.len()) {
        return Err(Error::field("/jobs", "must be 1 to 200 ids").into());
    }
    let requeue = async move |tx: &mut Tx| {
        for id in &jobs {
            own(tx, &cx, &queue, *id).await?;
        }
        service::requeue_dead(tx, &jobs, cx.now()).await
    };
    Ok(Answer::new(Requeued { requeued: app.db.write(requeue).await? }))
}

/// The queue's verb takes any job; here only those of the asker's workspace exist. A job is found by listing from the
/// id before its own.
async fn own(tx: &mut Tx, cx: &Cx, queue: &str, id: JobId) -> trackside_engine::Result<()> {
    let before = JobId::from_uuid(uuid::Uuid::from_u128(id.uuid().as_u128().saturating_sub(1)));
    let found = dead::list(tx, queue, Some(cx.actor.workspace), Some(before), 1).await?;
    if found.iter().any(|job| job.id == id) { Ok(()) } else { Err(Error::not_found("dead_job", id)) }
}
