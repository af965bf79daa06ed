//! The routes under `/api/v1`, one file per area. A route reads the request, asks the engine, and answers; what is
//! allowed and what happens is the engine's.

mod access;
mod activity;
mod analytics;
mod approvals;
mod assignments;
mod attachments;
mod audit;
mod auth;
mod batch;
mod budgets;
mod bulk_edits;
mod calendars;
mod catalogues;
mod comments;
mod connections;
mod events;
mod fields;
mod groups;
mod hooks;
mod invitations;
mod labels;
mod links;
mod members;
mod milestones;
mod notifications;
mod oidc;
mod operations;
mod passwords;
mod planning;
mod projects;
mod push_subscriptions;
mod rates;
mod recurrences;
mod resources;
mod roles;
mod rule_sets;
mod rule_templates;
mod rules;
mod runs;
mod schedules;
mod search;
mod second_factor;
mod secrets;
mod service_accounts;
mod sprints;
mod task_templates;
mod tasks;
mod time_entries;
mod timesheets;
mod tokens;
mod transfer;
mod trials;
mod variables;
mod views;
mod workflow;

use aide::axum::ApiRouter;
use schemars::JsonSchema;
use serde::Deserialize;
use trackside_engine::Error;
use trackside_engine::ids::Id;
use trackside_engine::paging::{DEFAULT_LIMIT, MAX_LIMIT, Page, PageRequest};

use crate::app::App;

/// An area of the interface.
pub struct Area {
    /// The file, and the tag in the document.
    pub name: &'static str,
    /// One sentence for the document.
    pub about: &'static str,
    /// Its routes.
    pub routes: fn() -> ApiRouter<App>,
}

/// Every area, sorted by name.
pub const AREAS: &[Area] = &[
    Area { name: "access", about: "Why somebody may do something, or may not.", routes: access::routes },
    Area { name: "activity", about: "What happened to a task.", routes: activity::routes },
    Area { name: "analytics", about: "How work went, per project and over all.", routes: analytics::routes },
    Area { name: "approvals", about: "What runs ask people before they go on.", routes: approvals::routes },
    Area { name: "assignments", about: "Who may do what where.", routes: assignments::routes },
    Area { name: "attachments", about: "Files on tasks.", routes: attachments::routes },
    Area { name: "audit", about: "Who changed who may what.", routes: audit::routes },
    Area { name: "auth", about: "Set-up, signing in and out, sessions, oneself.", routes: auth::routes },
    Area { name: "batch", about: "Many operations on tasks in one request.", routes: batch::routes },
    Area { name: "budgets", about: "What projects may cost and cost.", routes: budgets::routes },
    Area { name: "bulk_edits", about: "One change of many tasks, and taking it back.", routes: bulk_edits::routes },
    Area { name: "calendars", about: "When work is done, and as of when it is planned.", routes: calendars::routes },
    Area { name: "catalogues", about: "What can happen and what rules may do.", routes: catalogues::routes },
    Area { name: "comments", about: "Comments on tasks.", routes: comments::routes },
    Area { name: "connections", about: "Credentials for outside services.", routes: connections::routes },
    Area { name: "events", about: "The log of everything that happened.", routes: events::routes },
    Area { name: "fields", about: "The custom fields that projects define.", routes: fields::routes },
    Area { name: "groups", about: "People who are given things together.", routes: groups::routes },
    Area { name: "hooks", about: "Endpoints that receive webhooks.", routes: hooks::routes },
    Area { name: "invitations", about: "Who is asked to join, and how they do.", routes: invitations::routes },
    Area { name: "labels", about: "The labels of tasks.", routes: labels::routes },
    Area { name: "links", about: "What tasks have to do with each other.", routes: links::routes },
    Area { name: "members", about: "The people of the workspace.", routes: members::routes },
    Area { name: "milestones", about: "What projects work towards.", routes: milestones::routes },
    Area { name: "notifications", about: "What the signed-in person was told.", routes: notifications::routes },
    Area { name: "oidc", about: "Sign-in through other providers (OpenID Connect).", routes: oidc::routes },
    Area { name: "operations", about: "Queues and dead letters.", routes: operations::routes },
    Area { name: "passwords", about: "Passwords and addresses, and ways back in.", routes: passwords::routes },
    Area { name: "planning", about: "What waits for what, and when everything can happen.", routes: planning::routes },
    Area { name: "projects", about: "Projects.", routes: projects::routes },
    Area {
        name: "push_subscriptions",
        about: "Browsers in which the signed-in person is told.",
        routes: push_subscriptions::routes,
    },
    Area { name: "rates", about: "What an hour of work costs.", routes: rates::routes },
    Area { name: "recurrences", about: "What happens again and again.", routes: recurrences::routes },
    Area {
        name: "resources",
        about: "Absences, allocations, and how full the days of people are.",
        routes: resources::routes,
    },
    Area { name: "roles", about: "Default roles, and the workspace's own.", routes: roles::routes },
    Area { name: "rule_sets", about: "Many rules changed together, as files are.", routes: rule_sets::routes },
    Area { name: "rule_templates", about: "Rules that are ready to be filled in.", routes: rule_templates::routes },
    Area { name: "rules", about: "Rules, their versions, checks and runs by hand.", routes: rules::routes },
    Area { name: "runs", about: "What rules did, step by step.", routes: runs::routes },
    Area { name: "schedules", about: "When rules are due by the clock.", routes: schedules::routes },
    Area { name: "search", about: "Search over tasks and comments.", routes: search::routes },
    Area { name: "second_factor", about: "Codes of an app beside the password.", routes: second_factor::routes },
    Area { name: "secrets", about: "What rules hand to other services and nobody is shown.", routes: secrets::routes },
    Area {
        name: "service_accounts",
        about: "Members that are programs, and their tokens.",
        routes: service_accounts::routes,
    },
    Area { name: "sprints", about: "Stretches of time that projects work in.", routes: sprints::routes },
    Area {
        name: "task_templates",
        about: "Tasks that are made as often as they are wanted.",
        routes: task_templates::routes,
    },
    Area { name: "tasks", about: "Tasks.", routes: tasks::routes },
    Area { name: "time_entries", about: "Time spent on tasks, and timers.", routes: time_entries::routes },
    Area {
        name: "timesheets",
        about: "The time of a person in a week, handed in and approved.",
        routes: timesheets::routes,
    },
    Area { name: "tokens", about: "Personal access tokens.", routes: tokens::routes },
    Area { name: "transfer", about: "Projects in and out.", routes: transfer::routes },
    Area { name: "trials", about: "What rules would do, and why they did what they did.", routes: trials::routes },
    Area { name: "variables", about: "Values that rules go by.", routes: variables::routes },
    Area { name: "views", about: "Lists of tasks that people keep.", routes: views::routes },
    Area { name: "workflow", about: "Which statuses and types the tasks of a project have.", routes: workflow::routes },
];

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl From<PageQuery> for PageRequest {
    fn from(query: PageQuery) -> Self {
        Self { limit: query.limit, cursor: query.cursor }
    }
}

/// A page of a list that the engine gives by id: the cursor is the last id seen.
struct ById<I> {
    after: Option<I>,
    limit: i64,
}

impl<I: Id> ById<I> {
    fn new(limit: Option<i64>, cursor: Option<&str>) -> Result<Self, Error> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Error::invalid("invalid_parameter", format!("`limit` must be 1 to {MAX_LIMIT}")));
        }
        let after = cursor.map(str::parse).transpose().map_err(|_| {
            Error::invalid(
                "invalid_cursor",
                "this is no cursor of this list; pass `next_cursor` as it was given, or leave it out",
            )
        })?;
        Ok(Self { after, limit })
    }

    /// How many to fetch: one more than wanted tells that another page follows.
    fn fetch(&self) -> i64 {
        self.limit + 1
    }

    fn page<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> I) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|last| id(last).to_string());
        Page { items, next_cursor, total: None }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_is_in_the_list_and_the_list_is_sorted() {
        assert!(AREAS.is_sorted_by_key(|area| area.name));
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/areas");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|file| {
                file.unwrap().file_name().to_str().and_then(|name| name.strip_suffix(".rs")).map(str::to_owned)
            })
            .filter(|name| name != "mod")
            .collect();
        assert_eq!(files, AREAS.iter().map(|area| area.name.to_owned()).collect());
    }

    /// The document is made of what is routed by `api_route`, so a route that is added otherwise would be missing.
    #[test]
    fn every_route_is_documented() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/areas");
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.file_name().is_some_and(|name| name != "mod.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for other in [".route(", ".nest(", ".fallback(", ".route_service("] {
                    assert!(!text.contains(other), "{}: use api_route in place of {other}", path.display());
                }
            }
        }
    }
}
