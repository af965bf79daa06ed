//! The public verbs of timesheets.

use serde_json::Value;

use super::events::{TimesheetApproved, TimesheetRejected, TimesheetReopened, TimesheetSubmitted};
use super::model::{
    Decision, MAX_LINES, MAX_REASON, Stored, Timesheet, TimesheetDay, TimesheetLine, TimesheetRef, TimesheetState,
    WeekOf,
};
use super::store;
use crate::access::permissions::{Granted, TimeLog, TimeManage, TimeView, Workspace};
use crate::cx::Cx;
use crate::day::{Day, Week};
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::ids::{UserId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest, bad_cursor};
use crate::projects::members;
use crate::{Error, Result, time_entries};

/// A week of a person: this week and one's own, when nothing is said. That of others wants `time.manage`.
pub async fn find(
    rx: &mut Rx,
    cx: &Cx,
    may: &Granted<TimeView, Workspace>,
    user: Option<UserId>,
    week: Option<Week>,
) -> Result<Timesheet> {
    let workspace = may.resource().0;
    let user = whose(rx, cx, user).await?;
    let zone = time_entries::service::zone_of(rx, workspace, user).await?;
    let week = week.unwrap_or_else(|| Day::of(cx.now(), zone).week());
    let stored = store::find(rx, workspace, user, week).await?.unwrap_or_else(|| Stored::fresh(user, week));
    let lines = time_entries::service::lines(rx, workspace, user, week, MAX_LINES).await?;
    let short = short(rx, workspace, &stored).await?;
    let days = (0..7).map(|at| day(week.first().plus(at), &lines)).collect();
    Ok(Timesheet { short, from: week.first(), to: week.last(), time_zone: zone.name().to_owned(), days, lines })
}

/// The weeks that wait for a manager, oldest first.
pub async fn submitted(
    rx: &mut Rx,
    may: &Granted<TimeManage, Workspace>,
    page: &PageRequest,
) -> Result<Page<TimesheetRef>> {
    const SORT: &str = "week,user";
    let limit = page.limit()?;
    let after = match &page.cursor {
        None => None,
        Some(text) => match Cursor::decode(text, SORT)?.values.as_slice() {
            [Value::String(week), Value::String(user)] => {
                let week = week.parse().map_err(|_| bad_cursor())?;
                Some((week, user.parse().map_err(|_| bad_cursor())?))
            }
            _ => return Err(bad_cursor()),
        },
    };
    let workspace = may.resource().0;
    let rows = store::list_submitted(rx, workspace, after, limit + 1).await?;
    let page = Page::cut(rows, limit, |last| Cursor {
        sort: SORT.into(),
        values: vec![last.week.to_string().into(), last.user_id.to_string().into()],
    });
    let mut items = Vec::with_capacity(page.items.len());
    for stored in &page.items {
        items.push(short(rx, workspace, stored).await?);
    }
    Ok(Page { items, next_cursor: page.next_cursor, total: None })
}

/// Hands a week in. One's own; that of others wants `time.manage`.
pub async fn submit(tx: &mut Tx, cx: &Cx, may: &Granted<TimeLog, Workspace>, of: WeekOf) -> Result<TimesheetRef> {
    let workspace = may.resource().0;
    let user = whose(tx, cx, of.user).await?;
    let mut sheet = store::lock(tx, workspace, user, of.week).await?;
    if sheet.state.is_locked() {
        return Err(locked(&sheet, "it cannot be submitted again"));
    }
    if time_entries::service::timer_runs(tx, workspace, user, of.week).await? {
        let detail = format!("A timer that began in {} still runs; stop it, and submit the week then.", of.week);
        return Err(Error::conflict("timer_running", detail));
    }
    (sheet.state, sheet.reason) = (TimesheetState::Submitted, String::new());
    (sheet.submitted_at, sheet.decided_by, sheet.decided_at) = (Some(cx.now()), None, None);
    let short = write(tx, workspace, &sheet).await?;
    emit(tx, cx, &TimesheetSubmitted { timesheet: &short }).await?;
    Ok(short)
}

/// Agrees to a week that was submitted.
pub async fn approve(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TimeManage, Workspace>,
    decision: Decision,
) -> Result<TimesheetRef> {
    let short = decide(tx, cx, may.resource().0, decision, TimesheetState::Approved).await?;
    emit(tx, cx, &TimesheetApproved { timesheet: &short }).await?;
    Ok(short)
}

/// Hands a week back that was submitted.
pub async fn reject(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TimeManage, Workspace>,
    decision: Decision,
) -> Result<TimesheetRef> {
    if decision.reason.trim().is_empty() {
        return Err(Error::field("/reason", "is missing; say what is to be corrected"));
    }
    let short = decide(tx, cx, may.resource().0, decision, TimesheetState::Rejected).await?;
    emit(tx, cx, &TimesheetRejected { timesheet: &short }).await?;
    Ok(short)
}

/// Opens a week again: one's own that was submitted; with `time.manage` any, also one that was approved.
pub async fn reopen(tx: &mut Tx, cx: &Cx, may: &Granted<TimeLog, Workspace>, of: WeekOf) -> Result<TimesheetRef> {
    let workspace = may.resource().0;
    let user = whose(tx, cx, of.user).await?;
    let mut sheet = store::lock(tx, workspace, user, of.week).await?;
    match sheet.state {
        TimesheetState::Submitted => {}
        TimesheetState::Approved => cx.actor.may_here::<TimeManage>().map(drop)?,
        TimesheetState::Open | TimesheetState::Rejected => {
            let detail = format!("{} is open; there is nothing to take back.", of.week);
            return Err(Error::conflict("timesheet_open", detail));
        }
    }
    sheet = Stored::fresh(user, of.week);
    let short = write(tx, workspace, &sheet).await?;
    emit(tx, cx, &TimesheetReopened { timesheet: &short }).await?;
    Ok(short)
}

/// Refuses what would change a week that was submitted or approved; nobody submits it until the transaction ends.
pub(crate) async fn hold_open(tx: &mut Tx, workspace: WorkspaceId, user: UserId, day: Day) -> Result<()> {
    let sheet = store::lock(tx, workspace, user, day.week()).await?;
    if sheet.state.is_locked() { Err(locked(&sheet, "nothing in it changes")) } else { Ok(()) }
}

async fn decide(
    tx: &mut Tx,
    cx: &Cx,
    workspace: WorkspaceId,
    decision: Decision,
    state: TimesheetState,
) -> Result<TimesheetRef> {
    if decision.reason.chars().count() > MAX_REASON {
        return Err(Error::field("/reason", format!("must be at most {MAX_REASON} characters")));
    }
    if decision.reason.contains('\0') {
        return Err(Error::field("/reason", "must not contain the character U+0000"));
    }
    // Looked for before it is locked: whoever is no member gets no row.
    let known = store::find(tx, workspace, decision.user, decision.week).await?;
    let Some(mut sheet) = known.filter(|sheet| sheet.state == TimesheetState::Submitted) else {
        return Err(not_submitted(&decision));
    };
    sheet = store::lock(tx, workspace, sheet.user_id, sheet.week).await?;
    if sheet.state != TimesheetState::Submitted {
        return Err(not_submitted(&decision));
    }
    (sheet.state, sheet.reason) = (state, decision.reason);
    (sheet.decided_by, sheet.decided_at) = (cx.actor.user(), Some(cx.now()));
    write(tx, workspace, &sheet).await
}

async fn write(tx: &mut Tx, workspace: WorkspaceId, sheet: &Stored) -> Result<TimesheetRef> {
    store::update(tx, workspace, sheet).await?;
    short(tx, workspace, sheet).await
}

async fn short(rx: &mut Rx, workspace: WorkspaceId, stored: &Stored) -> Result<TimesheetRef> {
    let (minutes, billable_minutes) =
        time_entries::service::sum_of_week(rx, workspace, stored.user_id, stored.week).await?;
    let Stored { user_id, week, state, reason, submitted_at, decided_by, decided_at } = stored.clone();
    Ok(TimesheetRef {
        user: user_id,
        week,
        state,
        reason,
        submitted_at,
        decided_by,
        decided_at,
        minutes,
        billable_minutes,
    })
}

fn day(date: Day, lines: &[TimesheetLine]) -> TimesheetDay {
    let of_day = || lines.iter().filter(|line| line.day == date);
    let minutes = of_day().map(|line| line.minutes).sum();
    TimesheetDay { date, minutes, billable_minutes: of_day().map(|line| line.billable_minutes).sum() }
}

/// Whose week: the actor's own, or with `time.manage` that of another member.
pub(super) async fn whose(rx: &mut Rx, cx: &Cx, user: Option<UserId>) -> Result<UserId> {
    let own = cx.actor.user();
    let user = user.or(own).ok_or_else(|| Error::field("/user", "say whose week it is"))?;
    if own != Some(user) {
        cx.actor.may_here::<TimeManage>()?;
        if members::stranger(rx, cx.actor.workspace, &[user]).await?.is_some() {
            return Err(Error::not_found("member", user));
        }
    }
    Ok(user)
}

fn locked(sheet: &Stored, so: &str) -> Error {
    let (week, state) = (sheet.week, sheet.state);
    let detail = format!("The week {week} is {state}: {so}. Open it again first (POST /timesheets/reopen).");
    Error::conflict("timesheet_locked", detail)
}

fn not_submitted(decision: &Decision) -> Error {
    let detail =
        format!("The week {} of {} is not submitted; only such a week is decided.", decision.week, decision.user);
    Error::conflict("timesheet_not_submitted", detail)
}
