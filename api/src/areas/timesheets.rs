//! `/timesheets`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::{TimeManage, TimeView};
use trackside_engine::day::{Day, Week};
use trackside_engine::db::Rx;
use trackside_engine::handle::UserHandle;
use trackside_engine::paging::Page;
use trackside_engine::timesheets::export::{Wanted, csv};
use trackside_engine::timesheets::{Decision, Timesheet, TimesheetRef, WeekOf, service};

use super::PageQuery;
use crate::answer::{Answer, Csv, Result};
use crate::app::App;
use crate::extract::{Auth, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let (own, whose) = (json!({ "week": "2026-W48" }), "user_01h455vb4pex5vsknk084sn02q");
    let decision = json!({ "user": whose, "week": "2026-W48" });
    let because = json!({ "user": whose, "week": "2026-W48", "reason": "Tuesday is missing" });
    ApiRouter::new()
        .api_route(
            "/timesheets",
            get_with(find, doc("getTimesheet", "Get a person's week; one's own and this one when nothing is said")),
        )
        .api_route(
            "/timesheets/submitted",
            get_with(submitted, doc("listSubmittedTimesheets", "List the weeks that wait for a manager, oldest first")),
        )
        .api_route(
            "/timesheets/export",
            get_with(
                export,
                doc("exportTimesheets", "Export time as CSV; with what it costs, for those who may see that"),
            ),
        )
        .api_route("/timesheets/submit", post_with(submit, doc_with("submitTimesheet", "Submit a week", own.clone())))
        .api_route(
            "/timesheets/approve",
            post_with(approve, doc_with("approveTimesheet", "Approve a week that was submitted", decision)),
        )
        .api_route(
            "/timesheets/reject",
            post_with(reject, doc_with("rejectTimesheet", "Hand back a week that was submitted", because)),
        )
        .api_route(
            "/timesheets/reopen",
            post_with(reopen, doc_with("reopenTimesheet", "Take back a week that was submitted or approved", own)),
        )
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FindQuery {
    /// Whose week: an id, or `me`; whoever asks, when left out.
    user: Option<UserHandle>,
    /// The week: `2026-W48`; this one, where the person lives, when left out.
    week: Option<Week>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// The first day; 30 days before the last one when left out.
    from: Option<Day>,
    /// The last day, at most a year after the first; today (UTC) when left out.
    to: Option<Day>,
    /// Whose time: an id, or `me`; when left out everybody's, for who may manage time, otherwise one's own.
    user: Option<UserHandle>,
}

async fn find(State(app): State<App>, Auth(cx): Auth, Query(query): Query<FindQuery>) -> Result<Answer<Timesheet>> {
    let may = cx.actor.may_here::<TimeView>()?;
    let user = query.user.map(|user| user.of(&cx.actor)).transpose()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::find(&mut rx, &cx, &may, user, query.week).await?))
}

async fn submitted(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Page<TimesheetRef>>> {
    let may = cx.actor.may_here::<TimeManage>()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::submitted(&mut rx, &may, &page.into()).await?))
}

async fn export(State(app): State<App>, Auth(cx): Auth, Query(query): Query<ExportQuery>) -> Result<Csv> {
    let may = cx.actor.may_here::<TimeView>()?;
    let to = query.to.unwrap_or_else(|| Day::utc(cx.now()));
    let from = query.from.unwrap_or_else(|| to.minus(30));
    let name = format!("time-{from}-{to}.csv");
    let user = query.user.map(|user| user.of(&cx.actor)).transpose()?;
    let wanted = Wanted { from, to, user };
    let text = app.db.scan(async move |rx: &mut Rx| csv(rx, &cx, &may, wanted).await).await?;
    Ok(Csv { name, text })
}

async fn submit(State(app): State<App>, Auth(cx): Auth, Json(of): Json<WeekOf>) -> Result<Answer<TimesheetRef>> {
    let may = cx.actor.may_here()?;
    Ok(Answer::new(app.db.write(async move |tx| service::submit(tx, &cx, &may, of).await).await?))
}

async fn approve(State(app): State<App>, Auth(cx): Auth, Json(on): Json<Decision>) -> Result<Answer<TimesheetRef>> {
    let may = cx.actor.may_here()?;
    Ok(Answer::new(app.db.write(async move |tx| service::approve(tx, &cx, &may, on).await).await?))
}

async fn reject(State(app): State<App>, Auth(cx): Auth, Json(on): Json<Decision>) -> Result<Answer<TimesheetRef>> {
    let may = cx.actor.may_here()?;
    Ok(Answer::new(app.db.write(async move |tx| service::reject(tx, &cx, &may, on).await).await?))
}

async fn reopen(State(app): State<App>, Auth(cx): Auth, Json(of): Json<WeekOf>) -> Result<Answer<TimesheetRef>> {
    let may = cx.actor.may_here()?;
    Ok(Answer::new(app.db.write(async move |tx| service::reopen(tx, &cx, &may, of).await).await?))
}
