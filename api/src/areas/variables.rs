//! `/variables`: values that rules go by, of the workspace or of a project.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::ProjectId;
use trackside_engine::paging::{Page, PageRequest};
use trackside_engine::projects::place::place;
use trackside_engine::variables::{Variable, service};

use crate::answer::{Answer, Done, Result};
use crate::app::App;
use crate::extract::{Auth, Json, NameAt, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/variables",
            get_with(list, doc("listVariables", "List variables, in the order in which they were first set")),
        )
        .api_route(
            "/variables/{name}",
            get_with(find, doc("getVariable", "Get a variable of just this place"))
                .put_with(
                    set,
                    doc_with(
                        "setVariable",
                        "Set a variable; rules read it as `vars.NAME`",
                        json!({ "value": "https://ci.example.org" }),
                    ),
                )
                .delete_with(
                    delete,
                    doc("deleteVariable", "Delete a variable; rules read null for it from now on, or the workspace's"),
                ),
        )
}

/// Which page of the list, and of what.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Only those of this project, by id or key; those of the workspace and of all its projects when left out.
    pub project: Option<Handle<ProjectId>>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl ListQuery {
    /// The project, and the page.
    pub(super) fn split(self) -> (Option<Handle<ProjectId>>, PageRequest) {
        (self.project, PageRequest { limit: self.limit, cursor: self.cursor })
    }
}

/// Where a name is looked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceQuery {
    /// A project, by id or key; the workspace itself when left out.
    pub project: Option<Handle<ProjectId>>,
}

/// What a variable is set to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "VariableValue")]
struct NewValue {
    /// Any JSON, at most 8 KiB of it.
    value: Value,
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<ListQuery>,
) -> Result<Answer<Page<Variable>>> {
    let (project, page) = query.split();
    let mut rx = app.db.read().await?;
    let place = place(&mut rx, &cx, project.as_ref()).await?;
    Ok(Answer::new(service::list(&mut rx, &cx, &place, &page).await?))
}

async fn find(
    State(app): State<App>,
    Auth(cx): Auth,
    NameAt(name): NameAt<String>,
    Query(PlaceQuery { project }): Query<PlaceQuery>,
) -> Result<Answer<Variable>> {
    let mut rx = app.db.read().await?;
    let place = place(&mut rx, &cx, project.as_ref()).await?;
    Ok(Answer::new(service::find(&mut rx, &place, &name).await?))
}

async fn set(
    State(app): State<App>,
    Auth(cx): Auth,
    NameAt(name): NameAt<String>,
    Query(PlaceQuery { project }): Query<PlaceQuery>,
    Json(NewValue { value }): Json<NewValue>,
) -> Result<Answer<Variable>> {
    let set = async move |tx: &mut Tx| {
        let place = place(tx, &cx, project.as_ref()).await?;
        service::set(tx, &cx, &place, &name, &value).await
    };
    Ok(Answer::new(app.db.write(set).await?))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    NameAt(name): NameAt<String>,
    Query(PlaceQuery { project }): Query<PlaceQuery>,
) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let place = place(tx, &cx, project.as_ref()).await?;
        service::delete(tx, &cx, &place, &name).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}
