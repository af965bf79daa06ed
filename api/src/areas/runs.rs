//! `/runs`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trackside_engine::access::{RunManage, RunView};
use trackside_engine::db::Tx;
use trackside_engine::ids::RunId;
use trackside_engine::paging::Page;
use trackside_engine::runs::history::{self, RunFilter, RunQuery};
use trackside_engine::runs::service::{self, Rerun};
use trackside_engine::runs::several::{self, Deed};
use trackside_engine::runs::{Run, RunSummary, Step};
use trackside_engine::{Cx, rules};

use super::PageQuery;
use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, MaybeJson, Query, Request};
use crate::openapi::{doc, doc_with};
use crate::problem::{Problem, ProblemBody};

pub(super) fn routes() -> ApiRouter<App> {
    let again = json!({ "from": "tell", "version": "newest" });
    let stop = json!({ "filter": { "state": "queued,waiting" }, "dry_run": true });
    let repeat = json!({ "filter": { "state": "failed", "error": "step_failed" }, "version": "newest" });
    ApiRouter::new()
        .api_route("/runs", get_with(list, doc("listRuns", "List runs, newest first")))
        .api_route(
            "/runs/cancel",
            post_with(cancel_each, doc_with("cancelRuns", "Stop all runs that a filter finds, at most 1,000", stop)),
        )
        .api_route(
            "/runs/rerun",
            post_with(rerun_each, doc_with("rerunRuns", "Repeat all runs that a filter finds, at most 1,000", repeat)),
        )
        .api_route("/runs/{id}", get_with(find, doc("getRun", "Get a run with its steps")))
        .api_route(
            "/runs/{id}/steps",
            get_with(steps, doc("listRunSteps", "List the steps of a run, whole, in the order they began")),
        )
        .api_route("/runs/{id}/cancel", post_with(cancel, doc("cancelRun", "Stop a run; what it did stays done")))
        .api_route("/runs/{id}/rerun", post_with(rerun, doc_with("rerunRun", "Repeat a run that is over", again)))
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<RunQuery>,
) -> Result<Answer<Page<RunSummary>>> {
    let may = cx.actor.may_here::<RunView>()?;
    Ok(Answer::new(history::page(&mut *app.db.read().await?, &cx.actor, &may, &query).await?))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<RunId>) -> Result<Answer<Run>> {
    // Before it is looked for: a token that is not for runs is told so.
    cx.actor.may_somewhere::<RunView>()?;
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RunView, _>(service::find(&mut rx, &cx.actor, id).await?)?;
    Ok(Answer::new(service::get(&mut rx, &cx.actor, &may).await?))
}

async fn steps(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RunId>,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Page<Step>>> {
    cx.actor.may_somewhere::<RunView>()?;
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RunView, _>(service::find(&mut rx, &cx.actor, id).await?)?;
    Ok(Answer::new(service::steps(&mut rx, &cx.actor, &may, &page.into()).await?))
}

async fn cancel(State(app): State<App>, Auth(cx): Auth, At(id): At<RunId>) -> Result<Answer<RunSummary>> {
    cx.actor.may_somewhere::<RunManage>()?;
    let cancel = async move |tx: &mut Tx| {
        let run = service::find(tx, &cx.actor, id).await?;
        service::cancel(tx, &cx, &cx.actor.may(run)?).await
    };
    Ok(Answer::new(app.db.write(cancel).await?))
}

/// How a run is repeated.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Again {
    /// The `path` of the step to begin at; what came before is kept. The whole run when left out.
    from: Option<String>,
    /// The rule's version to use; the run's own when left out.
    version: Version,
}

#[derive(Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Version {
    /// The run's own.
    #[default]
    Same,
    /// The rule's newest.
    Newest,
}

async fn rerun(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RunId>,
    MaybeJson(again): MaybeJson<Again>,
) -> Result<Answer<RunSummary, 202>> {
    let how = Rerun { from: again.from, newest: again.version == Version::Newest };
    cx.actor.may_somewhere::<RunManage>()?;
    let actions = app.actions.clone();
    let rerun = async move |tx: &mut Tx| {
        let run = service::find(tx, &cx.actor, id).await?;
        let rule = rules::service::find(tx, cx.actor.workspace, run.rule_id).await?;
        service::rerun(tx, &cx, &actions, &cx.actor.may(run)?, &rule, how).await
    };
    Ok(Answer::new(app.db.write(rerun).await?))
}

/// What several runs are to be stopped by.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CancelEach {
    /// Which: at least one line of it.
    filter: RunFilter,
    /// Only count them.
    #[serde(default)]
    dry_run: bool,
}

/// How several runs are repeated.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RerunEach {
    /// Which: at least one line of it. Those that are not over are told among `failed`.
    filter: RunFilter,
    /// The `path` of the step to begin at in each; the whole runs when left out.
    #[serde(default)]
    from: Option<String>,
    /// The rule's version to use; each run's own when left out.
    #[serde(default)]
    version: Version,
    /// Only count them.
    #[serde(default)]
    dry_run: bool,
}

/// What became of several runs.
#[derive(Debug, Serialize, JsonSchema)]
struct Several {
    /// How many the filter found.
    matched: usize,
    /// Whether they were only counted.
    dry_run: bool,
    /// Those with which it was done, as they are now; of repeated ones the new ones.
    runs: Vec<RunSummary>,
    /// Those with which it could not be done.
    failed: Vec<FailedRun>,
}

/// A run with which it could not be done.
#[derive(Debug, Serialize, JsonSchema)]
struct FailedRun {
    /// The run.
    run: RunId,
    /// Why.
    #[schemars(with = "ProblemBody<'static>")]
    problem: Value,
}

async fn cancel_each(
    State(app): State<App>,
    Auth(cx): Auth,
    request: Request,
    Json(asked): Json<CancelEach>,
) -> Result<Answer<Several>> {
    each(&app, &cx, &request, &asked.filter, Deed::Cancel, asked.dry_run).await
}

async fn rerun_each(
    State(app): State<App>,
    Auth(cx): Auth,
    request: Request,
    Json(asked): Json<RerunEach>,
) -> Result<Answer<Several>> {
    let how = Rerun { from: asked.from, newest: asked.version == Version::Newest };
    each(&app, &cx, &request, &asked.filter, Deed::Rerun(how), asked.dry_run).await
}

async fn each(
    app: &App,
    cx: &Cx,
    request: &Request,
    filter: &RunFilter,
    deed: Deed,
    dry_run: bool,
) -> Result<Answer<Several>> {
    let may = cx.actor.may_here::<RunView>()?;
    // Asked for once at the beginning, so that whoever may do it to none is told so.
    cx.actor.may_here::<RunManage>()?;
    let several::Done { matched, runs, failed } =
        several::each(&app.db, cx, &app.actions, &may, filter, deed, dry_run).await?;
    let told = |(run, error)| {
        let problem = Problem::from(error);
        problem.log(&request.id);
        FailedRun { run, problem: problem.value() }
    };
    Ok(Answer::new(Several { matched, dry_run, runs, failed: failed.into_iter().map(told).collect() }))
}
