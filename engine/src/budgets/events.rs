//! What budgets announce: to those alone who may see them.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{Budget, Cost};
use crate::access::permissions::{BudgetView, Permission as _};
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::ProjectRef;
use crate::projects::events::Changes;

/// A budget was planned, or planned anew.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BudgetPlanned<'a> {
    /// The budget as it is now.
    pub budget: &'a Budget,
    /// Its project.
    pub project: &'a ProjectRef,
    /// What changed of the plan; empty when it is the first one.
    pub change: &'a Changes,
}

/// What is used of a budget rose to a threshold.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BudgetThresholdReached<'a> {
    /// The budget as it is now.
    pub budget: &'a Budget,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The threshold, in percent of what is planned.
    pub threshold: i64,
    /// How often it was reached by now: more than once when it fell below in between.
    pub crossing: i64,
}

/// A cost was entered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BudgetCostAdded<'a> {
    /// The cost.
    pub cost: &'a Cost,
    /// Its project.
    pub project: &'a ProjectRef,
}

/// A cost changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BudgetCostUpdated<'a> {
    /// The cost as it is now.
    pub cost: &'a Cost,
    /// Its project.
    pub project: &'a ProjectRef,
    /// What changed.
    pub change: &'a Changes,
}

/// A cost went away.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BudgetCostDeleted<'a> {
    /// The cost as it was.
    pub cost: &'a Cost,
    /// Its project.
    pub project: &'a ProjectRef,
}

macro_rules! about_a_budget {
    ($($event:ident |$it:ident| $subject:expr, $kind:literal $summary:literal;)+) => {$(
        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = BudgetView::NAME;
            fn subject(&self) -> String {
                let $it = self;
                $subject.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                Some(self.project.id)
            }
        }
    )+};
}

about_a_budget! {
    BudgetCostAdded |it| it.cost.id, "budget.cost_added" "A cost was entered into a budget.";
    BudgetCostDeleted |it| it.cost.id, "budget.cost_deleted" "A cost was deleted from a budget.";
    BudgetCostUpdated |it| it.cost.id, "budget.cost_updated" "A cost changed; `change` names each field with what it was and what it became.";
    BudgetPlanned |it| it.project.id, "budget.planned" "A budget was planned, or its plan changed.";
    BudgetThresholdReached |it| it.project.id, "budget.threshold_reached" "What is used of a budget rose to a threshold, `threshold` in percent.";
}
