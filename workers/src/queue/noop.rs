//! A job that does nothing: for measuring the queue itself, and for checking that it is alive.

use trackside_engine::jobs::{Job, Outcome};

use super::handler::Handler;

/// Does nothing, at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Noop;

impl Handler for Noop {
    const KIND: &'static str = "noop";
    type Payload = serde::de::IgnoredAny;

    async fn run(&self, _: &Job, _: Self::Payload) -> Outcome {
        Outcome::Done
    }
}
