//! What rules may do with budgets.

use schemars::JsonSchema;
use serde::Deserialize;

use super::costs;
use super::model::{Cost, CostState, NewCost};
use crate::Result;
use crate::access::permissions::BudgetEdit;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::day::Day;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::ProjectId;
use crate::money::{Amount, Currency};
use crate::projects;

/// `budget.add_cost`.
pub struct AddCost;

/// What `budget.add_cost` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCostInput {
    /// The project, by id or key.
    pub project: Handle<ProjectId>,
    /// How much.
    pub amount: Amount,
    /// The budget's currency; another one is refused.
    pub currency: Option<Currency>,
    /// The day of it; today when left out.
    pub date: Option<Day>,
    /// What it is for.
    #[serde(default)]
    pub category: String,
    /// `actual` when left out.
    pub state: Option<CostState>,
    /// More about it.
    #[serde(default)]
    pub note: String,
}

impl Internal for AddCost {
    const NAME: &'static str = "budget.add_cost";
    const SUMMARY: &'static str = "Enters a cost into the budget of a project.";
    const EFFECT: Effect = Effect { reads: &["project"], writes: &["budget.costs"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["budget.cost_added", "budget.threshold_reached"];
    type Needs = BudgetEdit;
    type Input = AddCostInput;
    type Output = Cost;

    async fn perform(tx: &mut Tx, cx: &Cx, input: AddCostInput) -> Result<Cost> {
        let AddCostInput { project, amount, currency, date, category, state, note } = input;
        let project = projects::service::find(tx, cx.actor.workspace, &project).await?;
        costs::add(tx, cx, &cx.actor.may(project)?, NewCost { amount, currency, date, category, state, note }).await
    }
}
