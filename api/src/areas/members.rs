//! `/members`: who belongs to the workspace.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use trackside_engine::access::{Member, members};
use trackside_engine::paging::Page;

use super::{ById, PageQuery};
use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{Auth, Query};
use crate::openapi::doc;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route("/members", get_with(list, doc("listMembers", "List the people of the workspace")))
}

async fn list(State(app): State<App>, Auth(cx): Auth, Query(query): Query<PageQuery>) -> Result<Answer<Page<Member>>> {
    let may = cx.actor.may_here()?;
    let page = ById::new(query.limit, query.cursor.as_deref())?;
    let mut rx = app.db.read().await?;
    let items = members::list(&mut rx, &may, page.after, page.fetch()).await?;
    Ok(Answer::new(page.page(items, |member| member.id)))
}
