//! The engine's tests against real databases, one program so that they link once.

mod analytics;
mod areas;
mod audit;
mod budgets;
mod catalogue;
mod date_triggers;
mod db;
mod fields;
mod hooks;
mod lists;
mod milestones;
mod notifications;
mod office;
mod people;
mod permissions;
mod place;
mod planning;
mod portfolio;
mod projects;
mod recurrences;
mod schedules;
mod time_entries;
mod waits;
mod walls;
mod ways_in;
mod work;
