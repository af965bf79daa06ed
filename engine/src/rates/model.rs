//! Rates, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::db::row;
use crate::handle::Handle;
use crate::ids::{ProjectId, RateId, UserId};
use crate::money::{Amount, Currency};
use crate::patch::Patch;

/// The most rates of a workspace.
pub const MAX_RATES: i64 = 10_000;

row! {
    /// What an hour costs.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Rate {
        /// Its id.
        pub id: RateId,
        /// The project that it is for; null for every one.
        #[serde(rename = "project")]
        pub project_id: Option<ProjectId>,
        /// The person that it is for; null for everybody.
        #[serde(rename = "user")]
        pub user_id: Option<UserId>,
        /// What an hour costs.
        pub amount: Amount,
        /// In which currency.
        pub currency: Currency,
        /// The first day on which it holds.
        pub valid_from: Day,
        /// The last day on which it holds; null for ever.
        pub valid_to: Option<Day>,
        /// Goes up by one with every change.
        pub version: i64,
        /// Who entered it.
        pub created_by: Option<UserId>,
        /// When it was entered.
        pub created_at: DateTime<Utc>,
    }
}

/// A rate that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRate {
    /// The project that it is for, by id or key; every one when left out.
    #[serde(default)]
    pub project: Option<Handle<ProjectId>>,
    /// The person that it is for; everybody when left out.
    #[serde(default)]
    pub user: Option<UserId>,
    /// What an hour costs, with at most 4 decimals.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// The first day on which it holds.
    pub valid_from: Day,
    /// The last day on which it holds; for ever when left out.
    #[serde(default)]
    pub valid_to: Option<Day>,
}

/// A change of a rate. For whom it is stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RatePatch {
    /// What an hour costs.
    pub amount: Patch<Amount>,
    /// In which currency.
    pub currency: Patch<Currency>,
    /// The first day on which it holds.
    pub valid_from: Patch<Day>,
    /// The last day on which it holds; null for ever.
    pub valid_to: Patch<Day>,
}

/// Which rates are listed.
#[derive(Debug, Clone, Default)]
pub struct RateQuery {
    /// Only those of this person.
    pub user: Option<UserId>,
}
