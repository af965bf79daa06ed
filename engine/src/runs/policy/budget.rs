//! What a run may cost. Asked at its steps; a run that would cost more ends as `blocked`, and its owner is told.

use std::time::Duration;

use super::super::interpreter::Walk;
use super::super::model::RunError;
use crate::actions::Entry;

/// The action that notifies people.
pub(in crate::runs) const NOTIFY: &str = "notify.send";

impl Walk<'_> {
    /// Milliseconds that the run has worked up to now, if its rule limits them.
    pub(in super::super) fn worked(&self) -> Option<i64> {
        self.plan.compiled.rule.policy.budget.as_ref()?.ms?;
        Some(self.plan.worked_ms.saturating_add(i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)))
    }

    /// Why the run may not work on.
    pub(in super::super) fn overworked(&self, path: &str) -> Option<RunError> {
        let limit = self.plan.compiled.rule.policy.budget.as_ref()?.ms?;
        let worked = self.worked()?;
        let over = u64::try_from(worked).is_ok_and(|worked| worked > limit);
        let limit = Duration::from_millis(limit);
        over.then(|| spent(path, format!("it has worked for {worked} ms and may for {limit:?} (`budget.ms`)")))
    }

    /// Why the action may not be done.
    pub(in super::super) fn too_costly(&self, action: &str, path: &str) -> Option<RunError> {
        let budget = self.plan.compiled.rule.policy.budget.as_ref()?;
        let external = |name: &str| matches!(self.runner.actions.get(name), Some(Entry::External(_)));
        if let Some(limit) = budget.http.filter(|_| external(action)) {
            let calls = self.journal.attempts(external);
            if calls >= i64::from(limit) {
                return Some(spent(path, format!("it has made {calls} calls and may make {limit} (`budget.http`)")));
            }
        }
        if let Some(limit) = budget.notifications.filter(|_| action == NOTIFY) {
            let sent = self.journal.attempts(|name| name == NOTIFY);
            if sent >= i64::from(limit) {
                let message = format!("it has notified {sent} times and may {limit} times (`budget.notifications`)");
                return Some(spent(path, message));
            }
        }
        None
    }
}

fn spent(path: &str, why: String) -> RunError {
    let message = format!("the run was stopped by its rule's budget: {why}; raise the limit, or let the rule do less");
    RunError { code: "budget".into(), message, step: Some(path.to_owned()) }
}
