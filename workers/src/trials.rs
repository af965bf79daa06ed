//! The job that carries a back-test on.

use trackside_engine::Source;
use trackside_engine::ids::BacktestId;
use trackside_engine::jobs::{Job, Outcome};
use trackside_engine::runs::Stage;
use trackside_engine::trials::work;

use crate::queue::Handler;

/// Carries on the back-test whose id the job bears.
pub(crate) struct Backtest {
    pub(crate) stage: Stage,
    pub(crate) source: Source,
}

impl Handler for Backtest {
    const KIND: &'static str = work::BACKTEST;
    type Payload = BacktestId;

    async fn run(&self, job: &Job, id: BacktestId) -> Outcome {
        work::run(&self.stage, &self.source, job, id).await
    }
}
