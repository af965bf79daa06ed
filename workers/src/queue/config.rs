//! How each queue is worked on.

use std::time::Duration;

use trackside_engine::jobs::QUEUES;

/// At most so many starts in a time, on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many jobs may start …
    pub jobs: u32,
    /// … in this time; also how many may start at once after a pause.
    pub per: Duration,
}

/// How one queue is worked on, on one node.
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
        let queue =
            |name, concurrency, seconds| Queue { name, concurrency, timeout: Duration::from_secs(seconds), rate: None };
        Self {
            queues: vec![
                // Calls of other people's servers: slow, many at once.
                queue("deliveries", 64, 60),
                queue("maintenance", 2, 600),
                queue("notify", 16, 60),
                // Steps of runs: mostly short, in bulk; but some wait for answers.
                queue("runs", 512, 120),
                queue("schedule", 8, 60),
                queue("sync", 8, 300),
            ],
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
