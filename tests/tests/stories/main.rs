//! All stories, in one program: one link instead of one per file. A module per area.

mod api_conventions;
mod the_harness;
