//! Costs that people enter into a budget: promised ones and paid ones.

use super::events::{BudgetCostAdded, BudgetCostDeleted, BudgetCostUpdated};
use super::model::{Cost, CostPatch, CostState, MAX_COSTS, NewCost};
use super::{service, store};
use crate::access::permissions::{BudgetEdit, BudgetView, Granted};
use crate::cx::Cx;
use crate::day::Day;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{CostId, WorkspaceId};
use crate::money::{Amount, Currency, Least};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::events::{Changes, change};
use crate::projects::{self, Project, ProjectRef};
use crate::{Error, Result};

/// The longest category, in characters.
const MAX_CATEGORY: usize = 100;
/// The longest note, in characters.
const MAX_NOTE: usize = 2000;

/// The project of a cost: what a permission on the cost is asked for.
pub async fn project_of(rx: &mut Rx, workspace: WorkspaceId, id: CostId) -> Result<Project> {
    let cost = store::find_cost(rx, workspace, id).await?.ok_or_else(|| missing(id))?;
    projects::service::find(rx, workspace, &Handle::Id(cost.project_id)).await
}

/// One cost.
pub async fn find(rx: &mut Rx, may: &Granted<BudgetView, Project>, id: CostId) -> Result<Cost> {
    get(rx, may.resource(), id).await
}

/// The costs of a project, in the order they were entered.
pub async fn list(rx: &mut Rx, may: &Granted<BudgetView, Project>, page: &PageRequest) -> Result<Page<Cost>> {
    let limit = page.limit()?;
    let project = may.resource();
    let rows = store::list_costs(rx, project.workspace_id, project.id, page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last| Cursor::of_id(last.id)))
}

/// Enters a cost into the budget of a project, which must have one.
pub async fn add(tx: &mut Tx, cx: &Cx, may: &Granted<BudgetEdit, Project>, new: NewCost) -> Result<Cost> {
    let project = may.resource();
    let plan = service::lock(tx, project).await?;
    if new.currency.is_some_and(|currency| currency != plan.currency) {
        let message = format!("must be {}, in which the budget is; convert it first", plan.currency);
        return Err(Error::field("/currency", message));
    }
    if store::count_costs(tx, project.workspace_id, project.id).await? >= MAX_COSTS {
        let detail = format!("{} has {MAX_COSTS} costs, the most that a budget may have; sum up some", project.key);
        return Err(Error::conflict("too_many_costs", detail));
    }
    texts(&new.category, &new.note)?;
    let now = cx.now();
    let cost = Cost {
        id: cx.new_id(),
        project_id: project.id,
        amount: amount(new.amount, plan.currency)?,
        currency: plan.currency,
        day: new.date.unwrap_or_else(|| Day::utc(now)),
        category: new.category,
        state: new.state.unwrap_or(CostState::Actual),
        note: new.note,
        version: 1,
        created_by: cx.actor.user(),
        created_at: now,
        updated_at: now,
    };
    store::insert_cost(tx, project.workspace_id, &cost).await?;
    emit(tx, cx, &BudgetCostAdded { cost: &cost, project: &ProjectRef::from(project) }).await?;
    service::recount(tx, cx, project).await?;
    Ok(cost)
}

/// Changes a cost.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<BudgetEdit, Project>,
    id: CostId,
    expected: Option<i64>,
    patch: CostPatch,
) -> Result<Cost> {
    let project = may.resource();
    let plan = service::lock(tx, project).await?;
    let mut cost = held(tx, project, id, expected).await?;
    let (category, note) = (patch.category.or_default(), patch.note.or_default());
    texts(category.as_deref().unwrap_or_default(), note.as_deref().unwrap_or_default())?;
    let new = patch.amount.required("/amount")?.map(|new| amount(new, plan.currency)).transpose()?;
    let mut changes = Changes::new();
    change(&mut changes, "amount", &mut cost.amount, new);
    change(&mut changes, "date", &mut cost.day, patch.date.required("/date")?);
    change(&mut changes, "category", &mut cost.category, category);
    change(&mut changes, "state", &mut cost.state, patch.state.required("/state")?);
    change(&mut changes, "note", &mut cost.note, note);
    if changes.is_empty() {
        return Ok(cost);
    }
    cost.version += 1;
    cost.updated_at = cx.now();
    store::update_cost(tx, project.workspace_id, &cost).await?;
    emit(tx, cx, &BudgetCostUpdated { cost: &cost, project: &ProjectRef::from(project), change: &changes }).await?;
    service::recount(tx, cx, project).await?;
    Ok(cost)
}

/// Deletes a cost.
pub async fn delete(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<BudgetEdit, Project>,
    id: CostId,
    expected: Option<i64>,
) -> Result<()> {
    let project = may.resource();
    service::lock(tx, project).await?;
    let cost = held(tx, project, id, expected).await?;
    store::delete_cost(tx, project.workspace_id, id).await?;
    emit(tx, cx, &BudgetCostDeleted { cost: &cost, project: &ProjectRef::from(project) }).await?;
    service::recount(tx, cx, project).await
}

async fn get(rx: &mut Rx, project: &Project, id: CostId) -> Result<Cost> {
    let cost = store::find_cost(rx, project.workspace_id, id).await?;
    cost.filter(|cost| cost.project_id == project.id).ok_or_else(|| missing(id))
}

/// The cost as it is now. The budget is locked, so nobody else changes it.
async fn held(tx: &mut Tx, project: &Project, id: CostId, expected: Option<i64>) -> Result<Cost> {
    let cost = get(tx, project, id).await?;
    match expected.filter(|expected| *expected != cost.version) {
        None => Ok(cost),
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of {id}, which is at version {} since {}; read it again and repeat your change",
            cost.version,
            cost.updated_at.to_rfc3339(),
        ))),
    }
}

fn amount(amount: Amount, currency: Currency) -> Result<Amount> {
    Ok(amount.check("/amount", currency.decimals(), Least::Positive)?.written(currency))
}

fn texts(category: &str, note: &str) -> Result<()> {
    for (pointer, text, most) in [("/category", category, MAX_CATEGORY), ("/note", note, MAX_NOTE)] {
        if text.chars().count() > most {
            return Err(Error::field(pointer, format!("must be at most {most} characters")));
        }
        if text.contains('\0') {
            return Err(Error::field(pointer, "must not contain the character U+0000"));
        }
    }
    Ok(())
}

fn missing(id: CostId) -> Error {
    Error::not_found("cost", id)
}
