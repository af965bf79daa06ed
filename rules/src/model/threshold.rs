//! The trigger `threshold`: a figure that comes to stand beyond another.

use super::Trigger;
use crate::problem::Problem;

/// The figures there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// How much of a project's budget is used, in percent.
    BudgetUsedPercent,
    /// How many people have more to do than they can, on some day from today on.
    PeopleOverAllocated,
    /// How many runs of the last hour failed.
    RunsFailed,
    /// How many tasks of a project's active sprint are open.
    SprintRemaining,
    /// How many tasks are open.
    TasksOpen,
    /// How many open tasks were due.
    TasksOverdue,
}

impl Metric {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("budget.used_percent", Self::BudgetUsedPercent),
        ("people.over_allocated", Self::PeopleOverAllocated),
        ("runs.failed", Self::RunsFailed),
        ("sprint.remaining", Self::SprintRemaining),
        ("tasks.open", Self::TasksOpen),
        ("tasks.overdue", Self::TasksOverdue),
    ];

    /// The figure of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, metric)| metric)
    }

    /// Whether it is a figure of tasks, which can be filtered.
    pub fn is_of_tasks(self) -> bool {
        matches!(self, Self::SprintRemaining | Self::TasksOpen | Self::TasksOverdue)
    }

    /// Whether each project has one of its own.
    pub fn is_of_projects(self) -> bool {
        matches!(self, Self::BudgetUsedPercent | Self::SprintRemaining)
    }

    /// Whether the workspace alone has one.
    pub fn is_of_workspaces(self) -> bool {
        matches!(self, Self::PeopleOverAllocated | Self::RunsFailed)
    }
}

impl Trigger {
    /// Whether this figure stands beyond what the trigger says.
    pub fn is_beyond(&self, figure: f64) -> bool {
        self.above.is_some_and(|above| figure > above) || self.below.is_some_and(|below| figure < below)
    }

    /// Whether it stands so far back that it can fire again.
    pub fn is_back(&self, figure: f64) -> bool {
        match (self.above, self.below) {
            (Some(above), _) => figure <= self.until.unwrap_or(above),
            (None, Some(below)) => figure >= self.until.unwrap_or(below),
            (None, None) => true,
        }
    }

    /// What is wrong with it as a trigger of a figure, or stands in another one where it does not belong.
    pub(super) fn threshold_problems(&self) -> Vec<Problem> {
        let given = [
            ("metric", self.metric.is_some()),
            ("above", self.above.is_some()),
            ("below", self.below.is_some()),
            ("until", self.until.is_some()),
            ("for", self.lasting.is_some()),
            ("filter", self.filter.is_some()),
        ];
        if !self.is_threshold() {
            let misplaced = |(name, _): &(&str, bool)| {
                let message = format!("`{name}` belongs to the trigger `threshold`.");
                Problem::new("misplaced", format!("/trigger/{name}"), message)
            };
            return given.iter().filter(|(_, given)| *given).map(misplaced).collect();
        }
        let names = Metric::ALL.map(|(name, _)| name);
        let mut problems = Vec::new();
        let mut say = |name: &str, message: String| {
            problems.push(Problem::new("threshold", format!("/trigger/{name}"), message));
        };
        match (self.above, self.below) {
            (Some(above), None) if !above.is_finite() => say("above", "Write a number.".to_owned()),
            (None, Some(below)) if !below.is_finite() => say("below", "Write a number.".to_owned()),
            (Some(above), None) if self.until.is_some_and(|until| until > above) => {
                say("until", format!("It must be at most {above}: back is where the figure is not above any more."));
            }
            (None, Some(below)) if self.until.is_some_and(|until| until < below) => {
                say("until", format!("It must be at least {below}: back is where the figure is not below any more."));
            }
            (Some(_), None) | (None, Some(_)) => {}
            (None, None) => say("above", "Say a figure: `above` or `below`.".to_owned()),
            (Some(_), Some(_)) => say("below", "`above` is given already; leave one of the two out.".to_owned()),
        }
        let metric = self.metric.as_deref().map(Metric::named);
        if self.filter.is_some() && metric.flatten().is_some_and(|metric| !metric.is_of_tasks()) {
            say("filter", "Only figures of tasks can be filtered; leave it out.".to_owned());
        }
        match (self.metric.as_deref(), metric) {
            (None, _) => say("metric", format!("Say which figure: {}.", names.join(", "))),
            (Some(name), Some(None)) => {
                let message = format!("There is no figure `{name}`; there are {}.", names.join(", "));
                problems.push(Problem::new("unknown_metric", "/trigger/metric", message).nearest(name, names));
            }
            _ => {}
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(json: &str) -> Vec<String> {
        let trigger: Trigger = serde_json::from_str(json).unwrap();
        trigger.threshold_problems().into_iter().map(|problem| problem.to_string()).collect()
    }

    #[test]
    fn what_is_no_threshold_says_why() {
        let good = r#"{"on": "threshold", "metric": "tasks.open", "above": 10, "until": 8, "for": "1h", "filter": "priority=high"}"#;
        assert!(problems(good).is_empty(), "{:?}", problems(good));
        for (wrong, says) in [
            (r#"{"on": "threshold", "above": 1}"#, "Say which figure"),
            (r#"{"on": "threshold", "metric": "tasks.opn", "above": 1}"#, "tasks.open"),
            (r#"{"on": "threshold", "metric": "tasks.open"}"#, "`above` or `below`"),
            (r#"{"on": "threshold", "metric": "tasks.open", "above": 1, "below": 3}"#, "leave one of the two out"),
            (r#"{"on": "threshold", "metric": "tasks.open", "above": 1, "until": 3}"#, "at most 1"),
            (r#"{"on": "threshold", "metric": "tasks.open", "below": 5, "until": 3}"#, "at least 5"),
            (r#"{"on": "threshold", "metric": "runs.failed", "above": 1, "filter": "label=a"}"#, "figures of tasks"),
            (r#"{"on": "task.created", "metric": "tasks.open"}"#, "belongs to the trigger `threshold`"),
        ] {
            let problems = problems(wrong);
            assert!(problems.iter().any(|problem| problem.contains(says)), "{wrong}: {problems:?}");
        }
    }

    #[test]
    fn a_figure_fires_beyond_and_again_only_from_behind_where_it_is_back() {
        let trigger: Trigger =
            serde_json::from_str(r#"{"on": "threshold", "metric": "tasks.open", "above": 10, "until": 8}"#).unwrap();
        assert_eq!([10.0, 10.5].map(|figure| trigger.is_beyond(figure)), [false, true]);
        assert_eq!([10.0, 8.5, 8.0].map(|figure| trigger.is_back(figure)), [false, false, true]);
        let trigger: Trigger =
            serde_json::from_str(r#"{"on": "threshold", "metric": "tasks.open", "below": 3}"#).unwrap();
        assert_eq!((trigger.is_beyond(2.9), trigger.is_beyond(3.0), trigger.is_back(3.0)), (true, false, true));
    }
}
