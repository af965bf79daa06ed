//! What rates announce. Their names begin with `budget.`, as of everything that only those hear who may see budgets.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::Rate;
use crate::access::permissions::{BudgetView, Permission as _};
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::events::Changes;

/// A rate was entered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BudgetRateAdded<'a> {
    /// The rate.
    pub rate: &'a Rate,
}

/// A rate changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BudgetRateUpdated<'a> {
    /// The rate as it is now.
    pub rate: &'a Rate,
    /// What changed.
    pub change: &'a Changes,
}

/// A rate went away.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BudgetRateDeleted<'a> {
    /// The rate as it was.
    pub rate: &'a Rate,
}

macro_rules! about_a_rate {
    ($($event:ident $kind:literal $summary:literal;)+) => {$(
        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = BudgetView::NAME;
            fn subject(&self) -> String {
                self.rate.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                self.rate.project_id
            }
        }
    )+};
}

about_a_rate! {
    BudgetRateAdded "budget.rate_added" "A rate was entered.";
    BudgetRateDeleted "budget.rate_deleted" "A rate was deleted.";
    BudgetRateUpdated "budget.rate_updated" "A rate changed; `change` names each field with what it was and what it became.";
}
