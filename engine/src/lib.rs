//! What is true in Trackside: one folder per area, the same rooms in each (`docs/ARCHITECTURE.md`).

pub mod access;
pub mod actions;
pub mod analytics;
pub mod approvals;
pub mod attachments;
pub mod audit;
pub mod budgets;
pub mod bulk_edits;
mod checks;
pub mod clock;
pub mod comments;
pub mod connections;
pub mod crash;
pub mod cx;
pub mod day;
pub mod db;
pub mod error;
pub mod events;
pub mod fields;
pub mod files;
pub mod grants;
pub mod handle;
pub mod hooks;
pub mod ids;
pub mod jobs;
pub mod lanes;
pub mod links;
mod listing;
pub mod mail;
pub mod milestones;
pub mod money;
pub mod notifications;
pub mod paging;
pub mod patch;
pub mod planning;
pub mod projects;
pub mod rates;
pub mod raw;
pub mod recurrences;
pub mod resources;
pub mod rotas;
pub mod rule_templates;
pub mod rules;
pub mod runs;
pub mod schedules;
pub mod search;
pub mod secrets;
pub mod slas;
pub mod sprints;
pub mod table;
pub mod task_templates;
pub mod tasks;
pub mod thresholds;
pub mod time_entries;
pub mod timesheets;
pub mod transfer;
pub mod trials;
pub mod unfit;
pub mod variables;
pub mod vault;
pub mod views;
pub mod waits;
mod words;
pub mod workflow;

pub use cx::{Cause, Cx, Source};
pub use error::{Class, Error, FieldError, Result};

/// An area of the engine: one folder with the same rooms as the others.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    /// The folder.
    pub name: &'static str,
    /// Every statement of its store; a test prepares them all on both databases.
    pub statements: &'static [&'static [&'static str]],
}

/// Every area that stores something, sorted by name.
pub const AREAS: &[Area] = &[
    Area {
        name: "access",
        statements: &[
            access::addresses::ALL,
            access::factors::ALL,
            access::identity::ALL,
            access::invitations::ALL,
            access::load::ALL,
            access::membership::ALL,
            access::once::ALL,
            access::profile::ALL,
            access::recovery::ALL,
            access::services::ALL,
            access::store::ALL,
        ],
    },
    Area { name: "analytics", statements: &[analytics::store::ALL] },
    Area { name: "approvals", statements: &[approvals::store::ALL] },
    Area { name: "attachments", statements: &[attachments::store::ALL] },
    Area { name: "audit", statements: &[audit::store::ALL] },
    Area { name: "budgets", statements: &[budgets::store::ALL] },
    Area { name: "bulk_edits", statements: &[bulk_edits::store::ALL] },
    Area { name: "comments", statements: &[comments::store::ALL] },
    Area { name: "connections", statements: &[connections::store::ALL] },
    Area { name: "events", statements: &[events::store::ALL] },
    Area { name: "fields", statements: &[fields::store::ALL] },
    Area { name: "grants", statements: &[grants::store::ALL] },
    Area { name: "hooks", statements: &[hooks::store::ALL] },
    Area { name: "jobs", statements: &[jobs::dead::ALL, jobs::nodes::ALL, jobs::store::ALL] },
    Area { name: "links", statements: &[links::store::ALL] },
    Area { name: "mail", statements: &[mail::store::ALL] },
    Area { name: "milestones", statements: &[milestones::store::ALL] },
    Area { name: "notifications", statements: &[notifications::store::ALL] },
    Area { name: "planning", statements: &[planning::store::ALL] },
    Area { name: "projects", statements: &[projects::members::ALL, projects::store::ALL] },
    Area { name: "rates", statements: &[rates::store::ALL] },
    Area { name: "recurrences", statements: &[recurrences::store::ALL] },
    Area { name: "resources", statements: &[resources::store::ALL] },
    Area { name: "rotas", statements: &[rotas::store::ALL] },
    Area { name: "rules", statements: &[rules::health::ALL, rules::meter::ALL, rules::store::ALL] },
    Area { name: "runs", statements: &[runs::policy::ALL, runs::store::ALL] },
    Area { name: "schedules", statements: &[schedules::store::ALL] },
    Area { name: "search", statements: &[search::store::ALL] },
    Area { name: "secrets", statements: &[secrets::store::ALL] },
    Area { name: "slas", statements: &[slas::store::ALL] },
    Area { name: "sprints", statements: &[sprints::store::ALL] },
    Area { name: "task_templates", statements: &[task_templates::store::ALL] },
    Area { name: "tasks", statements: &[tasks::store::ALL] },
    Area { name: "thresholds", statements: &[thresholds::store::ALL] },
    Area { name: "time_entries", statements: &[time_entries::store::ALL] },
    Area { name: "timesheets", statements: &[timesheets::store::ALL] },
    Area { name: "transfer", statements: &[transfer::store::ALL] },
    Area { name: "trials", statements: &[trials::store::ALL] },
    Area { name: "variables", statements: &[variables::store::ALL] },
    Area { name: "views", statements: &[views::store::ALL] },
    Area { name: "waits", statements: &[waits::store::ALL] },
    Area { name: "workflow", statements: &[workflow::store::ALL] },
];
