//! `/approvals`.

use std::str::FromStr as _;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::{ApprovalView, RunView};
use trackside_engine::approvals::{Approval, ApprovalState, NewDelegation, NewVote, Via, service};
use trackside_engine::db::Tx;
use trackside_engine::ids::{ApprovalId, RunId};
use trackside_engine::paging::Page;
use trackside_engine::{Error, runs};

use super::ById;
use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let decision = json!({ "decision": "approve", "comment": "Go ahead" });
    let delegation = json!({ "to": "user_01h455vb4pex5vsknk084sn02q" });
    ApiRouter::new()
        .api_route(
            "/approvals",
            get_with(
                list,
                doc(
                    "listApprovals",
                    "List what one has to decide, all that a run asked, or all that stand so, newest first",
                ),
            ),
        )
        .api_route("/approvals/{id}", get_with(find, doc("getApproval", "Get an approval with its answers")))
        .api_route(
            "/approvals/{id}/decide",
            post_with(decide, doc_with("decideApproval", "Agree or refuse; the same again changes nothing", decision)),
        )
        .api_route(
            "/approvals/{id}/delegate",
            post_with(delegate, doc_with("delegateApproval", "Let another answer in one's place", delegation)),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// All that this run asked, also what is over; without it, what one has to decide.
    run_id: Option<RunId>,
    /// Instead: all that stand so and that one was asked or whose run one may see; `pending`, `approved`, `rejected`,
    /// `timed_out`, `withdrawn`, separated by commas.
    state: Option<String>,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<ListQuery>,
) -> Result<Answer<Page<Approval>>> {
    cx.actor.may_somewhere::<ApprovalView>()?;
    let page = ById::new(query.limit, query.cursor.as_deref())?;
    let mut rx = app.db.read().await?;
    if let Some(run) = query.run_id {
        cx.actor.may::<RunView, _>(runs::service::find(&mut rx, &cx.actor, run).await?)?;
        return Ok(Answer::new(service::of_run(&mut rx, &cx, run, page.after, page.limit).await?));
    }
    if let Some(state) = &query.state {
        let states = state.split(',').map(ApprovalState::from_str).collect::<std::result::Result<Vec<_>, _>>();
        let states = states.map_err(|error| Error::invalid("invalid_parameter", format!("`state`: {error}")))?;
        return Ok(Answer::new(service::in_states(&mut rx, &cx, &states, page.after, page.limit).await?));
    }
    let user = cx.actor.user().ok_or_else(|| Error::denied("Only people decide; sign in as one."))?;
    Ok(Answer::new(service::to_decide(&mut rx, &cx, user, page.after, page.limit).await?))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<ApprovalId>) -> Result<Answer<Approval>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<ApprovalView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?;
    // Whoever is asked, and whoever sees the run.
    if !service::is_seen(&mut rx, &cx, may.resource()).await? {
        return Err(Error::unseen("approval").into());
    }
    Ok(Answer::new(service::get(&mut rx, &cx, &may).await?))
}

async fn decide(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<ApprovalId>,
    Json(vote): Json<NewVote>,
) -> Result<Answer<Approval>> {
    let decide = async move |tx: &mut Tx| {
        let asked = service::find(tx, cx.actor.workspace, id).await?;
        service::decide(tx, &cx, &cx.actor.may(asked)?, vote, Via::Api).await
    };
    Ok(Answer::new(app.db.write(decide).await?))
}

async fn delegate(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<ApprovalId>,
    Json(to): Json<NewDelegation>,
) -> Result<Answer<Approval>> {
    let delegate = async move |tx: &mut Tx| {
        let asked = service::find(tx, cx.actor.workspace, id).await?;
        service::delegate(tx, &cx, &cx.actor.may(asked)?, to).await
    };
    Ok(Answer::new(app.db.write(delegate).await?))
}
