//! `/connections`: credentials for outside services, referred to by name and never shown again.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::ConnectionManage;
use trackside_engine::connections::{Connection, NewConnection, service};
use trackside_engine::db::Tx;
use trackside_engine::ids::ConnectionId;
use trackside_engine::paging::Page;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "kind": "slack", "name": "default", "token": "xoxb-…" });
    ApiRouter::new()
        .api_route(
            "/connections",
            get_with(list, doc("listConnections", "List connections, oldest first"))
                .post_with(create, doc_with("createConnection", "Make a connection", new)),
        )
        .api_route(
            "/connections/{id}",
            get_with(find, doc("getConnection", "Get a connection, without its token")).delete_with(
                delete,
                doc("deleteConnection", "Delete a connection; steps that need it fail from now on"),
            ),
        )
}

async fn list(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<Connection>>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(Page { items: service::list(&mut rx, &may).await?, next_cursor: None, total: None }))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewConnection>) -> Result<Created<Connection>> {
    let (may, vault) = (cx.actor.may_here()?, app.vault.clone());
    let create = async move |tx: &mut Tx| service::create(tx, &cx, &vault, &may, new).await;
    Ok(Answer::new(app.db.write(create).await?))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<ConnectionId>) -> Result<Answer<Connection>> {
    let mut rx = app.db.read().await?;
    let connection = service::get(&mut rx, cx.actor.workspace, id).await?;
    Ok(Answer::new(cx.actor.may::<ConnectionManage, _>(connection)?.into_resource()))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<ConnectionId>) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let connection = service::get(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx.actor.may(connection)?).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}
