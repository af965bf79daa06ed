//! `/queues`: what the queue has to do, and its dead letters. The queues are the installation's, so what is asked of them
//! is asked everywhere; dead letters belong to workspaces.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trackside_engine::Error;
use trackside_engine::access::{self, OperationsManage};
use trackside_engine::db::{self, Tx};
use trackside_engine::ids::JobId;
use trackside_engine::jobs::service;
use trackside_engine::jobs::{DeadJob, service::Waiting};
use trackside_engine::paging::Page;

use super::{ById, PageQuery};
use crate::answer::{Answer, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let jobs = json!({ "jobs": ["job_01h455vb4pex5vsknk084sn02q"] });
    ApiRouter::new()
        .api_route("/queues", get_with(list, doc("listQueues", "List queues with what waits in them")))
        .api_route("/queues/{id}/pause", post_with(pause, doc("pauseQueue", "Stop taking jobs from a queue")))
        .api_route("/queues/{id}/resume", post_with(resume, doc("resumeQueue", "Take jobs from a queue again")))
        .api_route(
            "/queues/{id}/dead",
            get_with(dead, doc("listDeadJobs", "List a queue's dead letters, oldest first")),
        )
        .api_route(
            "/queues/{id}/requeue",
            post_with(requeue, doc_with("requeueDeadJobs", "Try dead letters again", jobs)),
        )
}

async fn list(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<Waiting>>> {
    let may = cx.actor.may_here()?;
    let list = async {
        let mut rx = app.db.read().await?;
        access::service::must_operate(&mut rx, &may).await?;
        service::waiting(&mut rx).await
    };
    Ok(Answer::new(Page { items: db::everywhere(list).await?, next_cursor: None, total: None }))
}

async fn pause(State(app): State<App>, Auth(cx): Auth, At(queue): At<String>) -> Result<Done> {
    let may = cx.actor.may_here()?;
    let pause = async move |tx: &mut Tx| {
        access::service::must_operate(tx, &may).await?;
        service::pause(tx, &queue).await
    };
    db::everywhere(app.db.write(pause)).await?;
    Ok(Done)
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

async fn dead(
    State(app): State<App>,
    Auth(cx): Auth,
    At(queue): At<String>,
    Query(query): Query<PageQuery>,
) -> Result<Answer<Page<DeadJob>>> {
    cx.actor.may_here::<OperationsManage>()?;
    let page = ById::new(query.limit, query.cursor.as_deref())?;
    let mut rx = app.db.read().await?;
    let jobs = service::list_dead(&mut rx, &queue, Some(cx.actor.workspace), page.after, page.fetch()).await?;
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

async fn requeue(
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
async fn own(tx: &mut Tx, cx: &trackside_engine::Cx, queue: &str, id: JobId) -> trackside_engine::Result<()> {
    use trackside_engine::ids::Id;
    let before = JobId::from_uuid(uuid::Uuid::from_u128(id.uuid().as_u128().saturating_sub(1)));
    let found = service::list_dead(tx, queue, Some(cx.actor.workspace), Some(before), 1).await?;
    if found.iter().any(|job| job.id == id) { Ok(()) } else { Err(Error::not_found("dead_job", id)) }
}
