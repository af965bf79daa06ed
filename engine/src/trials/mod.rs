//! Trials: what rules would do, and why they did what they did, or nothing.
//!
//! All of it goes by one mechanism, the rehearsal ([`runs::Stage`](crate::runs::Stage)): the dispatcher's judge and the
//! interpreter, with effects recorded in place of done, on an event of the log as it was.
//! - A **dry run** holds any rule against one event, of the log or made up.
//! - A **back-test** holds a rule's version against a stretch of the log, as a job of its own that goes on where it was after
//!   a crash and always comes to an end ([`work`]).
//! - **Why not** tells, for a rule and a task, what came of the task's last events, and what kept the rule from firing.
//! - **Why** follows a change of a task back through rules to whoever is at the root of it.
//! - The **shadow report** holds what a rule in shadow would have done against what happened since.
//!
//! Who tries something sees with their own eyes: events that they may not see are not there, and no step goes over tasks
//! that they may not see. Deliberately absent: any effect. Nothing is written but the back-test's own row.

pub mod dry_run;
pub mod model;
pub mod service;
pub mod shadows;
pub(crate) mod store;
pub mod why;
pub mod why_not;
pub mod work;

use trackside_rules::matcher::kind_matches;
use trackside_rules::model::Trigger;

use crate::events::KINDS;

/// The kinds of events that a trigger listens to.
fn kinds(trigger: &Trigger) -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name).filter(|kind| kind_matches(trigger.kind(), kind)).collect()
}
