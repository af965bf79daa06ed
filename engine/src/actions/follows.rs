//! What comes of what rules do without an action that says so: what Trackside writes by itself, sooner or later, after others.

use trackside_rules::graph::{Effects, Follows};
use trackside_rules::model::THRESHOLD_CROSSED;

use crate::thresholds;

/// Events that follow others.
const FOLLOWS: &[Follows] = &[
    Follows { kind: "milestone.tasks_completed", after: &["task.deleted", "task.status_changed", "task.updated"] },
    Follows { kind: "sla.breached", after: TIMED },
    Follows { kind: "sla.met", after: TIMED },
    Follows { kind: "sla.warned", after: TIMED },
    Follows { kind: "task.rescheduled", after: MOVING },
];
/// What can move the computed dates of tasks.
const MOVING: &[&str] = &[
    "calendar.updated",
    "milestone.updated",
    "resource.*",
    "task.created",
    "task.deleted",
    "task.dependency_added",
    "task.dependency_removed",
    "task.schedule_changed",
    "task.status_changed",
    "task.updated",
];
/// What begins the timer of a task anew, or ends it.
const TIMED: &[&str] = &["project.updated", "task.created", "task.status_changed", "task.updated"];
/// What comes of a step that asks people.
const ASKING: &[&str] = &[
    "approval.requested",
    "approval.timed_out",
    "approval.voted",
    "approval.decided",
    "approval.delegated",
    "approval.withdrawn",
];
/// Events that do not tell which rule is behind them: people or the clock are in between.
const UNTOLD: &[&str] = &[
    "approval.decided",
    "approval.delegated",
    "approval.voted",
    "approval.withdrawn",
    "sla.breached",
    "sla.met",
    "sla.warned",
    THRESHOLD_CROSSED,
];

/// Adds all that to what actions cause.
pub(super) fn add(effects: &mut Effects) {
    let owned = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<String>>();
    effects.follows = FOLLOWS.to_vec();
    effects.asking = owned(ASKING);
    effects.untold = owned(UNTOLD).into_iter().collect();
    effects.moves = thresholds::moves().map(|(metric, kinds)| (metric.to_owned(), owned(kinds))).collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::KINDS;

    #[test]
    fn every_kind_that_is_named_is_one_of_the_log() {
        let known = |kind: &str| KINDS.iter().any(|known| trackside_rules::matcher::kind_matches(kind, known.name));
        let follows = FOLLOWS.iter().flat_map(|follows| follows.after.iter().chain([&follows.kind]));
        let named = follows.chain(ASKING).chain(UNTOLD);
        let wrong: Vec<&&str> = named.filter(|kind| !known(kind)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
