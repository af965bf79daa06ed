//! All stories, in one program: one link instead of one per file. A module per area.

mod api_conventions;
mod kills;
mod ledger;
mod spine;
mod takeover;
mod the_harness;
