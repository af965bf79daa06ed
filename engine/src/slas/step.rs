//! What becomes of a timer when its task changes. Nothing here asks the clock or the database.

use chrono::{DateTime, Utc};

use super::model::{SlaState, Timer, Warn, seconds};
use super::time::Time;
use crate::tasks::Priority;
use crate::{Error, Result};

/// So many stretches of a timer are listed; of more the oldest are kept as their sum alone.
const LISTED: usize = 200;

/// What a task was at a moment, as a policy sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// Whether the policy is for it.
    pub covered: bool,
    /// Whether what starts a timer holds.
    pub starts: bool,
    /// Whether what pauses it does.
    pub paused: bool,
    /// Whether what stops it does.
    pub stopped: bool,
    /// Whether a timer that has ended can begin anew.
    pub again: bool,
    /// How urgent it is.
    pub priority: Priority,
    /// How long it may take, in seconds.
    pub target: i64,
}

/// What is to be announced of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// It ended in time.
    Met,
    /// Its time has passed.
    Breached,
    /// Its time will soon have passed.
    Warned,
}

/// How a policy counts for a timer.
#[derive(Debug, Clone)]
pub(super) struct Count {
    pub time: Time,
    pub warn: Option<Warn>,
}

type Stretch = (i64, Option<i64>);

fn moment(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

impl Timer {
    fn listed(&self) -> Result<Vec<Stretch>> {
        serde_json::from_str(&self.stretches)
            .map_err(|error| Error::internal("The stretches of a timer cannot be read.").caused_by(error))
    }

    fn list(&mut self, stretches: &[Stretch]) -> Result<()> {
        self.stretches = serde_json::to_string(stretches)
            .map_err(|error| Error::internal("The stretches of a timer cannot be written.").caused_by(error))?;
        Ok(())
    }

    /// Whether it is not over.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, SlaState::Running | SlaState::Paused)
    }

    /// How much time has passed, in seconds.
    pub(super) fn elapsed(&self, now: DateTime<Utc>, time: &Time) -> Result<i64> {
        let passed = |(from, to): &Stretch| time.between(moment(*from), to.map_or(now, moment));
        Ok(self.carried + self.listed()?.iter().map(passed).sum::<i64>())
    }

    /// Lets time pass from `at` on.
    fn go(&mut self, at: DateTime<Utc>, time: &Time) -> Result<()> {
        let mut stretches = self.listed()?;
        if stretches.len() >= LISTED {
            let (from, to) = stretches.remove(0);
            self.carried += to.map_or(0, |to| time.between(moment(from), moment(to)));
        }
        stretches.push((at.timestamp_micros(), None));
        (self.state, self.paused_at) = (SlaState::Running, None);
        self.list(&stretches)
    }

    /// Lets no more time pass from `at` on.
    fn hold(&mut self, at: DateTime<Utc>) -> Result<()> {
        let mut stretches = self.listed()?;
        if let Some((from, to @ None)) = stretches.last_mut() {
            *to = Some(at.timestamp_micros().max(*from));
        }
        self.list(&stretches)
    }

    /// Finds anew when something is due: after any change, and when the calendar is another one.
    pub(super) fn reckon(&mut self, count: &Count) -> Result<()> {
        (self.due_at, self.warn_at, self.look_at, self.stale) = (None, None, None, false);
        let stretches = self.listed()?;
        let Some((from, None)) = stretches.last().copied().filter(|_| self.state == SlaState::Running) else {
            return Ok(());
        };
        let from = moment(from);
        // What is listed ends where the open stretch begins.
        let before = self.elapsed(from, &count.time)?;
        let due = count.time.after(from, self.target - before);
        self.due_at = Some(due);
        let warn = match count.warn {
            None => None,
            Some(Warn::Before(period)) => Some(self.target - seconds(period)),
            Some(Warn::Percent(percent)) => Some(self.target * percent / 100),
        };
        self.warn_at = warn.map(|warn| count.time.after(from, warn - before)).filter(|warn| *warn < due);
        self.look_at = match (self.breached_at, self.warned_at) {
            (Some(_), _) => None,
            (None, Some(_)) => Some(due),
            (None, None) => Some(self.warn_at.unwrap_or(due)),
        };
        Ok(())
    }

    /// What the clock brings at `now`; notes it.
    pub(super) fn ring(&mut self, now: DateTime<Utc>) -> Option<Said> {
        if self.state != SlaState::Running || self.breached_at.is_some() {
            return None;
        }
        if self.due_at.is_some_and(|due| due <= now) {
            self.breached_at = self.due_at;
            return Some(Said::Breached);
        }
        if self.warned_at.is_none() && self.warn_at.is_some_and(|warn| warn <= now) {
            self.warned_at = Some(now);
            return Some(Said::Warned);
        }
        None
    }

    /// What becomes of an open timer; and what is to be said of it.
    pub(super) fn see(&mut self, seen: &Seen, at: DateTime<Utc>, count: &Count) -> Result<Option<Said>> {
        // Nodes' clocks differ a little; time does not run back for that.
        let at = self.listed()?.last().map_or(at, |(from, to)| at.max(moment(to.unwrap_or(*from))));
        if seen.stopped {
            self.hold(at)?;
            let late = self.breached_at.is_none() && self.due_at.is_some_and(|due| due < at);
            let said = match (self.breached_at, late) {
                (Some(_), _) => None,
                (None, true) => Some(Said::Breached),
                (None, false) => Some(Said::Met),
            };
            if late {
                self.breached_at = self.due_at;
            }
            (self.state, self.ended_at, self.paused_at) = (SlaState::Ended, Some(at), None);
            self.reckon(count)?;
            return Ok(said);
        }
        if !seen.covered {
            self.hold(at)?;
            (self.state, self.ended_at, self.paused_at) = (SlaState::Cancelled, Some(at), None);
            self.reckon(count)?;
            return Ok(None);
        }
        (self.priority, self.target) = (seen.priority, seen.target);
        match (self.state, seen.paused) {
            (SlaState::Running, true) => {
                self.hold(at)?;
                (self.state, self.paused_at) = (SlaState::Paused, Some(at));
            }
            (SlaState::Paused, false) => self.go(at, &count.time)?,
            _ => {}
        }
        self.reckon(count)?;
        Ok(None)
    }

    /// Begins, from `at` on.
    pub(super) fn begin(&mut self, seen: &Seen, at: DateTime<Utc>, count: &Count) -> Result<()> {
        if seen.paused {
            (self.state, self.paused_at) = (SlaState::Paused, Some(at));
        } else {
            self.go(at, &count.time)?;
        }
        self.reckon(count)
    }
}

impl Seen {
    /// Whether a timer begins, behind the last one there was.
    pub(super) fn begins(&self, last: Option<&Timer>) -> bool {
        let behind = match last.map(|last| last.state) {
            None => self.starts,
            Some(SlaState::Ended) => self.again && self.starts,
            Some(SlaState::Cancelled) => self.starts,
            Some(SlaState::Running | SlaState::Paused) => false,
        };
        self.covered && behind && !self.stopped
    }
}
