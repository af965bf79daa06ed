//! All stories, in one program: one link instead of one per file. A module per area.

mod bad_input;
mod commands;
mod octokit;
mod sandbox;
mod sockets;
mod the_harness;
mod walls;
