//! How much of a queue's work is done at once, and how fast: what is usual, and what an operator has set.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trackside_rules::Period;

use crate::patch::Patch;
use crate::{Error, Result, row};

/// At most so many starts in a time, on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many jobs may start …
    pub jobs: u32,
    /// … in this time; also how many may start at once after a pause.
    pub per: Duration,
}

/// How a queue is worked on, on each node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many of its jobs run at once.
    pub concurrency: usize,
    /// A job that takes longer is cancelled and tried again later.
    pub timeout: Duration,
    /// How fast jobs may start.
    pub rate: Option<Rate>,
    /// The higher goes first, when a node has jobs of several queues to claim.
    pub priority: i64,
}

/// The most jobs of a queue that a node runs at once.
pub const MAX_CONCURRENCY: usize = 4_096;

impl Limits {
    /// What is usual for a queue.
    pub fn usual(queue: &str) -> Self {
        let limits = |concurrency, seconds, priority| Self {
            concurrency,
            timeout: Duration::from_secs(seconds),
            rate: None,
            priority,
        };
        match queue {
            // Calls of other people's servers: slow, many at once.
            "deliveries" => limits(64, 60, 0),
            "maintenance" => limits(2, 600, -10),
            "notify" => limits(16, 60, 0),
            // Steps of runs: mostly short, in bulk; but some wait for answers.
            "runs" => limits(512, 120, 0),
            "sync" => limits(8, 300, -10),
            _ => limits(8, 60, 0),
        }
    }

    /// These, where an operator has set nothing else.
    pub fn with(self, setting: &Setting) -> Self {
        let positive =
            |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0);
        let time = |value| positive(value).map(Duration::from_millis);
        let rate = match (positive(setting.rate_jobs), time(setting.rate_ms)) {
            (Some(jobs), Some(per)) => Some(Rate { jobs: u32::try_from(jobs).unwrap_or(u32::MAX), per }),
            _ => self.rate,
        };
        let concurrency = positive(setting.concurrency).and_then(|value| usize::try_from(value).ok());
        Self {
            concurrency: concurrency.unwrap_or(self.concurrency).min(MAX_CONCURRENCY),
            timeout: time(setting.timeout_ms).unwrap_or(self.timeout),
            rate,
            priority: setting.priority.unwrap_or(self.priority),
        }
    }
}

row! {
    /// What an operator has set for a queue; the rest is as usual.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Setting {
        pub name: String,
        pub concurrency: Option<i64>,
        pub timeout_ms: Option<i64>,
        pub rate_jobs: Option<i64>,
        pub rate_ms: Option<i64>,
        pub priority: Option<i64>,
    }
}

/// How fast jobs may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueRate {
    /// So many, 1 to 1,000,000 …
    #[schemars(range(min = 1, max = 1_000_000))]
    pub jobs: i64,
    /// … in this time, `100ms` to `1h`, on each node.
    pub per: Period,
}

/// How a queue is worked on, on each node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct QueueLimits {
    /// How many of its jobs run at once.
    pub concurrency: i64,
    /// A job that takes longer is cancelled and tried again later.
    pub timeout: Period,
    /// How fast jobs may start; as fast as there is room when null.
    pub rate: Option<QueueRate>,
    /// The higher goes first, when a node has jobs of several queues to take.
    pub priority: i64,
    /// Which of these an operator has set; the others are as usual.
    pub set: Vec<&'static str>,
}

impl QueueLimits {
    /// What holds for a queue with these settings.
    pub fn of(setting: &Setting) -> Self {
        let limits = Limits::usual(&setting.name).with(setting);
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        debug_assert!(millis(limits.timeout) > 0);
        let set = [
            ("concurrency", setting.concurrency),
            ("priority", setting.priority),
            ("rate", setting.rate_jobs),
            ("timeout", setting.timeout_ms),
        ];
        Self {
            concurrency: i64::try_from(limits.concurrency).unwrap_or(i64::MAX),
            timeout: Period(limits.timeout),
            rate: limits.rate.map(|rate| QueueRate { jobs: rate.jobs.into(), per: Period(rate.per) }),
            priority: limits.priority,
            set: set.into_iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect(),
        }
    }
}

/// What is to be changed of a queue's limits; null makes one as usual again.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsPatch {
    /// How many of its jobs run at once on each node, 1 to 4,096.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub concurrency: Patch<i64>,
    /// A job that takes longer is cancelled and tried again later: `1s` to `1h`.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub timeout: Patch<Period>,
    /// How fast jobs may start.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub rate: Patch<QueueRate>,
    /// The higher goes first, when a node has jobs of several queues to take: -100 to 100.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub priority: Patch<i64>,
}

impl LimitsPatch {
    /// The settings with the change.
    ///
    /// # Errors
    /// `invalid_fields`.
    pub fn onto(self, mut setting: Setting) -> Result<Setting> {
        let millis = |period: Period| i64::try_from(period.0.as_millis()).unwrap_or(i64::MAX);
        let most = i64::try_from(MAX_CONCURRENCY).unwrap_or(i64::MAX);
        if let Some(value) = self.concurrency.optional() {
            setting.concurrency = within("/concurrency", value, (1, most), "1 to 4,096")?;
        }
        if let Some(value) = self.timeout.optional() {
            setting.timeout_ms = within("/timeout", value.map(millis), (1_000, 3_600_000), "1s to 1h")?;
        }
        if let Some(value) = self.rate.optional() {
            let jobs = within("/rate/jobs", value.map(|rate| rate.jobs), (1, 1_000_000), "1 to 1,000,000")?;
            let per = within("/rate/per", value.map(|rate| millis(rate.per)), (100, 3_600_000), "100ms to 1h")?;
            (setting.rate_jobs, setting.rate_ms) = (jobs, per);
        }
        if let Some(value) = self.priority.optional() {
            setting.priority = within("/priority", value, (-100, 100), "-100 to 100")?;
        }
        Ok(setting)
    }
}

fn within(pointer: &str, value: Option<i64>, (least, most): (i64, i64), said: &str) -> Result<Option<i64>> {
    match value {
        Some(value) if !(least..=most).contains(&value) => Err(Error::field(pointer, format!("must be {said}"))),
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::QUEUES;

    #[test]
    fn what_is_set_holds_and_the_rest_is_as_usual() {
        let nothing = |name: &str| Setting {
            name: name.to_owned(),
            concurrency: None,
            timeout_ms: None,
            rate_jobs: None,
            rate_ms: None,
            priority: None,
        };
        for queue in QUEUES {
            assert_eq!(Limits::usual(queue).with(&nothing(queue)), Limits::usual(queue));
        }
        let patch: LimitsPatch = serde_json::from_str(
            r#"{ "concurrency": 3, "timeout": "5s", "rate": { "jobs": 7, "per": "1m" }, "priority": 4 }"#,
        )
        .unwrap();
        let set = patch.onto(nothing("runs")).unwrap();
        let limits = Limits::usual("runs").with(&set);
        let rate = Some(Rate { jobs: 7, per: Duration::from_secs(60) });
        assert_eq!(limits, Limits { concurrency: 3, timeout: Duration::from_secs(5), rate, priority: 4 });
        assert_eq!(QueueLimits::of(&set).set, ["concurrency", "priority", "rate", "timeout"]);
        let back: LimitsPatch = serde_json::from_str(r#"{ "concurrency": null, "rate": null }"#).unwrap();
        assert_eq!(QueueLimits::of(&back.onto(set).unwrap()).set, ["priority", "timeout"]);
        for wrong in [
            r#"{ "concurrency": 0 }"#,
            r#"{ "timeout": "10ms" }"#,
            r#"{ "rate": { "jobs": 0, "per": "1s" } }"#,
            r#"{ "rate": { "jobs": 1, "per": "2h" } }"#,
            r#"{ "priority": 101 }"#,
        ] {
            let patch: LimitsPatch = serde_json::from_str(wrong).unwrap();
            assert!(patch.onto(nothing("runs")).is_err(), "{wrong}");
        }
    }
}
