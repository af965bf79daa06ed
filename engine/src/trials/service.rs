//! The verbs of back-tests: ask for one, look, stop.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::dry_run::person;
use super::model::{Backtest, BacktestRow, BacktestState, Found, Stretch};
use super::{kinds, store, work};
use crate::access::{Actor, EventView, Granted, Reach, RuleEdit, RuleView, RunManage};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::store as log;
use crate::ids::{BacktestId, EventId, Id, JobId};
use crate::jobs::{self, NewJob};
use crate::rules::RuleInfo;
use crate::{Error, Result, events, runs};

/// How many back-tests of a workspace may be under way.
const AT_ONCE: i64 = 3;
/// How many back-tests of a rule are kept.
const KEPT: i64 = 20;
/// Clocks of nodes differ by less.
const SLACK: TimeDelta = TimeDelta::seconds(5);

/// Asks for a back-test of a rule as it is now.
///
/// # Errors
/// `invalid_fields` for a stretch that ends before it begins, `rule_hears_nothing`, `too_many_backtests`.
pub async fn begin(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<RuleEdit, RuleInfo>,
    _events: &Granted<EventView, Reach>,
    stretch: Stretch,
) -> Result<Backtest> {
    let (rule, user) = (may.resource(), person(&cx.actor)?);
    if let (Some(from), Some(to)) = (stretch.from, stretch.to)
        && from >= to
    {
        return Err(Error::field("/from", "must be before `to`; events from then on and before `to` are looked at"));
    }
    if !rule.rule.trigger.is_event() || kinds(&rule.rule.trigger).is_empty() {
        let detail = "no event of the log starts this rule; there is nothing to hold it against";
        return Err(Error::conflict("rule_hears_nothing", detail));
    }
    if store::unfinished(tx, rule.workspace_id).await? >= AT_ONCE {
        let detail = format!("{AT_ONCE} back-tests are under way; wait for one, or cancel one");
        return Err(Error::conflict("too_many_backtests", detail));
    }
    let (first, last) = bounds(tx, rule, &stretch).await?;
    let now = cx.now();
    let row = BacktestRow {
        id: cx.new_id(),
        workspace_id: rule.workspace_id,
        rule_id: rule.id,
        rule_version: rule.version,
        user_id: user,
        scopes: cx.actor.scopes.as_ref().map(|scopes| scopes.join(" ")),
        from_at: stretch.from,
        to_at: stretch.to,
        first_position: first,
        last_position: last,
        position: first,
        state: BacktestState::Queued,
        found: text(&Found::default())?,
        error: None,
        created_at: now,
        updated_at: now,
        finished_at: None,
    };
    store::sweep(tx, rule.id, KEPT - 1).await?;
    store::insert(tx, &row).await?;
    let new = NewJob::new(cx.source(), Some(rule.workspace_id), work::QUEUE, work::BACKTEST, &row.id)?;
    // What keeps the installation going is done before it.
    let new = new.priority(-1).max_attempts(runs::service::CRASH_LIMIT + 2);
    jobs::service::enqueue(tx, &NewJob { id: job_id(row.id), ..new }).await?;
    shown(row, &cx.actor)
}

/// The positions after and up to which there is what is asked for.
async fn bounds(rx: &mut Rx, rule: &RuleInfo, stretch: &Stretch) -> Result<(i64, i64)> {
    let head = events::service::head(rx).await?;
    let first = match stretch.from {
        None => Some(1),
        Some(from) => log::first_since(rx, rule.workspace_id, id_at(from - SLACK)).await?,
    };
    let last = match stretch.to {
        None => Some(head),
        Some(to) => log::last_before(rx, rule.workspace_id, id_at(to + SLACK)).await?,
    };
    let last = last.unwrap_or(0).min(head);
    // With nothing between them it is over as soon as it begins.
    Ok((first.map_or(last, |first| first - 1).min(last), last))
}

/// The least id that is made at this time.
pub(super) fn id_at(time: DateTime<Utc>) -> EventId {
    let millis = u128::try_from(time.timestamp_millis()).unwrap_or(0);
    EventId::from_uuid(Uuid::from_u128(millis << 80))
}

/// The job of a back-test has its id: there is never a second one.
pub(super) fn job_id(id: BacktestId) -> JobId {
    JobId::from_uuid(id.uuid())
}

/// The back-tests of a rule, the newest first.
pub async fn list(rx: &mut Rx, cx: &Cx, may: &Granted<RuleView, RuleInfo>) -> Result<Vec<Backtest>> {
    let rule = may.resource();
    let rows = store::list(rx, rule.workspace_id, rule.id).await?;
    rows.into_iter().map(|row| shown(row, &cx.actor)).collect()
}

/// A back-test of a rule.
pub async fn find(rx: &mut Rx, cx: &Cx, may: &Granted<RuleView, RuleInfo>, id: BacktestId) -> Result<Backtest> {
    let rule = may.resource();
    let row = store::find(rx, rule.workspace_id, rule.id, id).await?;
    shown(row.ok_or_else(|| Error::not_found("backtest", id))?, &cx.actor)
}

/// Stops a back-test; what it found stays.
///
/// # Errors
/// `backtest_over`, `backtest_not_found`.
pub async fn cancel(tx: &mut Tx, cx: &Cx, may: &Granted<RuleEdit, RuleInfo>, id: BacktestId) -> Result<Backtest> {
    let rule = may.resource();
    let absent = || Error::not_found("backtest", id);
    store::find(tx, rule.workspace_id, rule.id, id).await?.ok_or_else(absent)?;
    // The job first, as a worker takes them.
    jobs::service::remove(tx, &[job_id(id)]).await?;
    let state = store::lock(tx, rule.workspace_id, id).await?.ok_or_else(absent)?;
    if state.is_over() {
        return Err(Error::conflict("backtest_over", format!("the back-test is already {state}")));
    }
    store::finish(tx, id, BacktestState::Cancelled, None, cx.now()).await?;
    let row = store::find(tx, rule.workspace_id, rule.id, id).await?;
    shown(row.ok_or_else(absent)?, &cx.actor)
}

fn shown(row: BacktestRow, actor: &Actor) -> Result<Backtest> {
    let mut found = read(&row.found)?;
    if !sees_firings(actor, &row) {
        found.firings.clear();
    }
    let (done, all) = (row.position - row.first_position, row.last_position - row.first_position);
    let progress = if row.state == BacktestState::Finished || all <= 0 { 1.0 } else { done as f64 / all as f64 };
    Ok(Backtest {
        id: row.id,
        rule: row.rule_id,
        rule_version: row.rule_version,
        asked_by: row.user_id,
        from: row.from_at,
        to: row.to_at,
        state: row.state,
        progress,
        found,
        error: row.error,
        created_at: row.created_at,
        updated_at: row.updated_at,
        finished_at: row.finished_at,
    })
}

/// What it would have done says what its events said: that is for whoever saw them.
fn sees_firings(actor: &Actor, row: &BacktestRow) -> bool {
    let own = actor.user() == Some(row.user_id) && scopes(row) == actor.scopes;
    own || actor.scopes.is_none() && actor.rights.is_plain() && actor.may_here::<RunManage>().is_ok()
}

/// What the token was limited to that a back-test was asked for with.
pub(super) fn scopes(row: &BacktestRow) -> Option<Arc<[String]>> {
    row.scopes.as_ref().map(|scopes| scopes.split(' ').map(str::to_owned).collect())
}

pub(super) fn text(found: &Found) -> Result<String> {
    serde_json::to_string(found).map_err(|error| Error::internal("findings cannot be written").caused_by(error))
}

pub(super) fn read(text: &str) -> Result<Found> {
    serde_json::from_str(text).map_err(|error| Error::internal("findings cannot be read").caused_by(error))
}
