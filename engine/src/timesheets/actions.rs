//! What rules may do with timesheets: hand in their owner's, and decide with `time.manage`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::model::{Decision, TimesheetRef, WeekOf};
use super::service;
use crate::Result;
use crate::access::permissions::{TimeLog, TimeManage};
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::day::Week;
use crate::db::Tx;
use crate::ids::UserId;

/// `timesheet.submit`.
pub struct Submit;

/// What `timesheet.submit` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitInput {
    /// The week: `2026-W48`.
    pub week: Week,
    /// Whose; the rule's owner's when left out.
    pub user: Option<UserId>,
}

impl Internal for Submit {
    const NAME: &'static str = "timesheet.submit";
    const SUMMARY: &'static str = "Submits a person's week.";
    const EFFECT: Effect = Effect {
        reads: &["time_entries"],
        writes: &["timesheet.state"],
        undo: Undo::Never { because: "whoever decides on a timesheet opens it again" },
    };
    const CAUSES: &'static [&'static str] = &["timesheet.submitted"];
    type Needs = TimeLog;
    type Input = SubmitInput;
    type Output = TimesheetRef;

    async fn perform(tx: &mut Tx, cx: &Cx, input: SubmitInput) -> Result<TimesheetRef> {
        let of = WeekOf { week: input.week, user: input.user };
        service::submit(tx, cx, &cx.actor.may_here()?, of).await
    }
}

/// `timesheet.approve`.
pub struct Approve;

/// What `timesheet.approve` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveInput {
    /// Whose week.
    pub user: UserId,
    /// The week: `2026-W48`.
    pub week: Week,
}

impl Internal for Approve {
    const NAME: &'static str = "timesheet.approve";
    const SUMMARY: &'static str = "Approves a week that was submitted.";
    const EFFECT: Effect = Effect {
        reads: &["time_entries"],
        writes: &["timesheet.state"],
        undo: Undo::Never { because: "whoever decides on a timesheet opens it again" },
    };
    const CAUSES: &'static [&'static str] = &["timesheet.approved"];
    type Needs = TimeManage;
    type Input = ApproveInput;
    type Output = TimesheetRef;

    async fn perform(tx: &mut Tx, cx: &Cx, input: ApproveInput) -> Result<TimesheetRef> {
        let decision = Decision { user: input.user, week: input.week, reason: String::new() };
        service::approve(tx, cx, &cx.actor.may_here()?, decision).await
    }
}
