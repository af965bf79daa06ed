//! The job that carries a run on.

use std::sync::Arc;

use trackside_engine::jobs::{Job, Outcome};
use trackside_engine::runs::{RunJob, Runner, service};

use crate::queue::Handler;

/// Carries on the run whose id the job bears.
pub(crate) struct AdvanceRun(pub(crate) Arc<Runner>);

impl Handler for AdvanceRun {
    const KIND: &'static str = service::ADVANCE;
    type Payload = ();

    async fn run(&self, job: &Job, (): ()) -> Outcome {
        self.0.advance(RunJob::from(job)).await
    }
}
