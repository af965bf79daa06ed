//! `/projects/{id}/fields`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::TaskView;
use trackside_engine::db::Tx;
use trackside_engine::fields::{Field, FieldPatch, NewField, service};
use trackside_engine::handle::Handle;
use trackside_engine::ids::ProjectId;
use trackside_engine::paging::Page;
use trackside_engine::projects;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, FieldKey, IfMatch, Json};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "key": "severity", "name": "Severity", "type": "select",
        "options": [{ "key": "high", "name": "High" }, { "key": "low", "name": "Low" }] });
    let change =
        json!({ "name": "How bad", "options": [{ "key": "high", "name": "Very" }], "replace": { "low": "high" } });
    ApiRouter::new()
        .api_route(
            "/projects/{id}/fields",
            get_with(list, doc("listFields", "List the custom fields of a project, in the order they were defined"))
                .post_with(create, doc_with("createField", "Define a custom field", new)),
        )
        .api_route(
            "/projects/{id}/fields/{field}",
            get_with(find, doc("getField", "Get a custom field by its key"))
                .patch_with(update, doc_with("updateField", "Change a custom field", change))
                .delete_with(delete, doc("deleteField", "Delete a custom field and its values")),
        )
}

/// All of them on one page: a project has at most 100.
async fn list(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Answer<Page<Field>>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let items = service::list(&mut rx, &cx.actor.may::<TaskView, _>(project)?).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(new): Json<NewField>,
) -> Result<Created<Field>> {
    let create = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::create(tx, &cx, &cx.actor.may(project)?, new).await
    };
    let field = app.db.write(create).await?;
    let version = field.version;
    Ok(Answer::new(field).at(version))
}

async fn find(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    FieldKey(key): FieldKey<String>,
) -> Result<Answer<Field>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let field = service::get(&mut rx, &cx.actor.may::<TaskView, _>(project)?, &key).await?;
    let version = field.version;
    Ok(Answer::new(field).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    FieldKey(key): FieldKey<String>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<FieldPatch>,
) -> Result<Answer<Field>> {
    let change = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::update(tx, &cx, &cx.actor.may(project)?, &key, seen, patch).await
    };
    let field = app.db.write(change).await?;
    let version = field.version;
    Ok(Answer::new(field).at(version))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    FieldKey(key): FieldKey<String>,
) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::delete(tx, &cx, &cx.actor.may(project)?, &key).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}
