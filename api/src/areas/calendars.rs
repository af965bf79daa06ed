//! `/calendar`, `/projects/{id}/calendar` and `/projects/{id}/plan`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::ProjectId;
use trackside_engine::planning::{NewPlanSettings, PlanSettings, WorkCalendar, WorkingTime, plans};
use trackside_engine::{Cx, projects};

use crate::answer::{Answer, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let day = json!([{ "from": "09:00", "to": "12:00" }, { "from": "13:00", "to": "17:30" }]);
    let calendar = json!({ "time_zone": "Europe/Berlin",
        "hours": { "monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": [{ "from": "09:00", "to": "13:00" }] },
        "exceptions": [{ "from": "2026-12-24", "to": "2026-12-31", "name": "Christmas", "hours": [] }] });
    let plan = json!({ "start_at": "2026-03-02T08:00:00Z", "status_at": "2026-03-13T16:00:00Z" });
    ApiRouter::new()
        .api_route(
            "/calendar",
            get_with(usual, doc("getCalendar", "Get when work is done in the workspace")).put_with(
                set_usual,
                doc_with("setCalendar", "Say when work is done in the workspace", calendar.clone()),
            ),
        )
        .api_route(
            "/projects/{id}/calendar",
            get_with(find, doc("getProjectCalendar", "Get when work is done in a project"))
                .put_with(set, doc_with("setProjectCalendar", "Say when work is done in a project", calendar))
                .delete_with(clear, doc("deleteProjectCalendar", "Leave a project's working time to the workspace")),
        )
        .api_route(
            "/projects/{id}/plan",
            get_with(plan_of, doc("getPlan", "Get from when and as of when a project is planned"))
                .put_with(set_plan, doc_with("setPlan", "Say from when and as of when a project is planned", plan)),
        )
}

async fn usual(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<WorkCalendar>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    versioned(plans::workspace_calendar(&mut rx, &may).await?)
}

async fn set_usual(
    State(app): State<App>,
    Auth(cx): Auth,
    IfMatch(seen): IfMatch,
    Json(new): Json<WorkingTime>,
) -> Result<Answer<WorkCalendar>> {
    let may = cx.actor.may_here()?;
    let set = async move |tx: &mut Tx| plans::set_workspace_calendar(tx, &cx, &may, seen, new).await;
    versioned(app.db.write(set).await?)
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Answer<WorkCalendar>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    versioned(plans::calendar(&mut rx, &cx.actor.may(project)?).await?)
}

async fn set(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    IfMatch(seen): IfMatch,
    Json(new): Json<WorkingTime>,
) -> Result<Answer<WorkCalendar>> {
    versioned(change(app, cx, id, seen, Some(new)).await?)
}

async fn clear(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    IfMatch(seen): IfMatch,
) -> Result<Done> {
    change(app, cx, id, seen, None).await?;
    Ok(Done)
}

async fn change(
    app: App,
    cx: Cx,
    id: Handle<ProjectId>,
    seen: Option<i64>,
    new: Option<WorkingTime>,
) -> Result<WorkCalendar> {
    let change = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        plans::set_calendar(tx, &cx, &cx.actor.may(project)?, seen, new).await
    };
    Ok(app.db.write(change).await?)
}

fn versioned(calendar: WorkCalendar) -> Result<Answer<WorkCalendar>> {
    let version = calendar.version;
    Ok(Answer::new(calendar).at(version))
}

async fn plan_of(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
) -> Result<Answer<PlanSettings>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let settings = plans::settings(&mut rx, &cx.actor.may(project)?).await?;
    let version = settings.version;
    Ok(Answer::new(settings).at(version))
}

async fn set_plan(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    IfMatch(seen): IfMatch,
    Json(new): Json<NewPlanSettings>,
) -> Result<Answer<PlanSettings>> {
    let set = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        plans::set_settings(tx, &cx, &cx.actor.may(project)?, seen, new).await
    };
    let settings = app.db.write(set).await?;
    let version = settings.version;
    Ok(Answer::new(settings).at(version))
}
