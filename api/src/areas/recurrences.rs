//! `/projects/{id}/recurrences`, `/recurrences/{id}` and `/recurrences/preview`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use chrono::SecondsFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trackside_engine::Error;
use trackside_engine::access::RecurrenceView;
use trackside_engine::access::permissions::RecurrenceEdit;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{ProjectId, RecurrenceId};
use trackside_engine::paging::Page;
use trackside_engine::projects;
use trackside_engine::recurrences::service::Soon;
use trackside_engine::recurrences::{NewRecurrence, Pattern, Recurrence, RecurrencePatch, service};

use super::PageQuery;
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query};
use crate::openapi::{doc, doc_with};
use crate::problem::Problem;

pub(super) fn routes() -> ApiRouter<App> {
    let preview_of = json!({ "rrule": "FREQ=MONTHLY;BYDAY=-1FR", "dtstart": "2026-03-01T16:00:00", "tz": "Europe/Berlin", "count": 6 });
    let new = json!({ "name": "Stand-up", "rrule": "FREQ=WEEKLY;BYDAY=MO,WE,FR", "dtstart": "2026-03-02T09:30:00", "tz": "Europe/Berlin",
        "task": { "title": "Stand-up of {{ date }}", "due_in": "15m" } });
    let change = json!({ "paused": true });
    ApiRouter::new()
        .api_route(
            "/projects/{id}/recurrences",
            get_with(list, doc("listRecurrences", "List a project's recurring tasks, oldest first"))
                .post_with(create, doc_with("createRecurrence", "Set a recurring task up", new)),
        )
        .api_route(
            "/recurrences/{id}",
            get_with(find, doc("getRecurrence", "Get a recurring task"))
                .patch_with(update, doc_with("updateRecurrence", "Change, pause or resume a recurring task", change))
                .delete_with(delete, doc("deleteRecurrence", "Take a recurring task down; what it made stays")),
        )
        .api_route(
            "/recurrences/preview",
            post_with(preview, doc_with("previewRecurrence", "Show when something would recur", preview_of)),
        )
}

/// The most times of a preview.
const MOST: usize = 1_000;

/// What would recur, and how many of its times are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Preview {
    /// A rule of RFC 5545: `FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH`.
    rrule: String,
    /// When it begins: RFC 3339, or without an offset on the clock of the zone.
    dtstart: String,
    /// The zone whose clock it follows; `UTC` when left out.
    #[serde(default = "utc")]
    tz: String,
    /// Further times.
    #[serde(default)]
    rdates: Vec<String>,
    /// Times that are left out.
    #[serde(default)]
    exdates: Vec<String>,
    /// 1 to 1,000 times; 10 when left out.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 1000))]
    count: i64,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn ten() -> i64 {
    10
}

/// The times, in order.
#[derive(Debug, Serialize, JsonSchema)]
struct Times {
    /// RFC 3339 with the offset of the zone. Fewer than were asked for mean that there are no more.
    times: Vec<String>,
}

async fn preview(Auth(_): Auth, Json(body): Json<Preview>) -> Result<Answer<Times>> {
    let count = usize::try_from(body.count).ok().filter(|count| (1..=MOST).contains(count));
    let count = count.ok_or_else(|| Error::field("/count", format!("must be 1 to {MOST}")))?;
    let Preview { rrule, dtstart, tz, rdates, exdates, .. } = &body;
    let recurrence = Pattern { rrule, dtstart, tz, rdates, exdates }.read()?;
    // A rule that is rare is looked for in many days: aside from where short requests wait.
    let find = move || {
        let shown = recurrence.times().take(count);
        shown.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).collect()
    };
    let times = tokio::task::spawn_blocking(find).await;
    Ok(Answer::new(Times { times: times.map_err(|error| Problem::internal(error.to_string()))? }))
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Page<Recurrence>>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let may = cx.actor.may::<RecurrenceView, _>(project)?;
    Ok(Answer::new(service::list(&mut rx, &may, &page.into()).await?))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(new): Json<NewRecurrence>,
) -> Result<Created<Recurrence>> {
    {
        // Nobody makes the server search who may not keep what is found.
        let project = projects::service::find(&mut *app.db.read().await?, cx.actor.workspace, &id).await?;
        cx.actor.may::<RecurrenceEdit, _>(project)?;
    }
    let soon = Soon::of(&new, cx.now()).await?;
    let create = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::create(tx, &cx, &cx.actor.may(project)?, new, &soon).await
    };
    let recurrence = app.db.write(create).await?;
    let version = recurrence.version;
    Ok(Answer::new(recurrence).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<RecurrenceId>) -> Result<Answer<Recurrence>> {
    let mut rx = app.db.read().await?;
    let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
    let recurrence = service::get(&mut rx, &cx.actor.may::<RecurrenceView, _>(project)?, id).await?;
    let version = recurrence.version;
    Ok(Answer::new(recurrence).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RecurrenceId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<RecurrencePatch>,
) -> Result<Answer<Recurrence>> {
    let known = {
        let mut rx = app.db.read().await?;
        let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
        cx.actor.may::<RecurrenceEdit, _>(project.clone())?;
        service::get(&mut rx, &cx.actor.may::<RecurrenceView, _>(project)?, id).await?
    };
    let soon = Soon::of_patch(&known, &patch, cx.now()).await?;
    let change = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::update(tx, &cx, &cx.actor.may(project)?, id, seen, patch, &soon).await
    };
    let recurrence = app.db.write(change).await?;
    let version = recurrence.version;
    Ok(Answer::new(recurrence).at(version))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RecurrenceId>,
    IfMatch(seen): IfMatch,
) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx, &cx.actor.may(project)?, id, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}
