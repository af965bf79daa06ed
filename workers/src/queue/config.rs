//! How each queue is worked on.

use std::time::Duration;

use trackside_engine::jobs::{Limits, MAX_CONCURRENCY, QUEUES, Rate};

/// How one queue is worked on, on one node, unless an operator has set something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// One of [`QUEUES`].
    pub name: &'static str,
    /// How many of its jobs run at once. One workspace has at most half of these places, however many it could fill:
    /// see [`places`](super::places).
    pub concurrency: usize,
    /// A job that takes longer is cancelled and tried again later.
    pub timeout: Duration,
    /// How fast jobs may start.
    pub rate: Option<Rate>,
    /// The higher goes first, when there are jobs of several queues to claim.
    pub priority: i64,
}

impl Queue {
    fn usual(name: &'static str) -> Self {
        let Limits { concurrency, timeout, rate, priority } = Limits::usual(name);
        Self { name, concurrency, timeout, rate, priority }
    }

    pub(super) fn limits(&self) -> Limits {
        let Self { concurrency, timeout, rate, priority, .. } = *self;
        Limits { concurrency, timeout, rate, priority }
    }
}

/// How every queue is worked on, on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queues {
    /// The queues of [`QUEUES`] that this node works on.
    pub queues: Vec<Queue>,
    /// How long a claim is good for unless it is renewed; the work of a dead node is taken over after this.
    pub lease: Duration,
    /// How often to look for jobs when nothing has been heard.
    pub fallback: Duration,
}

impl Default for Queues {
    fn default() -> Self {
        Self {
            queues: QUEUES.iter().copied().map(Queue::usual).collect(),
            lease: Duration::from_secs(15),
            fallback: Duration::from_secs(5),
        }
    }
}

impl Queues {
    /// The settings of one queue, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Queue> {
        self.queues.iter_mut().find(|queue| queue.name == name)
    }

    /// Says what is wrong with these settings.
    pub(super) fn check(&self) -> Result<(), String> {
        for (n, queue) in self.queues.iter().enumerate() {
            if !QUEUES.contains(&queue.name) {
                return Err(format!("there is no queue `{}`; the queues are {}", queue.name, QUEUES.join(", ")));
            }
            if self.queues[..n].iter().any(|other| other.name == queue.name) {
                return Err(format!("the queue `{}` is configured twice", queue.name));
            }
            if queue.concurrency == 0 || queue.timeout.is_zero() {
                return Err(format!("the queue `{}` needs a concurrency and a time-out above zero", queue.name));
            }
            if queue.concurrency > MAX_CONCURRENCY {
                return Err(format!("the queue `{}` can have a concurrency of {MAX_CONCURRENCY} at most", queue.name));
            }
        }
        if self.lease < Duration::from_secs(1) || self.lease > Duration::from_secs(25) {
            return Err(
                "the lease must be between 1 s and 25 s: work of a dead node is to be taken over within 30 s".into()
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queue_has_settings_and_they_are_sound() {
        let queues = Queues::default();
        assert!(queues.queues.iter().map(|queue| queue.name).eq(QUEUES.iter().copied()));
        assert_eq!(queues.check(), Ok(()));
    }

    #[test]
    fn unsound_settings_are_refused() {
        let mut queues = Queues::default();
        queues.queues[0].concurrency = 0;
        assert!(queues.check().is_err());
        let queues = Queues { lease: Duration::from_secs(60), ..Queues::default() };
        assert!(queues.check().is_err());
    }
}
