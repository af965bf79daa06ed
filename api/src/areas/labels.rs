//! `/labels`, and `/projects/{id}/labels/rename`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::TaskView;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::ProjectId;
use trackside_engine::paging::{Page, PageRequest};
use trackside_engine::projects;
use trackside_engine::tasks::labels::{self, Label, Renamed, Renaming};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let rename = json!({ "from": "billng", "to": "billing" });
    ApiRouter::new()
        .api_route("/labels", get_with(list, doc("listLabels", "List labels with how many tasks have each")))
        .api_route(
            "/projects/{id}/labels/rename",
            post_with(rename_all, doc_with("renameLabel", "Give a label of a project's tasks another name", rename)),
        )
}

/// Which labels.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Only those of this project's tasks, by id or key.
    project: Option<Handle<ProjectId>>,
    /// Only those that begin with this.
    prefix: Option<String>,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Whoever sees only a part of the workspace asks by project.
async fn list(State(app): State<App>, Auth(cx): Auth, Query(which): Query<Which>) -> Result<Answer<Page<Label>>> {
    let page = PageRequest { limit: which.limit, cursor: which.cursor };
    let mut rx = app.db.read().await?;
    let labels = match &which.project {
        Some(handle) => {
            let project = projects::service::find(&mut rx, cx.actor.workspace, handle).await?;
            let may = cx.actor.may::<TaskView, _>(project)?;
            labels::of_project(&mut rx, &may, which.prefix.as_deref(), &page).await?
        }
        None => labels::list(&mut rx, &cx.actor.may_here::<TaskView>()?, which.prefix.as_deref(), &page).await?,
    };
    Ok(Answer::new(labels))
}

async fn rename_all(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(renaming): Json<Renaming>,
) -> Result<Answer<Renamed>> {
    let rename = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        labels::rename(tx, &cx, &cx.actor.may(project)?, renaming).await
    };
    Ok(Answer::new(app.db.write(rename).await?))
}
