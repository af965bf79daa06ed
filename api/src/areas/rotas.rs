//! `/rotas`.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::RotaView;
use trackside_engine::db::Tx;
use trackside_engine::ids::{RotaId, RotaOverrideId};
use trackside_engine::paging::Page;
use trackside_engine::rotas::{NewOverride, NewRota, OnCall, OnCallQuery, Override, Rota, service};

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, OverrideAt, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let user = "user_01h455vb4pex5vsknk084sn02q";
    let new = json!({ "name": "Support", "people": [user],
        "rotation": { "start": "2026-01-05T09:00:00", "tz": "Europe/Berlin", "every": "1w" } });
    let instead = json!({ "user": user, "from": "2026-12-24T08:00:00Z", "to": "2026-12-27T08:00:00Z" });
    ApiRouter::new()
        .api_route(
            "/rotas",
            get_with(list, doc("listRotas", "List the on-call rotas"))
                .post_with(create, doc_with("createRota", "Make an on-call rota", new.clone())),
        )
        .api_route(
            "/rotas/{id}",
            get_with(find, doc("getRota", "Get an on-call rota"))
                .put_with(replace, doc_with("replaceRota", "Say an on-call rota anew; its overrides stay", new))
                .delete_with(delete, doc("deleteRota", "Delete an on-call rota with its overrides")),
        )
        .api_route("/rotas/{id}/on-call", get_with(on_call, doc("getOnCall", "Who is on call at a moment")))
        .api_route(
            "/rotas/{id}/overrides",
            get_with(overrides, doc("listRotaOverrides", "List who is on call instead, as far as it is not over"))
                .post_with(put_in, doc_with("createRotaOverride", "Put somebody else on call for a while", instead)),
        )
        .api_route(
            "/rotas/{id}/overrides/{override}",
            delete_with(take_out, doc("deleteRotaOverride", "Take back that somebody is on call instead")),
        )
}

async fn list(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<Rota>>> {
    let may = cx.actor.may_here::<RotaView>()?;
    let items = service::list(&mut *app.db.read().await?, &may).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewRota>) -> Result<Created<Rota>> {
    let may = cx.actor.may_here()?;
    let rota = app.db.write(async move |tx: &mut Tx| service::create(tx, &cx, &may, new).await).await?;
    let version = rota.version;
    Ok(Answer::new(rota).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<RotaId>) -> Result<Answer<Rota>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RotaView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?;
    let rota = may.into_resource();
    let version = rota.version;
    Ok(Answer::new(rota).at(version))
}

async fn replace(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RotaId>,
    IfMatch(seen): IfMatch,
    Json(new): Json<NewRota>,
) -> Result<Answer<Rota>> {
    let replace = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::replace(tx, &cx, &cx.actor.may(known)?, seen, new).await
    };
    let rota = app.db.write(replace).await?;
    let version = rota.version;
    Ok(Answer::new(rota).at(version))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<RotaId>, IfMatch(seen): IfMatch) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx, &cx.actor.may(known)?, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

async fn on_call(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RotaId>,
    Query(query): Query<OnCallQuery>,
) -> Result<Answer<OnCall>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RotaView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?;
    Ok(Answer::new(service::on_call(&mut rx, &may, query.at.unwrap_or_else(|| cx.now())).await?))
}

async fn overrides(State(app): State<App>, Auth(cx): Auth, At(id): At<RotaId>) -> Result<Answer<Page<Override>>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RotaView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?;
    let items = service::overrides(&mut rx, &cx, &may).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn put_in(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RotaId>,
    Json(new): Json<NewOverride>,
) -> Result<Created<Override>> {
    let add = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::add_override(tx, &cx, &cx.actor.may(known)?, new).await
    };
    Ok(Answer::new(app.db.write(add).await?))
}

async fn take_out(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RotaId>,
    OverrideAt(which): OverrideAt<RotaOverrideId>,
) -> Result<Done> {
    let take = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::delete_override(tx, &cx, &cx.actor.may(known)?, which).await
    };
    app.db.write(take).await?;
    Ok(Done)
}
