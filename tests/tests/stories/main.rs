//! All stories, in one program: one link instead of one per file. A module per area.

mod the_harness;
