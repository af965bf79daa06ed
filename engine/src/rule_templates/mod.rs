//! Templates of rules: what most teams want, ready to be filled in and switched on.
//!
//! A template is a file in `data/`, compiled into the program, and one line in [`TEMPLATES`]: what it asks, and the rule with
//! `params.<name>` where that belongs ([`trackside_rules::rule_template`] says how values get there). Beside it stands a sample,
//! `data/<slug>.sample.yaml`: what a story does to a running server, and what must come of it.
//!
//! What is made of a template is a rule like any other, of whoever made it; it does not change when the template does.
//! Here is asked what only the database knows: whether a project is there and may be seen, and whether people are members.
//!
//! Deliberately absent: templates of a workspace's own, which are rules as files (`trackside rules export`, `apply`). Templates of
//! tasks are another thing: [`task_templates`](crate::task_templates).

mod model;
mod resolve;
pub mod service;
#[cfg(test)]
mod tests;

pub use model::{
    NewFromTemplate, RuleTemplateInfo, RuleTemplateQuery, RuleTemplateShown, ShownParameter, TemplateParameters,
};

/// Declares the templates: the name of each is that of its file.
macro_rules! templates {
    ($($slug:literal,)+) => {
        /// The files of the templates with their slugs, sorted.
        pub const TEMPLATES: &[(&str, &str)] = &[$(($slug, include_str!(concat!("data/", $slug, ".yaml")))),+];
    };
}

templates! {
    "approval-to-release",
    "assign-least-loaded",
    "assign-round-robin",
    "blocked-escalation",
    "budget-guard",
    "bug-to-github",
    "close-parent",
    "complete-milestone",
    "critical-watchers",
    "customer-feedback-intake",
    "due-date-required",
    "due-soon",
    "duplicate-guard",
    "first-response-time",
    "github-merge-closes-task",
    "incident-intake",
    "jira-mirror",
    "label-sync",
    "meeting-action-items",
    "milestone-report",
    "onboarding-checklist",
    "over-allocation-alert",
    "overdue-reminder",
    "recurring-maintenance",
    "release-checklist",
    "reopen-on-comment",
    "slack-status",
    "sprint-close-notice",
    "stale-work",
    "standup-digest",
    "time-logging-reminder",
    "triage-new-tasks",
    "weekly-summary",
}
