//! How rules do: how often each fired and failed, and why; what it costs; whether anybody needs it.
//!
//! Runs are counted where they stand, so those figures are exact: all of a rule's by an index that holds nothing else, those
//! that did not succeed by one that holds only such. What judging cost, and how often it came to nothing, is counted in memory
//! and added up by the hour ([`meter`](super::meter)).

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trackside_rules::Period;

use super::analysis::{Overlap, overlaps};
use super::library::Library;
use super::meter::Reading;
use super::model::{RuleInfo, RuleState, beginning};
use crate::access::{Actor, Granted, RuleView, Workspace};
use crate::db::{Both, Rx};
use crate::ids::{RuleId, RunId, UserId, WorkspaceId};
use crate::listing::invalid;
use crate::paging::{Page, check_limit};
use crate::runs::history::first_of;
use crate::runs::sight::{self, may_read_steps};
use crate::runs::{RunError, RunState};
use crate::words::words;
use crate::{Class, Error, Result, row, statements};

/// After so long without a run a rule that is switched on counts as unused, unless something else is said.
const UNUSED_AFTER: Period = Period::seconds(30 * 86_400);
/// How many rules the overview of operations shows.
const WORST: usize = 10;

row! {
    struct RuleRow {
        id: RuleId,
        name: String,
        state: RuleState,
        owner_id: UserId,
        paused_because: Option<String>,
        updated_at: DateTime<Utc>,
        fired: i64,
        failed: i64,
        unsuccessful: i64,
        last_fired_at: Option<DateTime<Utc>>,
        last_failed_at: Option<DateTime<Utc>>,
    }
}

row! {
    struct EndRow {
        id: RunId,
        created_at: DateTime<Utc>,
        error: Option<String>,
    }
}

statements! {
    FIRED = "select count(*) from runs where rule_id = $1 and id >= $2";
    /// An error begins with its code, `{"code":"…`, and goes on with much the same words for the same code.
    ENDS = "select state, substr(error, 10, 24), count(*) from runs where rule_id = $1 and id >= $2 and error is not null \
         group by state, substr(error, 10, 24)";
    COST = "select coalesce(cast(sum(judged) as bigint), 0) as judged, coalesce(cast(sum(unmatched) as bigint), 0) as unmatched, \
         coalesce(cast(sum(refused) as bigint), 0) as refused, coalesce(cast(sum(caused) as bigint), 0) as caused, \
         coalesce(cast(sum(unseen) as bigint), 0) as unseen, coalesce(cast(sum(judging_us) as bigint), 0) as judging_us, \
         coalesce(max(longest_judging_us), 0) as longest_judging_us, coalesce(cast(sum(calls) as bigint), 0) as calls, \
         coalesce(cast(sum(notified) as bigint), 0) as notified, coalesce(cast(sum(running_us) as bigint), 0) as running_us, \
         coalesce(max(longest_running_us), 0) as longest_running_us from rule_hours where rule_id = $1 and hour >= $2";
    COSTS = "select rule_id, coalesce(cast(sum(judged) as bigint), 0), coalesce(cast(sum(unmatched) as bigint), 0), \
         coalesce(cast(sum(refused) as bigint), 0), coalesce(cast(sum(caused) as bigint), 0), \
         coalesce(cast(sum(unseen) as bigint), 0), coalesce(cast(sum(judging_us) as bigint), 0), \
         coalesce(max(longest_judging_us), 0), coalesce(cast(sum(calls) as bigint), 0), \
         coalesce(cast(sum(notified) as bigint), 0), coalesce(cast(sum(running_us) as bigint), 0), \
         coalesce(max(longest_running_us), 0) from rule_hours where workspace_id = $1 and hour >= $2 group by rule_id";
    LAST_FIRED = "select id, created_at, error from runs where rule_id = $1 order by id desc limit 1";
    LAST_FAILED = "select id, created_at, error from runs where rule_id = $1 and error is not null and state = 'failed' order by id desc limit 1";
    UNDER_WAY = "select count(*) from runs where rule_id = $1 and id in (select j.id from jobs j where j.workspace_id = $2 and j.queue = 'runs')";
    LIST = "select r.id, r.name, r.state, r.owner_id, r.paused_because, r.updated_at, \
         (select count(*) from runs x where x.rule_id = r.id and x.id >= $2) as fired, \
         (select count(*) from runs x where x.rule_id = r.id and x.id >= $2 and x.error is not null and x.state = 'failed') as failed, \
         (select count(*) from runs x where x.rule_id = r.id and x.id >= $2 and x.error is not null) as unsuccessful, \
         (select x.created_at from runs x where x.rule_id = r.id order by x.id desc limit 1) as last_fired_at, \
         (select x.created_at from runs x where x.rule_id = r.id and x.error is not null and x.state = 'failed' order by x.id desc limit 1) as last_failed_at \
         from rules r where r.workspace_id = $1 order by r.id";
    FAILING = "select rule_id, count(*) from runs where workspace_id = $1 and id >= $2 and error is not null and state = 'failed' \
         group by rule_id order by count(*) desc, rule_id limit $3";
    SLOW = "select rule_id, cast(sum(judging_us + running_us) as bigint) from rule_hours where workspace_id = $1 and hour >= $2 \
         group by rule_id order by sum(judging_us + running_us) desc, rule_id limit $3";
    NAMES = "select id, name, state from rules where id = any($1)";
}

words! {
    /// How far back is looked.
    pub enum Span {
        /// The last hour.
        Hour = "hour",
        /// The last 24 hours.
        Day = "day",
        /// The last 30 days.
        Month = "month",
    }
}

impl Span {
    fn length(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
            Self::Month => TimeDelta::days(30),
        }
    }
}

/// What a rule costs.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
#[schemars(rename = "RuleCost")]
pub struct Cost {
    /// Microseconds for judging events, in all.
    pub judging_us: i64,
    /// For the one that took longest.
    pub longest_judging_us: i64,
    /// Calls of outside services.
    pub calls: i64,
    /// Notifications that its runs sent.
    pub notifications: i64,
    /// Milliseconds for which its runs kept a worker, in all.
    pub running_ms: i64,
    /// The longest of which at a stretch.
    pub longest_running_ms: i64,
}

/// How often a rule was held against events, and what kept those from starting a run.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
#[schemars(rename = "RuleJudgements")]
pub struct Judgements {
    /// Events that it was held against.
    pub judged: i64,
    /// They did not say what `match` wants, or happened outside of its projects.
    pub unmatched: i64,
    /// The condition did not hold.
    pub condition: i64,
    /// A rule had caused them, and this one does not accept that.
    pub caused_by_rules: i64,
    /// Its owner may not see them.
    pub unseen: i64,
}

/// How a rule did for a while.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RuleSpan")]
pub struct Did {
    /// Runs that it started; exact.
    pub fired: i64,
    /// Those that failed; exact, as the following.
    pub failed: i64,
    /// Those that did nothing: the same key, a schedule that still ran ….
    pub skipped: i64,
    /// Those that ended otherwise: cancelled, blocked, timed out.
    pub otherwise: i64,
    /// The runs that did not succeed by the code of their error.
    pub reasons: BTreeMap<String, i64>,
    /// Events that were judged; counted by the hour, with a delay of a minute.
    pub judgements: Judgements,
    /// What it cost; counted likewise.
    pub cost: Cost,
}

/// The last run of a kind.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RuleLastRun")]
pub struct LastRun {
    /// The run.
    pub run: RunId,
    /// When it was started.
    pub at: DateTime<Utc>,
    /// Why it did not succeed, if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
}

/// How a rule does.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuleHealth {
    /// The rule.
    pub rule: RuleId,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: RuleState,
    /// Why Trackside paused it, if Trackside did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_because: Option<String>,
    /// In the last hour.
    pub hour: Did,
    /// In the last 24 hours.
    pub day: Did,
    /// In the last 30 days.
    pub month: Did,
    /// Its runs that are not over.
    pub under_way: i64,
    /// Its newest run.
    pub last_fired: Option<LastRun>,
    /// Its newest run that failed.
    pub last_failed: Option<LastRun>,
    /// Whether it is switched on, as it is, for longer than `unused_after`, and started nothing since.
    pub unused: bool,
    /// Rules that are switched on and may start on the same event.
    pub overlaps: Vec<Overlap>,
}

/// How a rule does, in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuleHealthLine {
    /// The rule.
    pub rule: RuleId,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: RuleState,
    /// In whose name it acts.
    pub owner: UserId,
    /// Why Trackside paused it, if Trackside did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_because: Option<String>,
    /// Runs that it started in the span.
    pub fired: i64,
    /// Those that failed.
    pub failed: i64,
    /// Those that ended otherwise than well: failed, skipped, cancelled, blocked.
    pub unsuccessful: i64,
    /// Events that were judged.
    pub judgements: Judgements,
    /// What it cost.
    pub cost: Cost,
    /// When it last started a run.
    pub last_fired_at: Option<DateTime<Utc>>,
    /// When the last run was started that failed.
    pub last_failed_at: Option<DateTime<Utc>>,
    /// Whether it is switched on, as it is, for longer than `unused_after`, and started nothing since.
    pub unused: bool,
}

/// What a list of how rules do can be asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HealthQuery {
    /// How far back: `hour`, `day` or `month`; `day` when left out.
    pub span: Option<Span>,
    /// `failed`, `cost`, `fired`, `unused`, `last_fired_at` or `name`, with `-` for the most or newest first; `-failed` when
    /// left out. `-unused` puts unused rules first.
    pub sort: Option<String>,
    /// Only rules in this state.
    pub state: Option<RuleState>,
    /// After so long without a run a rule counts as unused, such as `90d`; `30d` when left out.
    pub unused_after: Option<Period>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// Rows to pass over.
    pub offset: Option<i64>,
}

/// What one rule is asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleHealthQuery {
    /// After so long without a run it counts as unused, such as `90d`; `30d` when left out.
    pub unused_after: Option<Period>,
}

/// A rule that is in trouble.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RuleTrouble")]
pub struct Trouble {
    /// The rule.
    pub rule: RuleId,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: RuleState,
    /// Of a failing rule the runs that failed in the last 24 hours; of a slow one milliseconds of judging and running.
    pub figure: i64,
}

impl Reading {
    fn cost(&self) -> Cost {
        Cost {
            judging_us: self.judging_us,
            longest_judging_us: self.longest_judging_us,
            calls: self.calls,
            notifications: self.notified,
            running_ms: self.running_us / 1_000,
            longest_running_ms: self.longest_running_us / 1_000,
        }
    }

    fn judgements(&self) -> Judgements {
        Judgements {
            judged: self.judged,
            unmatched: self.unmatched,
            condition: self.refused,
            caused_by_rules: self.caused,
            unseen: self.unseen,
        }
    }
}

/// How a rule does. Use within [`Db::scan`](crate::db::Db::scan): a busy rule has many runs to count.
pub async fn of_rule(
    rx: &mut Rx,
    library: &Library,
    actor: &Actor,
    may: &Granted<RuleView, RuleInfo>,
    query: &RuleHealthQuery,
    now: DateTime<Utc>,
) -> Result<RuleHealth> {
    let info = may.resource();
    let compiled = library.version(rx, info.id, info.version).await?;
    let last_fired = last(rx, LAST_FIRED, info.id).await?;
    let fired_at = last_fired.as_ref().map(|run| run.at);
    let last_failed = last(rx, LAST_FAILED, info.id).await?;
    let (under_way,): (i64,) = rx.one(UNDER_WAY, (info.id, info.workspace_id)).await?;
    Ok(RuleHealth {
        rule: info.id,
        name: info.name.clone(),
        state: info.state,
        paused_because: info.clone().told(actor).paused_because,
        hour: did(rx, info.id, now, Span::Hour).await?,
        day: did(rx, info.id, now, Span::Day).await?,
        month: did(rx, info.id, now, Span::Month).await?,
        under_way,
        unused: is_unused(info.state, info.updated_at, fired_at, query.unused_after, now),
        last_fired: told(rx, actor, last_fired).await?,
        last_failed: told(rx, actor, last_failed).await?,
        overlaps: overlaps(rx, library, actor, info.id, &compiled).await?,
    })
}

async fn last(rx: &mut Rx, statement: &str, rule: RuleId) -> Result<Option<LastRun>> {
    let Some(EndRow { id, created_at, error }) = rx.opt(statement, (rule,)).await? else { return Ok(None) };
    let error = error.map(|text| serde_json::from_str(&text)).transpose();
    let error = error.map_err(|error| Error::internal(format!("the error of {id}: {error}")))?;
    Ok(Some(LastRun { run: id, at: created_at, error }))
}

/// A run as this actor may read it, if they may see it.
async fn told(rx: &mut Rx, actor: &Actor, last: Option<LastRun>) -> Result<Option<LastRun>> {
    let Some(LastRun { run, at, .. }) = last else { return Ok(None) };
    let run = match sight::find(rx, actor, run).await {
        Err(error) if error.class == Class::NotFound => return Ok(None),
        run => sight::veiled(rx, actor, run?).await?,
    };
    Ok(Some(LastRun { run: run.id, at, error: run.error }))
}

async fn did(rx: &mut Rx, rule: RuleId, now: DateTime<Utc>, span: Span) -> Result<Did> {
    let since = now - span.length();
    let (fired,): (i64,) = rx.one(FIRED, (rule, first_of(since))).await?;
    let ends: Vec<(RunState, String, i64)> = rx.all(ENDS, (rule, first_of(since))).await?;
    let cost: Reading = rx.one(COST, (rule, since)).await?;
    let (mut reasons, mut failed, mut skipped, mut otherwise) = (BTreeMap::new(), 0, 0, 0);
    for (state, code, count) in ends {
        let code = code.split('"').next().unwrap_or_default().to_owned();
        *reasons.entry(code).or_default() += count;
        match state {
            RunState::Failed => failed += count,
            RunState::Skipped => skipped += count,
            _ => otherwise += count,
        }
    }
    Ok(Did { fired, failed, skipped, otherwise, reasons, judgements: cost.judgements(), cost: cost.cost() })
}

fn is_unused(
    state: RuleState,
    since: DateTime<Utc>,
    fired: Option<DateTime<Utc>>,
    after: Option<Period>,
    now: DateTime<Utc>,
) -> bool {
    let after = TimeDelta::from_std(after.unwrap_or(UNUSED_AFTER).0).unwrap_or(TimeDelta::MAX);
    let before = now.checked_sub_signed(after).unwrap_or(DateTime::<Utc>::MIN_UTC);
    state == RuleState::Enabled && since <= before && fired.is_none_or(|fired| fired <= before)
}

/// How the rules of a workspace do. Use within [`Db::scan`](crate::db::Db::scan).
pub async fn list(
    rx: &mut Rx,
    actor: &Actor,
    may: &Granted<RuleView, Workspace>,
    query: &HealthQuery,
    now: DateTime<Utc>,
) -> Result<Page<RuleHealthLine>> {
    let workspace = may.resource().0;
    let limit = check_limit(query.limit.unwrap_or(crate::paging::DEFAULT_LIMIT))?;
    let offset = query.offset.unwrap_or(0);
    let offset = usize::try_from(offset).map_err(|_| invalid("offset", "must be 0 or more"))?;
    let order = Order::read(query.sort.as_deref().unwrap_or("-failed"))?;
    let since = now - query.span.unwrap_or(Span::Day).length();
    let costs = costs(rx, workspace, since).await?;
    let rows: Vec<RuleRow> = rx.all(LIST, (workspace, first_of(since))).await?;
    let line = |row: RuleRow| {
        let cost = costs.get(&row.id);
        RuleHealthLine {
            unused: is_unused(row.state, row.updated_at, row.last_fired_at, query.unused_after, now),
            rule: row.id,
            name: row.name,
            state: row.state,
            owner: row.owner_id,
            paused_because: match may_read_steps(actor, row.owner_id) {
                true => row.paused_because,
                false => row.paused_because.map(|because| beginning(&because).to_owned()),
            },
            fired: row.fired,
            failed: row.failed,
            unsuccessful: row.unsuccessful,
            judgements: cost.map(Reading::judgements).unwrap_or_default(),
            cost: cost.map(Reading::cost).unwrap_or_default(),
            last_fired_at: row.last_fired_at,
            last_failed_at: row.last_failed_at,
        }
    };
    let wanted = |row: &RuleRow| query.state.is_none_or(|state| row.state == state);
    let mut lines: Vec<RuleHealthLine> = rows.into_iter().filter(wanted).map(line).collect();
    order.sort(&mut lines);
    let total = i64::try_from(lines.len()).ok();
    let items = lines.into_iter().skip(offset).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    Ok(Page { items, next_cursor: None, total })
}

async fn costs(rx: &mut Rx, workspace: WorkspaceId, since: DateTime<Utc>) -> Result<BTreeMap<RuleId, Reading>> {
    let rows: Vec<Both<(RuleId,), Reading>> = rx.all(COSTS, (workspace, since)).await?;
    Ok(rows.into_iter().map(|Both((rule,), cost)| (rule, cost)).collect())
}

/// What a list of rules is sorted by.
struct Order {
    by: &'static str,
    descending: bool,
}

impl Order {
    fn read(text: &str) -> Result<Self> {
        const KNOWN: &[&str] = &["cost", "failed", "fired", "last_fired_at", "name", "unused"];
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        match KNOWN.iter().find(|known| **known == name) {
            Some(by) => Ok(Self { by, descending }),
            None => Err(invalid("sort", format!("must be one of {}, with `-` for the most first", KNOWN.join(", ")))),
        }
    }

    /// Rules that are alike stand in the order of their names.
    fn sort(&self, lines: &mut [RuleHealthLine]) {
        lines.sort_by(|one, two| {
            let order = match self.by {
                "cost" => weight(one).cmp(&weight(two)),
                "failed" => one.failed.cmp(&two.failed),
                "fired" => one.fired.cmp(&two.fired),
                "last_fired_at" => one.last_fired_at.cmp(&two.last_fired_at),
                "unused" => one.unused.cmp(&two.unused),
                _ => one.name.to_lowercase().cmp(&two.name.to_lowercase()),
            };
            let order = if self.descending { order.reverse() } else { order };
            order.then_with(|| one.name.cmp(&two.name)).then_with(|| one.rule.cmp(&two.rule))
        });
    }
}

/// Microseconds of this machine's time.
fn weight(line: &RuleHealthLine) -> i64 {
    line.cost.judging_us.saturating_add(line.cost.running_ms.saturating_mul(1_000))
}

/// The rules of a workspace whose runs failed most in the last 24 hours.
pub async fn failing(rx: &mut Rx, may: &Granted<RuleView, Workspace>, now: DateTime<Utc>) -> Result<Vec<Trouble>> {
    let since = first_of(now - Span::Day.length());
    let rows: Vec<(RuleId, i64)> = rx.all(FAILING, (may.resource().0, since, WORST as i64)).await?;
    named(rx, rows).await
}

/// The rules of a workspace that took most time in the last 24 hours.
pub async fn slow(rx: &mut Rx, may: &Granted<RuleView, Workspace>, now: DateTime<Utc>) -> Result<Vec<Trouble>> {
    let since = now - Span::Day.length();
    let rows: Vec<(RuleId, i64)> = rx.all(SLOW, (may.resource().0, since, WORST as i64)).await?;
    named(rx, rows.into_iter().map(|(rule, micros)| (rule, micros / 1_000)).collect()).await
}

async fn named(rx: &mut Rx, rows: Vec<(RuleId, i64)>) -> Result<Vec<Trouble>> {
    let ids: Vec<RuleId> = rows.iter().map(|(rule, _)| *rule).collect();
    let names: Vec<(RuleId, String, RuleState)> = rx.all(NAMES, (ids,)).await?;
    let trouble = |(rule, figure): (RuleId, i64)| {
        let (_, name, state) = names.iter().find(|(id, ..)| *id == rule)?;
        Some(Trouble { rule, name: name.clone(), state: *state, figure })
    };
    Ok(rows.into_iter().filter_map(trouble).collect())
}
