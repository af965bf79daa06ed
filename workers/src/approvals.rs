//! The job that looks anew at what is to be approved.

use trackside_engine::Source;
use trackside_engine::approvals::review::{self, Review};
use trackside_engine::db::Db;
use trackside_engine::jobs::{Job, Outcome};

use crate::queue::Handler;

/// Looks at what is pending in the workspace of the job.
pub(crate) struct ReviewApprovals {
    pub(crate) db: Db,
    pub(crate) source: Source,
}

impl Handler for ReviewApprovals {
    const KIND: &'static str = review::KIND;
    type Payload = Review;

    async fn run(&self, job: &Job, _: Review) -> Outcome {
        review::run(&self.db, &self.source, job).await
    }
}
