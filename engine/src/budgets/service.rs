//! The public verbs of budgets.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::events::{BudgetPlanned, BudgetThresholdReached};
use super::model::{Budget, CostState, MAX_PERCENT, MAX_THRESHOLDS, NewBudget, Plan, Reached, Threshold};
use super::store;
use crate::access::permissions::{BudgetEdit, BudgetView, Granted};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{ProjectId, WorkspaceId};
use crate::money::{Amount, Currency, Least, by_the_hour};
use crate::projects::events::{Changes, change};
use crate::projects::{self, Project, ProjectRef};
use crate::{Error, Result, rates, time_entries};

/// The thresholds of a budget that does not say.
const USUAL: [i64; 3] = [50, 80, 100];

/// The budget of a project, with its figures as they are now.
pub async fn find(rx: &mut Rx, may: &Granted<BudgetView, Project>) -> Result<Budget> {
    let project = may.resource();
    let plan = store::find(rx, project.workspace_id, project.id).await?.ok_or_else(|| missing(project))?;
    let thresholds = store::list_thresholds(rx, project.workspace_id, project.id).await?;
    figures(rx, project.workspace_id, &plan, &thresholds).await
}

/// Plans the budget of a project, as a whole. `expected` is the version that the caller saw, 0 for none.
pub async fn plan(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<BudgetEdit, Project>,
    expected: Option<i64>,
    new: NewBudget,
) -> Result<Budget> {
    let planned = new.planned.check("/planned", new.currency.decimals(), Least::Zero)?.written(new.currency);
    let wanted = percentages(new.thresholds)?;
    let project = may.resource();
    // Rates do not change meanwhile, so none of another currency comes in.
    rates::service::hold(tx, project.workspace_id).await?;
    if rates::service::in_other_currency(tx, project, new.currency).await? {
        let message = "rates of this project are in another currency; change them first";
        return Err(Error::conflict("currency_in_use", message).and_field("/currency", message));
    }
    let now = cx.now();
    let fresh =
        Plan { project_id: project.id, currency: new.currency, planned, version: 1, created_at: now, updated_at: now };
    let made = store::insert(tx, project.workspace_id, &fresh).await?;
    let mut plan = lock(tx, project).await?;
    let seen = if made { 0 } else { plan.version };
    if let Some(expected) = expected.filter(|expected| *expected != seen) {
        let detail = format!(
            "you saw version {expected} of the budget, which is at version {seen}; read it again and repeat your change"
        );
        return Err(Error::stale(detail));
    }
    let known = store::list_thresholds(tx, project.workspace_id, project.id).await?;
    let mut percents: Vec<i64> = known.iter().map(|threshold| threshold.percent).collect();
    let mut changes = Changes::new();
    if !made {
        if plan.currency != new.currency && store::count_costs(tx, project.workspace_id, project.id).await? > 0 {
            let message = format!("the budget has costs in {}; delete them to change its currency", plan.currency);
            return Err(Error::conflict("currency_in_use", message.clone()).and_field("/currency", message));
        }
        change(&mut changes, "currency", &mut plan.currency, Some(new.currency));
        change(&mut changes, "planned", &mut plan.planned, Some(planned));
        change(&mut changes, "thresholds", &mut percents, Some(wanted.clone()));
        if changes.is_empty() {
            return figures(tx, project.workspace_id, &plan, &known).await;
        }
        plan.version += 1;
        plan.updated_at = now;
        store::update(tx, project.workspace_id, &plan).await?;
    }
    for gone in known.iter().filter(|known| !wanted.contains(&known.percent)) {
        store::delete_threshold(tx, project.workspace_id, project.id, gone.percent).await?;
    }
    for percent in wanted.iter().filter(|wanted| known.iter().all(|known| known.percent != **wanted)) {
        store::insert_threshold(tx, project.workspace_id, project.id, *percent).await?;
    }
    let thresholds = store::list_thresholds(tx, project.workspace_id, project.id).await?;
    let budget = figures(tx, project.workspace_id, &plan, &thresholds).await?;
    let short = ProjectRef::from(project);
    emit(tx, cx, &BudgetPlanned { budget: &budget, project: &short, change: &changes }).await?;
    announce(tx, cx, &short, project.workspace_id, budget, thresholds).await
}

/// Looks whether a budget has crossed a threshold, and announces that. Whoever changes what a project costs ends with
/// this: it locks the budget, so of two at once the second sees what the first has done.
pub(crate) async fn recount(tx: &mut Tx, cx: &Cx, project: &Project) -> Result<()> {
    let Some(plan) = store::find_for_update(tx, project.workspace_id, project.id).await? else {
        return Ok(());
    };
    let thresholds = store::list_thresholds(tx, project.workspace_id, project.id).await?;
    let budget = figures(tx, project.workspace_id, &plan, &thresholds).await?;
    announce(tx, cx, &ProjectRef::from(project), project.workspace_id, budget, thresholds).await.map(drop)
}

/// The same for one project, or for all of the workspace: one after another by their ids, as everyone does who wants several.
pub(crate) async fn recount_all(
    tx: &mut Tx,
    cx: &Cx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
) -> Result<()> {
    let concerned = match project {
        Some(project) => vec![project],
        None => store::list_projects(tx, workspace).await?,
    };
    for id in concerned {
        let project = projects::service::find(tx, workspace, &Handle::Id(id)).await?;
        recount(tx, cx, &project).await?;
    }
    Ok(())
}

/// The currency of a project's budget, if it has one.
pub(crate) async fn currency_of(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Option<Currency>> {
    Ok(store::find(rx, workspace, project).await?.map(|plan| plan.currency))
}

/// The plan of a project, locked.
pub(super) async fn lock(tx: &mut Tx, project: &Project) -> Result<Plan> {
    store::find_for_update(tx, project.workspace_id, project.id).await?.ok_or_else(|| missing(project))
}

/// Notes which thresholds are reached now and which no longer, and announces the former; the budget with that.
async fn announce(
    tx: &mut Tx,
    cx: &Cx,
    project: &ProjectRef,
    workspace: WorkspaceId,
    mut budget: Budget,
    mut thresholds: Vec<Threshold>,
) -> Result<Budget> {
    let mut crossed = Vec::new();
    for threshold in &mut thresholds {
        match (reaches(&budget, threshold.percent), threshold.reached_at) {
            (true, None) => {
                threshold.reached_at = Some(cx.now());
                threshold.crossings += 1;
                crossed.push((threshold.percent, threshold.crossings));
            }
            (false, Some(_)) => threshold.reached_at = None,
            _ => continue,
        }
        let Threshold { percent, reached_at, crossings } = threshold;
        store::set_threshold(tx, workspace, project.id, *percent, *reached_at, *crossings).await?;
    }
    budget.reached = reached(&thresholds);
    for (threshold, crossing) in crossed {
        emit(tx, cx, &BudgetThresholdReached { budget: &budget, project, threshold, crossing }).await?;
    }
    Ok(budget)
}

/// Whether so many percent of what is planned are used, by the figures that are shown. Of nothing, anything is more.
fn reaches(budget: &Budget, percent: i64) -> bool {
    let used = used(budget);
    used > Decimal::ZERO
        && used.saturating_mul(Decimal::ONE_HUNDRED) >= budget.planned.decimal().saturating_mul(Decimal::from(percent))
}

fn used(budget: &Budget) -> Decimal {
    budget.actual.decimal().saturating_add(budget.committed.decimal())
}

/// All the sums.
async fn figures(rx: &mut Rx, workspace: WorkspaceId, plan: &Plan, thresholds: &[Threshold]) -> Result<Budget> {
    let Plan { project_id, currency, planned, version, created_at, updated_at } = *plan;
    let (mut committed, mut paid) = (Decimal::ZERO, Decimal::ZERO);
    for (amount, state) in store::list_amounts(rx, workspace, project_id).await? {
        let sum = match state {
            CostState::Committed => &mut committed,
            CostState::Actual => &mut paid,
        };
        *sum = sum.saturating_add(amount.decimal());
    }
    let worked = time_entries::service::minutes_by_rate(rx, workspace, project_id).await?;
    let ids: Vec<_> = worked.iter().filter_map(|time| time.rate_id).collect();
    let prices = rates::service::prices(rx, workspace, &ids).await?;
    // Both are sixty times too much until all is summed up.
    let (mut time, mut charged, mut unpriced_minutes) = (Decimal::ZERO, Decimal::ZERO, 0_i64);
    for part in &worked {
        match part.rate_id.and_then(|id| prices.get(&id)) {
            Some((amount, rate_currency)) if *rate_currency == currency => {
                time = time.saturating_add(amount.for_minutes(part.minutes));
                charged = charged.saturating_add(amount.for_minutes(part.billable_minutes));
            }
            _ => unpriced_minutes = unpriced_minutes.saturating_add(part.minutes),
        }
    }
    let rounded = |sum: Decimal| Amount::rounded(sum, currency);
    let actual = rounded(by_the_hour(time).saturating_add(paid));
    let (actual_costs, committed) = (rounded(paid), rounded(committed));
    let remaining = planned.decimal() - actual.decimal() - committed.decimal();
    let mut budget = Budget {
        project: project_id,
        currency,
        planned: rounded(planned.decimal()),
        committed,
        actual,
        actual_time: rounded(actual.decimal() - actual_costs.decimal()),
        actual_costs,
        remaining: rounded(remaining),
        used_percent: None,
        billable: rounded(by_the_hour(charged)),
        unpriced_minutes,
        thresholds: thresholds.iter().map(|threshold| threshold.percent).collect(),
        reached: reached(thresholds),
        version,
        created_at,
        updated_at,
    };
    budget.used_percent = percent(used(&budget), planned.decimal());
    Ok(budget)
}

/// A part of a whole in percent, to two decimals.
fn percent(part: Decimal, whole: Decimal) -> Option<String> {
    let mut percent = part.saturating_mul(Decimal::ONE_HUNDRED).checked_div(whole)?.round_dp(2);
    percent.rescale(2);
    Some(percent.to_string())
}

fn reached(thresholds: &[Threshold]) -> Vec<Reached> {
    let of = |threshold: &Threshold| {
        let since: Option<DateTime<Utc>> = threshold.reached_at;
        Reached { percent: threshold.percent, since, crossings: threshold.crossings }
    };
    thresholds.iter().filter(|threshold| threshold.crossings > 0).map(of).collect()
}

/// The thresholds that are asked for, lowest first.
fn percentages(wanted: Option<Vec<i64>>) -> Result<Vec<i64>> {
    let wanted = wanted.unwrap_or_else(|| USUAL.to_vec());
    if wanted.len() > MAX_THRESHOLDS {
        return Err(Error::field("/thresholds", format!("must be at most {MAX_THRESHOLDS}")));
    }
    for (at, percent) in wanted.iter().enumerate() {
        if !(1..=MAX_PERCENT).contains(percent) {
            return Err(Error::field(format!("/thresholds/{at}"), format!("must be 1 to {MAX_PERCENT} percent")));
        }
        if wanted[..at].contains(percent) {
            return Err(Error::field(format!("/thresholds/{at}"), format!("{percent} is there already")));
        }
    }
    let mut sorted = wanted;
    sorted.sort_unstable();
    Ok(sorted)
}

fn missing(project: &Project) -> Error {
    let detail = format!("{} has no budget; plan one with PUT /projects/{}/budget.", project.key, project.key);
    Error::new(crate::Class::NotFound, "budget_not_found", detail)
}
