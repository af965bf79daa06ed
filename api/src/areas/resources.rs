//! `/resources`, `/absences`, `/allocations` and `/projects/{id}/allocations`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::ResourceView;
use trackside_engine::day::Day;
use trackside_engine::db::{Rx, Tx};
use trackside_engine::handle::{Handle, UserHandle};
use trackside_engine::ids::{AbsenceId, AllocationId, ProjectId};
use trackside_engine::paging::{Page, PageRequest};
use trackside_engine::projects;
use trackside_engine::resources::{
    Absence, AbsencePatch, AbsenceQuery, Allocation, AllocationPatch, NewAbsence, NewAllocation, ResourceQuery,
    Resources, service,
};

use super::PageQuery;
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let away = json!({ "from": "2026-12-21", "to": "2026-12-31", "part": "full", "kind": "vacation" });
    let plan =
        json!({ "user": "user_01h455vb4pex5vsknk084sn02q", "from": "2026-12-01", "to": "2026-12-18", "percent": 50 });
    ApiRouter::new()
        .api_route("/resources", get_with(list, doc("listResources", "List how full the days of people are")))
        .api_route(
            "/absences",
            get_with(absences, doc("listAbsences", "List absences, in the order they were entered"))
                .post_with(add_absence, doc_with("createAbsence", "Enter that somebody is away", away)),
        )
        .api_route(
            "/absences/{id}",
            get_with(absence, doc("getAbsence", "Get an absence"))
                .patch_with(
                    update_absence,
                    doc_with("updateAbsence", "Change an absence", json!({ "to": "2026-12-23" })),
                )
                .delete_with(delete_absence, doc("deleteAbsence", "Delete an absence")),
        )
        .api_route(
            "/projects/{id}/allocations",
            get_with(allocations, doc("listAllocations", "List who is planned for a project"))
                .post_with(allocate, doc_with("createAllocation", "Plan a person for a project or a task of it", plan)),
        )
        .api_route(
            "/allocations/{id}",
            get_with(allocation, doc("getAllocation", "Get an allocation"))
                .patch_with(
                    update_allocation,
                    doc_with("updateAllocation", "Change an allocation", json!({ "percent": 80 })),
                )
                .delete_with(release, doc("deleteAllocation", "Plan a person for a project no longer")),
        )
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// The first day; today (UTC) when left out.
    from: Option<Day>,
    /// The last day, at most a year after the first; four weeks in all when left out.
    to: Option<Day>,
    /// Only this person: an id, or `me`.
    user: Option<UserHandle>,
    /// 1 to 200 people; 25 when left out. Fewer for many days.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AbsencesQuery {
    /// Only those of this person: an id, or `me`.
    user: Option<UserHandle>,
    /// Only those that reach this day or later ones.
    from: Option<Day>,
    /// Only those that begin on this day or earlier ones.
    to: Option<Day>,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<ListQuery>,
) -> Result<Answer<Page<Resources>>> {
    let may = cx.actor.may_here::<ResourceView>()?;
    let ListQuery { from, to, user, limit, cursor } = query;
    let from = from.unwrap_or_else(|| Day::utc(cx.now()));
    let to = to.unwrap_or_else(|| from.plus(27));
    let user = user.map(|user| user.of(&cx.actor)).transpose()?;
    let (query, page) = (ResourceQuery { from, to, user }, PageRequest { limit, cursor });
    // Many days of many people: aside from where short requests wait.
    let read = async move |rx: &mut Rx| service::list(rx, &cx, &may, &query, &page).await;
    Ok(Answer::new(app.db.scan(read).await?))
}

async fn absences(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<AbsencesQuery>,
) -> Result<Answer<Page<Absence>>> {
    let may = cx.actor.may_here::<ResourceView>()?;
    let AbsencesQuery { user, from, to, limit, cursor } = query;
    let user = user.map(|user| user.of(&cx.actor)).transpose()?;
    let (query, page) = (AbsenceQuery { user, from, to }, PageRequest { limit, cursor });
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list_absences(&mut rx, &cx, &may, &query, &page).await?))
}

async fn add_absence(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewAbsence>) -> Result<Created<Absence>> {
    let may = cx.actor.may_here()?;
    let absence = app.db.write(async move |tx| service::add_absence(tx, &cx, &may, new).await).await?;
    let version = absence.version;
    Ok(Answer::new(absence).at(version))
}

async fn absence(State(app): State<App>, Auth(cx): Auth, At(id): At<AbsenceId>) -> Result<Answer<Absence>> {
    let may = cx.actor.may_here::<ResourceView>()?;
    let mut rx = app.db.read().await?;
    let absence = service::find_absence(&mut rx, &cx, &may, id).await?;
    let version = absence.version;
    Ok(Answer::new(absence).at(version))
}

async fn update_absence(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<AbsenceId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<AbsencePatch>,
) -> Result<Answer<Absence>> {
    let may = cx.actor.may_here()?;
    let change = async move |tx: &mut Tx| service::update_absence(tx, &cx, &may, id, seen, patch).await;
    let absence = app.db.write(change).await?;
    let version = absence.version;
    Ok(Answer::new(absence).at(version))
}

async fn delete_absence(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<AbsenceId>,
    IfMatch(seen): IfMatch,
) -> Result<Done> {
    let may = cx.actor.may_here()?;
    app.db.write(async move |tx| service::delete_absence(tx, &cx, &may, id, seen).await).await?;
    Ok(Done)
}

async fn allocations(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Page<Allocation>>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    Ok(Answer::new(service::list_allocations(&mut rx, &cx.actor.may(project)?, &page.into()).await?))
}

async fn allocate(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(new): Json<NewAllocation>,
) -> Result<Created<Allocation>> {
    let allocate = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::allocate(tx, &cx, &cx.actor.may(project)?, new).await
    };
    let allocation = app.db.write(allocate).await?;
    let version = allocation.version;
    Ok(Answer::new(allocation).at(version))
}

async fn allocation(State(app): State<App>, Auth(cx): Auth, At(id): At<AllocationId>) -> Result<Answer<Allocation>> {
    let mut rx = app.db.read().await?;
    let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
    let allocation = service::find_allocation(&mut rx, &cx.actor.may(project)?, id).await?;
    let version = allocation.version;
    Ok(Answer::new(allocation).at(version))
}

async fn update_allocation(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<AllocationId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<AllocationPatch>,
) -> Result<Answer<Allocation>> {
    let change = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::update_allocation(tx, &cx, &cx.actor.may(project)?, id, seen, patch).await
    };
    let allocation = app.db.write(change).await?;
    let version = allocation.version;
    Ok(Answer::new(allocation).at(version))
}

async fn release(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<AllocationId>,
    IfMatch(seen): IfMatch,
) -> Result<Done> {
    let release = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::release(tx, &cx, &cx.actor.may(project)?, id, seen).await
    };
    app.db.write(release).await?;
    Ok(Done)
}
