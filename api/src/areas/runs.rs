//! `/runs`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::RunView;
use trackside_engine::db::Tx;
use trackside_engine::ids::{EventId, RuleId, RunId};
use trackside_engine::paging::Page;
use trackside_engine::runs::service::{self, Rerun};
use trackside_engine::runs::{Mode, Run, RunState, RunSummary};
use trackside_engine::{Class, Error, events, rules};

use super::ById;
use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Auth, MaybeJson, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let again = json!({ "from": "tell", "version": "newest" });
    ApiRouter::new()
        .api_route("/runs", get_with(list, doc("listRuns", "List runs, newest first")))
        .api_route("/runs/{id}", get_with(find, doc("getRun", "Get a run with its steps")))
        .api_route("/runs/{id}/cancel", post_with(cancel, doc("cancelRun", "Stop a run; what it did stays done")))
        .api_route("/runs/{id}/rerun", post_with(rerun, doc_with("rerunRun", "Repeat a run that is over", again)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only runs of this rule.
    rule_id: Option<RuleId>,
    /// Only runs in this state.
    state: Option<RunState>,
    /// Only runs that did what they say, or only those in shadow.
    mode: Option<Mode>,
    /// Only runs that this event started; shows all of them at once.
    event_id: Option<EventId>,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<ListQuery>,
) -> Result<Answer<Page<RunSummary>>> {
    let may = cx.actor.may_here::<RunView>()?;
    let page = ById::new(query.limit, query.cursor.as_deref())?;
    let mut rx = app.db.read().await?;
    if let Some(event) = query.event_id {
        let mut items = service::of_event(&mut rx, &may, event).await?;
        items.retain(|run| query.rule_id.is_none_or(|rule| run.rule_id == rule));
        items.retain(|run| query.state.is_none_or(|state| run.state == state));
        items.retain(|run| query.mode.is_none_or(|mode| run.mode == mode));
        return Ok(Answer::new(Page { items, next_cursor: None, total: None }));
    }
    let runs = service::list(&mut rx, &may, query.rule_id, (query.state, query.mode), page.after, page.fetch()).await?;
    Ok(Answer::new(page.page(runs, |run| run.id)))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<RunId>) -> Result<Answer<Run>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RunView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?;
    // Its steps say what the event said: whoever may not see the one does not see the other.
    if let Some(event) = may.resource().event_id {
        let unseen = |error: Error| match error.class {
            Class::NotFound | Class::Denied => Error::not_found("run", id),
            _ => error,
        };
        let events = cx.actor.may_somewhere().map_err(unseen)?;
        events::service::get(&mut rx, &events, event).await.map_err(unseen)?;
    }
    let mut run = service::get(&mut rx, &may).await?;
    let rule = rules::service::find(&mut rx, cx.actor.workspace, may.resource().rule_id).await?;
    if !service::may_read_steps(&cx.actor, rule.owner_id) {
        for step in &mut run.steps {
            (step.input, step.output) = (None, None);
        }
    }
    Ok(Answer::new(run))
}

async fn cancel(State(app): State<App>, Auth(cx): Auth, At(id): At<RunId>) -> Result<Answer<RunSummary>> {
    let cancel = async move |tx: &mut Tx| {
        let run = service::find(tx, cx.actor.workspace, id).await?;
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
    let actions = app.actions.clone();
    let rerun = async move |tx: &mut Tx| {
        let run = service::find(tx, cx.actor.workspace, id).await?;
        let rule = rules::service::find(tx, cx.actor.workspace, run.rule_id).await?;
        service::rerun(tx, &cx, &actions, &cx.actor.may(run)?, &rule, how).await
    };
    Ok(Answer::new(app.db.write(rerun).await?))
}
