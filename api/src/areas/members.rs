//! `/members`: who belongs to the workspace, as what, and who did.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::profile::{self, MemberProfile};
use trackside_engine::access::{Deactivated, Member, MemberQuery, Role, membership};
use trackside_engine::db::Tx;
use trackside_engine::handle::UserHandle;
use trackside_engine::paging::Page;

use crate::answer::{Answer, Done, Result};
use crate::app::App;
use crate::areas::auth::unlimited;
use crate::extract::{At, Auth, Json, Person, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let role = json!({ "role": "project_manager" });
    ApiRouter::new()
        .api_route("/members", get_with(list, doc("listMembers", "List the people of the workspace")))
        .api_route(
            "/members/{id}",
            get_with(get, doc("getMember", "Get a person of the workspace, with their profile"))
                .patch_with(change, doc_with("changeMember", "Give a member another role", role)),
        )
        .api_route(
            "/members/{id}/deactivate",
            post_with(deactivate, doc("deactivateMember", "End a member's access at once; what they made stays")),
        )
        .api_route(
            "/members/{id}/reactivate",
            post_with(reactivate, doc("reactivateMember", "Give a deactivated member their access back")),
        )
        .api_route(
            "/me/leave",
            post_with(leave, doc("leaveWorkspace", "Leave the workspace that one is in; what one made stays")),
        )
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<MemberQuery>,
) -> Result<Answer<Page<Member>>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(membership::list(&mut rx, &may, &query).await?))
}

async fn get(State(app): State<App>, Auth(cx): Auth, At(id): At<UserHandle>) -> Result<Answer<MemberProfile>> {
    let may = cx.actor.may_here()?;
    let id = id.of(&cx.actor)?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(profile::member(&mut rx, &may, id).await?))
}

/// What is to change of a member.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MemberPatch {
    /// What they are to be.
    role: Role,
}

async fn change(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<UserHandle>,
    Json(patch): Json<MemberPatch>,
) -> Result<Answer<Member>> {
    let may = cx.actor.may_here()?;
    let id = id.of(&cx.actor)?;
    let change = async move |tx: &mut Tx| membership::change_role(tx, &cx, &may, id, patch.role).await;
    Ok(Answer::new(app.db.write(change).await?))
}

async fn deactivate(State(app): State<App>, Auth(cx): Auth, At(id): At<UserHandle>) -> Result<Answer<Deactivated>> {
    let may = cx.actor.may_here()?;
    let id = id.of(&cx.actor)?;
    Ok(Answer::new(app.db.write(async move |tx: &mut Tx| membership::deactivate(tx, &cx, &may, id).await).await?))
}

async fn reactivate(State(app): State<App>, Auth(cx): Auth, At(id): At<UserHandle>) -> Result<Answer<Member>> {
    let may = cx.actor.may_here()?;
    let id = id.of(&cx.actor)?;
    Ok(Answer::new(app.db.write(async move |tx: &mut Tx| membership::reactivate(tx, &cx, &may, id).await).await?))
}

async fn leave(State(app): State<App>, Person(cx, _): Person) -> Result<Done> {
    unlimited(&cx.actor)?;
    app.db.write(async move |tx: &mut Tx| membership::leave(tx, &cx).await).await?;
    Ok(Done)
}
