//! `/schedules/preview`.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::extract::State;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trackside_engine::{Error, schedules};
use trackside_rules::schedule::{Fold, Gap, Timetable, Written, Wrong, local, zone};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{Auth, Json};
use crate::openapi::doc_with;
use crate::problem::Problem;

pub(super) fn routes() -> ApiRouter<App> {
    let preview_of =
        json!({ "cron": "30 2 * * *", "tz": "Europe/Berlin", "from": "2026-03-28T00:00:00+01:00", "count": 3 });
    ApiRouter::new().api_route(
        "/schedules/preview",
        post_with(preview, doc_with("previewSchedule", "Show when a schedule would be due", preview_of)),
    )
}

/// The most times of a preview.
const MOST: usize = 1_000;
/// So many times are held against a calendar.
const LOOKED_AT: usize = 20_000;

/// A schedule, as the trigger `schedule` of a rule has it, and how many of its times are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SchedulePreview {
    /// A cron line of five fields, or six with the second before the minute.
    #[serde(default)]
    cron: Option<String>,
    /// An interval such as `15m`, counted from `start`, or else from 1970-01-01T00:00:00Z.
    #[serde(default)]
    every: Option<String>,
    /// One moment: RFC 3339.
    #[serde(default)]
    once: Option<String>,
    /// A rule of RFC 5545: `FREQ=WEEKLY;BYDAY=MO`.
    #[serde(default)]
    rrule: Option<String>,
    /// When a recurrence or an interval begins. A recurrence without it begins with `from`, which is then its first time.
    #[serde(default)]
    start: Option<String>,
    /// The zone whose clock it follows; `UTC` when left out.
    #[serde(default)]
    tz: Option<String>,
    /// What happens to a time that the clock skips.
    #[serde(default)]
    gap: Option<Gap>,
    /// What happens to a time that the clock shows twice.
    #[serde(default)]
    fold: Option<Fold>,
    /// Whose working calendar leaves days out: `workspace`, or the key or id of a project.
    #[serde(default)]
    exclude: Option<String>,
    /// Times after this are shown: RFC 3339, or without an offset on the clock of the zone. Now when left out.
    #[serde(default)]
    from: Option<String>,
    /// 1 to 1,000 times; 10 when left out.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 1000))]
    count: i64,
}

fn ten() -> i64 {
    10
}

/// The times, in order.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScheduleTimes")]
struct Times {
    /// RFC 3339 with the offset of the zone. Fewer than were asked for mean that there are no more.
    times: Vec<String>,
}

async fn preview(State(app): State<App>, Auth(cx): Auth, Json(body): Json<SchedulePreview>) -> Result<Answer<Times>> {
    let count = usize::try_from(body.count).ok().filter(|count| (1..=MOST).contains(count));
    let count = count.ok_or_else(|| Error::field("/count", format!("must be 1 to {MOST}")))?;
    let (timetable, after) = read(&body, cx.now()).map_err(refused)?;
    let days = match body.exclude.as_deref() {
        Some(exclude) => Some(schedules::service::calendar(&mut *app.db.read().await?, &cx.actor, exclude).await?),
        None => None,
    };
    // A schedule that is rare is looked for in many days: aside from where short requests wait.
    let find = move || {
        let counted = timetable.after(after).take(LOOKED_AT);
        let counted = counted.filter(|time| days.as_ref().is_none_or(|days| days.works_at(time.to_utc())));
        let shown = counted.take(count);
        shown.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).collect()
    };
    let times = tokio::task::spawn_blocking(find).await;
    Ok(Answer::new(Times { times: times.map_err(|error| Problem::internal(error.to_string()))? }))
}

/// The schedule, and after when its times are wanted.
fn read(body: &SchedulePreview, now: DateTime<Utc>) -> std::result::Result<(Timetable, DateTime<Utc>), Wrong> {
    let every = body.every.as_deref().map(str::parse).transpose();
    let every = every.map_err(|message| Wrong { field: "every", message })?;
    let tz = zone(body.tz.as_deref().unwrap_or("UTC"))?;
    let from = match body.from.as_deref() {
        None => now,
        Some(text) => match DateTime::parse_from_rfc3339(text) {
            // Kept as it is: on the clock of a zone it may be one of two.
            Ok(from) => from.to_utc(),
            Err(_) => {
                trackside_rules::recurrence::instant(tz, local("from", text, tz)?).map_or(now, |from| from.to_utc())
            }
        },
    };
    let begins = body.rrule.is_some() && body.start.is_none();
    let first = from.to_rfc3339_opts(SecondsFormat::Secs, true);
    let written = Written {
        cron: body.cron.as_deref(),
        every,
        once: body.once.as_deref(),
        rrule: body.rrule.as_deref(),
        start: if begins { Some(&first) } else { body.start.as_deref() },
        tz: body.tz.as_deref(),
        gap: body.gap,
        fold: body.fold,
    };
    Ok((Timetable::read(written)?, if begins { from - TimeDelta::seconds(1) } else { from }))
}

fn refused(wrong: Wrong) -> Error {
    Error::field(format!("/{}", wrong.field), wrong.message)
}
