//! The jobs that tell people, and the loop that looks for dates to remind them of.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trackside_engine::cx::Source;
use trackside_engine::db::Db;
use trackside_engine::jobs::{Job, Outcome};
use trackside_engine::notifications::carry::{self, Carry};
use trackside_engine::notifications::fan_out::{self, People};
use trackside_engine::notifications::reminders;

use crate::queue::Handler;

/// How often dates are looked at.
const EVERY: Duration = Duration::from_secs(10);
/// After so many looks, what was told long ago is forgotten.
const TIDY: u32 = 30;

/// Tells some people.
pub(crate) struct TellPeople {
    pub(crate) db: Db,
    pub(crate) source: Source,
}

impl Handler for TellPeople {
    const KIND: &'static str = fan_out::KIND;
    type Payload = People;

    async fn run(&self, job: &Job, people: People) -> Outcome {
        fan_out::run(&self.db, &self.source, job, people).await
    }
}

/// Carries what is due to a channel outside.
pub(crate) struct CarryTold {
    pub(crate) db: Db,
    pub(crate) source: Source,
}

impl Handler for CarryTold {
    const KIND: &'static str = carry::KIND;
    type Payload = Carry;

    async fn run(&self, job: &Job, carry: Carry) -> Outcome {
        carry::run(&self.db, &self.source, job, carry).await
    }
}

/// Reminds of dates until it is told to stop.
pub(crate) async fn remind(db: Db, source: Source, stop: CancellationToken) {
    let mut looks = 0u32;
    while !stop.is_cancelled() {
        if let Err(error) = reminders::run(&db, &source).await {
            tracing::warn!(%error, "dates could not be looked at for reminders; it is tried again");
        }
        if looks.is_multiple_of(TIDY)
            && let Err(error) = reminders::forget(&db, &source).await
        {
            tracing::warn!(%error, "what was told long ago could not be forgotten; it is tried again");
        }
        looks = looks.wrapping_add(1);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
