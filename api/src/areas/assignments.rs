//! `/assignments`: who may do what where.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::Error;
use trackside_engine::db::Tx;
use trackside_engine::grants::{Assignment, AssignmentQuery, NewAssignment, On, service};
use trackside_engine::handle::UserHandle;
use trackside_engine::ids::{AssignmentId, GroupId};
use trackside_engine::paging::{Page, PageRequest};

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "user": "user_01h455vb4pex5vsknk084sn02q", "role": "project_manager", "on": "WEB", "ends_at": "2036-12-31T17:00:00Z", "note": "while Ana is away" });
    ApiRouter::new()
        .api_route(
            "/assignments",
            get_with(list, doc("listAssignments", "List who may do what where, oldest first")).post_with(
                create,
                doc_with("createAssignment", "Give somebody a role or a permission, or take it", new),
            ),
        )
        .api_route("/assignments/{id}", delete_with(end, doc("endAssignment", "End an assignment")))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only those that concern this person directly: an id, or `me`.
    user: Option<UserHandle>,
    /// Only those that concern this group.
    group: Option<GroupId>,
    /// Only those on this place: `workspace`, a project by id or key, or the id of a task or a rule.
    on: Option<String>,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(asked): Query<ListQuery>,
) -> Result<Answer<Page<Assignment>>> {
    let may = cx.actor.may_here()?;
    let wrong = |message: String| Error::invalid("invalid_parameter", format!("`on` {message}"));
    let on = asked.on.map(|on| on.parse::<On>().map_err(wrong)).transpose()?;
    let user = asked.user.map(|user| user.of(&cx.actor)).transpose()?;
    let query = AssignmentQuery { user, group: asked.group, on };
    let page = PageRequest { limit: asked.limit, cursor: asked.cursor };
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, &may, &query, &page).await?))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewAssignment>) -> Result<Created<Assignment>> {
    Ok(Answer::new(app.db.write(async move |tx: &mut Tx| service::assign(tx, &cx, new).await).await?))
}

async fn end(State(app): State<App>, Auth(cx): Auth, At(id): At<AssignmentId>) -> Result<Done> {
    app.db.write(async move |tx: &mut Tx| service::end(tx, &cx, id).await).await?;
    Ok(Done)
}
