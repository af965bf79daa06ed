//! Whether writes can be done. What failed is remembered until a probe succeeds, so that whoever asks often
//! ([`Db::writable`](super::Db::writable)) writes nothing while all is well.

use std::time::{Duration, Instant};

use crate::Error;

/// A fault is told in the log at most once in this time, with how many writes it has cost meanwhile.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// What keeps writes from being done, if anything does.
#[derive(Default)]
pub(super) struct Health {
    fault: Option<Error>,
    said_at: Option<Instant>,
    /// Writes that were lost since it was last said.
    lost: u64,
}

impl Health {
    /// Notes an error that cost so many writes, if it is one of the database and not of what was written.
    pub(super) fn failed(&mut self, error: &Error, writes: u64) {
        if !matches!(error.code, "database_full" | "database_read_only" | "database_unavailable") {
            return;
        }
        self.lost += writes;
        let changed = self.fault.as_ref().is_none_or(|fault| fault.code != error.code);
        if changed {
            self.fault = Some(error.copy());
        }
        if changed || self.said_at.is_none_or(|said| said.elapsed() >= SAID_EVERY) {
            let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(%error, cause, writes = self.lost, "writes are refused");
            (self.said_at, self.lost) = (Some(Instant::now()), 0);
        }
    }

    /// A probe was written: all is well again.
    pub(super) fn worked(&mut self) {
        if self.fault.take().is_some() {
            tracing::info!(writes = self.lost, "writes work again");
            (self.said_at, self.lost) = (None, 0);
        }
    }

    /// Whether the last that was heard of writes is that they fail.
    pub(super) fn is_doubtful(&self) -> bool {
        self.fault.is_some()
    }
}
