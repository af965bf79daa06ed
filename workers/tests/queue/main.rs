//! The job queue, told as stories: on SQLite always, on PostgreSQL with `TRACKSIDE_TEST_PG`, through a Redis of its own
//! with `TRACKSIDE_TEST_REDIS`.

mod chaos;
mod death;
mod nodes;
mod place;
mod redis;
mod table;
