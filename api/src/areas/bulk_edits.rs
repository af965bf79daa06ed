//! `/tasks/bulk`.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use trackside_engine::bulk_edits::{Changed, NewBulkEdit, Undone, service};
use trackside_engine::ids::{BulkEditId, TaskId};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Request};
use crate::openapi::{doc, doc_with};
use crate::problem::{Problem, ProblemBody};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "filter": { "project": "WEB", "status": ["todo"] }, "patch": { "priority": "high" }, "dry_run": false });
    ApiRouter::new()
        .api_route(
            "/tasks/bulk",
            post_with(edit, doc_with("editTasksInBulk", "Change all tasks that a filter finds", new)),
        )
        .api_route("/tasks/bulk/{id}/undo", post_with(undo, doc("undoBulkEdit", "Undo one's own last bulk edit")))
}

/// What a bulk edit did, or would do.
#[derive(Debug, Serialize, JsonSchema)]
struct Edited {
    /// Its id, to undo it within 24 hours; null when it changed nothing.
    id: Option<BulkEditId>,
    /// How many tasks the filter finds.
    matched: i64,
    /// How many were changed; for a dry run, how many would be.
    changed: i64,
    /// Whether nothing was changed, only tried.
    dry_run: bool,
    /// Those that could not be changed.
    failed: Vec<Failed>,
}

/// A task that could not be changed.
#[derive(Debug, Serialize, JsonSchema)]
struct Failed {
    /// The task.
    task: TaskId,
    /// Why.
    #[schemars(with = "ProblemBody<'static>")]
    problem: Value,
}

async fn edit(
    State(app): State<App>,
    Auth(cx): Auth,
    request: Request,
    Json(new): Json<NewBulkEdit>,
) -> Result<Answer<Edited>> {
    let (may, dry_run) = (cx.actor.may_somewhere()?, new.dry_run);
    let Changed { id, matched, changed, failed } = service::edit(&app.db, &cx, &may, new).await?;
    let told = |(task, error)| {
        let problem = Problem::from(error);
        problem.log(&request.id);
        Failed { task, problem: problem.value() }
    };
    Ok(Answer::new(Edited { id, matched, changed, dry_run, failed: failed.into_iter().map(told).collect() }))
}

async fn undo(State(app): State<App>, Auth(cx): Auth, At(id): At<BulkEditId>) -> Result<Answer<Undone>> {
    Ok(Answer::new(service::undo(&app.db, &cx, id).await?))
}
