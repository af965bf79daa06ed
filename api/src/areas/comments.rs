//! `/tasks/{id}/comments` and `/comments/{id}`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::TaskView;
use trackside_engine::comments::{Comment, CommentPatch, CommentQuery, EarlierComment, NewComment, service};
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{CommentId, TaskId};
use trackside_engine::paging::Page;
use trackside_engine::projects;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "body": "Reproduced with a *Visa* card." });
    let change = json!({ "body": "Reproduced with *every* card." });
    ApiRouter::new()
        .api_route(
            "/tasks/{id}/comments",
            get_with(list, doc("listComments", "List a task's comments, oldest first unless asked otherwise"))
                .post_with(create, doc_with("createComment", "Comment on a task", new)),
        )
        .api_route(
            "/comments/{id}",
            get_with(find, doc("getComment", "Get a comment"))
                .patch_with(edit, doc_with("updateComment", "Change what a comment says", change))
                .delete_with(delete, doc("deleteComment", "Delete a comment; its place stays")),
        )
        .api_route(
            "/comments/{id}/history",
            get_with(history, doc("getCommentHistory", "List what a comment said before, for moderators")),
        )
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Query(query): Query<CommentQuery>,
) -> Result<Answer<Page<Comment>>> {
    let may = cx.actor.may_somewhere::<TaskView>()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, &may, &id, &query).await?))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Json(new): Json<NewComment>,
) -> Result<Created<Comment>> {
    let comment = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        service::comment(tx, &cx, &cx.actor.may(project)?, &id, new).await
    };
    let comment = app.db.write(comment).await?;
    let version = comment.version;
    Ok(Answer::new(comment).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<CommentId>) -> Result<Answer<Comment>> {
    let mut rx = app.db.read().await?;
    let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
    let comment = service::find(&mut rx, &cx.actor.may(project)?, id).await?;
    let version = comment.version;
    Ok(Answer::new(comment).at(version))
}

async fn edit(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<CommentId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<CommentPatch>,
) -> Result<Answer<Comment>> {
    let edit = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::edit(tx, &cx, &cx.actor.may(project)?, id, seen, patch).await
    };
    let comment = app.db.write(edit).await?;
    let version = comment.version;
    Ok(Answer::new(comment).at(version))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<CommentId>, IfMatch(seen): IfMatch) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx, &cx.actor.may(project)?, id, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

/// All of it on one page: a comment is edited at most 200 times.
async fn history(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<CommentId>,
) -> Result<Answer<Page<EarlierComment>>> {
    let mut rx = app.db.read().await?;
    let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
    let items = service::history(&mut rx, &cx.actor.may(project)?, id).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}
