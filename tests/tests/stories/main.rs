//! All stories, in one program: one link instead of one per file. A module per area.

mod api_conventions;
mod audit;
mod bad_input;
mod commands;
mod comments;
mod fairness;
mod grants;
mod kills;
mod ledger;
mod milestones;
mod octokit;
mod people;
mod planning;
mod replan;
mod sandbox;
mod schedules;
mod search;
mod sockets;
mod spine;
mod takeover;
mod the_harness;
mod time_entries;
mod walls;
mod watchers_and_links;
