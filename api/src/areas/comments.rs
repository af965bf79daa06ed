//! `/tasks/{id}/comments`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::TaskId;
use trackside_engine::paging::Page;
use trackside_engine::projects;
use trackside_engine::tasks::comments::{self, Comment, NewComment};

use super::PageQuery;
use crate::answer::{Answer, Created, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "body": "Reproduced with a *Visa* card." });
    ApiRouter::new().api_route(
        "/tasks/{id}/comments",
        get_with(list, doc("listComments", "List a task's comments, oldest first"))
            .post_with(create, doc_with("createComment", "Comment on a task", new)),
    )
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Page<Comment>>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(comments::list(&mut rx, &may, &id, &page.into()).await?))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Json(new): Json<NewComment>,
) -> Result<Created<Comment>> {
    let comment = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        comments::comment(tx, &cx, &cx.actor.may(project)?, &id, new).await
    };
    Ok(Answer::new(app.db.write(comment).await?))
}
