//! What a job is, and what can become of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cx::Source;
use crate::ids::{JobId, WorkspaceId};
use crate::{Error, Result};

/// How many times a job is tried unless it says otherwise: with the usual back-off over about half an hour.
pub const MAX_ATTEMPTS: i64 = 12;

/// The first pause after a failure; doubled with every further attempt.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(3 * 3600);
/// Errors are cut to this many characters: they are read by people, in lists.
const ERROR_CHARS: usize = 2_000;

/// A job to be written.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// The workspace it works for; none for Trackside's own upkeep.
    pub workspace_id: Option<WorkspaceId>,
    /// One of [`QUEUES`](super::QUEUES).
    pub queue: &'static str,
    /// Which handler runs it (`deliver_webhook`).
    pub kind: &'static str,
    /// What the handler gets, as JSON text: serialised outside the writer's thread.
    pub payload: String,
    /// With a key, there is only one unfinished job of this kind and key. Put an id in it: keys are not per workspace.
    pub key: Option<String>,
    /// Higher goes first; 0 is usual.
    pub priority: i64,
    /// Not before this time.
    pub due_at: DateTime<Utc>,
    /// After so many attempts it is given up.
    pub max_attempts: i64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

impl NewJob {
    /// A job that is due at once.
    pub fn new(
        source: &Source,
        workspace: Option<WorkspaceId>,
        queue: &'static str,
        kind: &'static str,
        payload: &impl Serialize,
    ) -> Result<Self> {
        let payload = serde_json::to_string(payload)
            .map_err(|error| Error::internal(format!("the payload of a {kind} job is not JSON: {error}")))?;
        let now = source.now();
        Ok(Self {
            id: source.new_id(),
            workspace_id: workspace,
            queue,
            kind,
            payload,
            key: None,
            priority: 0,
            due_at: now,
            max_attempts: MAX_ATTEMPTS,
            created_at: now,
        })
    }

    /// One unfinished job of this kind and key.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Not before `due_at`.
    pub fn due_at(mut self, due_at: DateTime<Utc>) -> Self {
        self.due_at = due_at;
        self
    }

    /// Higher goes first; 0 is usual.
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }

    /// Given up after so many attempts, at least one.
    pub fn max_attempts(mut self, attempts: i64) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }
}

/// A job that a worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The workspace it works for.
    pub workspace_id: Option<WorkspaceId>,
    /// The queue it stands in.
    pub queue: String,
    /// Which handler runs it.
    pub kind: String,
    /// What the handler gets, as JSON text.
    pub payload: String,
    /// Its key, if only one of them may be unfinished.
    pub key: Option<String>,
    /// Higher goes first.
    pub priority: i64,
    /// It was not to run before this time.
    pub due_at: DateTime<Utc>,
    /// The attempt this is: 1 for the first. An attempt whose worker died counts.
    pub attempts: i64,
    /// After so many attempts it is given up.
    pub max_attempts: i64,
    /// Goes up by one with each claim: the fencing token.
    pub epoch: i64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// A worker died while it held this job: it may be what killed it. To be begun
    /// ([`JobStore::begin`](super::JobStore::begin)) before it is run, and not among many others.
    pub suspect: bool,
}

impl Job {
    /// What a worker must show to write anything about this job.
    pub fn ticket(&self) -> Ticket {
        Ticket { id: self.id, epoch: self.epoch }
    }

    /// What an outcome comes to at this attempt: the last failure is a death, and a retry that names no pause waits
    /// longer each time. `chance`, from 0 up to 1, spreads the retries of jobs that failed together.
    pub fn settle(&self, outcome: Outcome, chance: f64) -> Outcome {
        match outcome {
            Outcome::Retry { error, .. } if self.attempts >= self.max_attempts => {
                let reason = format!("failed {} times, the last time with: {error}", self.attempts);
                Outcome::Dead { reason: cut(reason) }
            }
            Outcome::Retry { after, error } => {
                let after = if after.is_zero() { pause(self.attempts, chance) } else { after };
                Outcome::Retry { after, error: cut(error) }
            }
            Outcome::Dead { reason } => Outcome::Dead { reason: cut(reason) },
            other => other,
        }
    }
}

/// 1 s, 2 s, 4 s … up to 3 h, and of that a random half: between 50 % and 100 %.
fn pause(attempt: i64, chance: f64) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(20);
    let whole = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    whole.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

fn cut(text: String) -> String {
    match text.char_indices().nth(ERROR_CHARS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

/// What a worker asks for when it claims jobs of a queue.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The queue.
    pub queue: String,
    /// In whose name.
    pub worker: String,
    /// At most so many.
    pub limit: usize,
    /// For how long, unless the claim is renewed.
    pub lease: Duration,
    /// Workspaces that have their share of this worker already.
    pub without: Vec<WorkspaceId>,
}

/// What a worker must show to write anything about a job: that it still holds the newest claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The job.
    pub id: JobId,
    /// The claim.
    pub epoch: i64,
}

/// What became of leases that were to be renewed. One that is neither kept nor lost is as it was: somebody has the job's row just
/// now, usually its own run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renewed {
    /// They go on.
    pub kept: Vec<Ticket>,
    /// They are somebody else's, or nobody's.
    pub lost: Vec<Ticket>,
}

/// What became of a claimed job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is finished.
    Done,
    /// It failed and is to be tried again, if it has attempts left.
    Retry {
        /// How long to wait; zero leaves it to the usual back-off.
        after: Duration,
        /// Why.
        error: String,
    },
    /// It will never succeed.
    Dead {
        /// Why.
        reason: String,
    },
    /// It was not tried, or taken over meanwhile: give it back at once, the attempt does not count. Said by a worker that
    /// outlived its lease (frozen, or cut off from the database), it takes back that its loss was counted as a death.
    Released,
    /// The handler has settled it in its own transaction.
    Settled,
}

impl Outcome {
    /// Failed; to be tried again after the usual back-off.
    pub fn retry(error: impl Into<String>) -> Self {
        Self::Retry { after: Duration::ZERO, error: error.into() }
    }

    /// What became of a job that settles itself in its own transaction: taken over when the lease was lost, to be tried
    /// again after any other error.
    pub fn of(settled: crate::Result<()>) -> Self {
        match settled {
            Ok(()) => Self::Settled,
            Err(error) if error.code == super::LEASE_LOST => Self::Released,
            Err(error) => Self::retry(error.to_string()),
        }
    }
}

/// What a poll sees of one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueState {
    /// Its name.
    pub name: String,
    /// Nothing is claimed from it.
    pub paused: bool,
    /// A job could be claimed now.
    pub ready: bool,
}

/// What one poll sees of all queues.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// The queues asked for.
    pub queues: Vec<QueueState>,
    /// When something changes by itself: a delayed job becomes due, or a lease runs out.
    pub next: Option<DateTime<Utc>>,
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadJob {
    /// Its id.
    pub id: JobId,
    /// The workspace it worked for.
    #[serde(rename = "workspace")]
    pub workspace_id: Option<WorkspaceId>,
    /// The queue it stood in.
    pub queue: String,
    /// Which handler ran it.
    pub kind: String,
    /// What the handler got; a long one is cut in lists, and another workspace's is not shown.
    pub payload: serde_json::Value,
    /// How many times it was tried.
    pub attempts: i64,
    /// Why it was given up.
    pub reason: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was given up.
    pub died_at: DateTime<Utc>,
    /// What it was about: the run that it carried on, or the first thing that its payload names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_and_stays_within_its_bounds() {
        assert_eq!(pause(1, 1.0), Duration::from_secs(1));
        assert_eq!(pause(1, 0.0), Duration::from_millis(500));
        assert_eq!(pause(4, 1.0), Duration::from_secs(8));
        assert_eq!(pause(1_000_000, 1.0), LONGEST_PAUSE);
    }

    #[test]
    fn a_long_error_is_cut_at_a_character() {
        assert_eq!(cut("é".repeat(3_000)).chars().count(), ERROR_CHARS);
    }
}
