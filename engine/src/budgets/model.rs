//! Budgets and costs, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::db::row;
use crate::ids::{CostId, ProjectId, UserId};
use crate::money::{Amount, Currency};
use crate::patch::Patch;
use crate::words::words;

/// The most thresholds of a budget.
pub const MAX_THRESHOLDS: usize = 20;
/// The highest threshold, in percent of what is planned.
pub const MAX_PERCENT: i64 = 1000;
/// The most costs of a project.
pub const MAX_COSTS: i64 = 10_000;

row! {
    /// A budget as it is stored.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Plan {
        pub project_id: ProjectId,
        pub currency: Currency,
        pub planned: Amount,
        pub version: i64,
        pub created_at: DateTime<Utc>,
        pub updated_at: DateTime<Utc>,
    }
}

row! {
    /// A threshold of a budget.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Threshold {
        pub percent: i64,
        pub reached_at: Option<DateTime<Utc>>,
        pub crossings: i64,
    }
}

/// What a project may cost and costs. Amounts are decimals as strings, in the budget's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Budget {
    /// The project.
    pub project: ProjectId,
    /// The currency of all of it.
    pub currency: Currency,
    /// What it may cost.
    pub planned: Amount,
    /// What was promised and is not paid yet.
    pub committed: Amount,
    /// What it has cost: the time of the project at its rates, and the costs that were paid.
    pub actual: Amount,
    /// The part of `actual` that is time.
    pub actual_time: Amount,
    /// The part of `actual` that is costs.
    pub actual_costs: Amount,
    /// What is left of `planned` without `actual` and `committed`; negative when it costs more.
    pub remaining: Amount,
    /// `actual` and `committed` in percent of `planned`, to two decimals; null when nothing is planned.
    pub used_percent: Option<String>,
    /// What the time costs that is charged to somebody.
    pub billable: Amount,
    /// Minutes without a rate, or with one in another currency: they are not in the amounts.
    pub unpriced_minutes: i64,
    /// At which percentages of `planned` it is announced that so much is used.
    pub thresholds: Vec<i64>,
    /// Those that were ever reached.
    pub reached: Vec<Reached>,
    /// Goes up by one with every change of the plan.
    pub version: i64,
    /// When it was first planned.
    pub created_at: DateTime<Utc>,
    /// When the plan last changed.
    pub updated_at: DateTime<Utc>,
}

/// A threshold that was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reached {
    /// Which.
    pub percent: i64,
    /// Since when so much is used; null when it fell below again.
    pub since: Option<DateTime<Utc>>,
    /// How often it was reached.
    pub crossings: i64,
}

/// A budget that is planned, as a whole.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBudget {
    /// Its currency. It stays once there are costs.
    pub currency: Currency,
    /// What the project may cost.
    pub planned: Amount,
    /// At which percentages of `planned` it is announced that so much is used: 1 to 1000, each once, at most 20. 50, 80 and
    /// 100 when left out.
    #[serde(default)]
    pub thresholds: Option<Vec<i64>>,
}

words! {
    /// How a cost stands.
    pub enum CostState {
        /// It was promised: it will have to be paid.
        Committed = "committed",
        /// It was paid.
        Actual = "actual",
    }
}

row! {
    /// A cost that was entered.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Cost {
        /// Its id.
        pub id: CostId,
        /// The project.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// How much.
        pub amount: Amount,
        /// In which currency: the budget's.
        pub currency: Currency,
        /// The day of it.
        #[serde(rename = "date")]
        pub day: Day,
        /// What it is for.
        pub category: String,
        /// How it stands.
        pub state: CostState,
        /// More about it.
        pub note: String,
        /// Goes up by one with every change.
        pub version: i64,
        /// Who entered it, or in whose name a rule did.
        pub created_by: Option<UserId>,
        /// When it was entered.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

/// A cost that is entered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCost {
    /// How much: more than 0, with no more decimals than the currency has.
    pub amount: Amount,
    /// The budget's currency; another one is refused. The budget's when left out.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// The day of it; today (UTC) when left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// What it is for, at most 100 characters.
    #[serde(default)]
    pub category: String,
    /// `actual` when left out.
    #[serde(default)]
    pub state: Option<CostState>,
    /// More about it, at most 2000 characters.
    #[serde(default)]
    pub note: String,
}

/// A change of a cost: what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CostPatch {
    /// How much.
    pub amount: Patch<Amount>,
    /// The day of it.
    pub date: Patch<Day>,
    /// What it is for; null empties it.
    pub category: Patch<String>,
    /// How it stands.
    pub state: Patch<CostState>,
    /// More about it; null empties it.
    pub note: Patch<String>,
}
