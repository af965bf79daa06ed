//! The job that plans a project anew.

use trackside_engine::cx::Source;
use trackside_engine::db::Db;
use trackside_engine::ids::ProjectId;
use trackside_engine::jobs::{Job, Outcome};
use trackside_engine::planning::replan;

use crate::queue::Handler;

/// Plans the project whose id the job bears, and announces what moved.
pub(crate) struct Replan {
    pub(crate) db: Db,
    pub(crate) source: Source,
}

impl Handler for Replan {
    const KIND: &'static str = replan::REPLAN;
    type Payload = ProjectId;

    async fn run(&self, job: &Job, project: ProjectId) -> Outcome {
        replan::run(&self.db, &self.source, job, project).await
    }
}
