//! What judging and carrying out rules costs, counted in memory. [`flush`] adds it up in the table `rule_hours`, rarely: a
//! judgement must not pay for a write. What was counted since the last time is lost with the process; runs are counted where
//! they stand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::library::Library;
use crate::cx::Source;
use crate::db::{Db, Tx};
use crate::ids::RuleId;
use crate::runs::Hindrance;
use crate::{Result, row, statements};

statements! {
    /// A rule that was deleted meanwhile has no hours.
    ADD = "insert into rule_hours (rule_id, hour, workspace_id, judged, unmatched, refused, caused, unseen, judging_us, longest_judging_us, \
            calls, notified, running_us, longest_running_us) \
         select r.id, $2, r.workspace_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 from rules r where r.id = $1 \
         on conflict (rule_id, hour) do update set judged = rule_hours.judged + excluded.judged, \
         unmatched = rule_hours.unmatched + excluded.unmatched, refused = rule_hours.refused + excluded.refused, \
         caused = rule_hours.caused + excluded.caused, unseen = rule_hours.unseen + excluded.unseen, \
         judging_us = rule_hours.judging_us + excluded.judging_us, \
         longest_judging_us = case when excluded.longest_judging_us > rule_hours.longest_judging_us \
            then excluded.longest_judging_us else rule_hours.longest_judging_us end, \
         calls = rule_hours.calls + excluded.calls, notified = rule_hours.notified + excluded.notified, \
         running_us = rule_hours.running_us + excluded.running_us, \
         longest_running_us = case when excluded.longest_running_us > rule_hours.longest_running_us \
            then excluded.longest_running_us else rule_hours.longest_running_us end";
    FORGET = "delete from rule_hours where hour < $1";
}

/// What one rule has cost since it was last read.
#[derive(Debug, Default)]
pub struct Meter {
    judged: AtomicI64,
    unmatched: AtomicI64,
    refused: AtomicI64,
    caused: AtomicI64,
    unseen: AtomicI64,
    /// Nanoseconds: a judgement takes a few microseconds.
    judging: AtomicI64,
    longest_judging: AtomicI64,
    calls: AtomicI64,
    notified: AtomicI64,
    /// Microseconds.
    running: AtomicI64,
    longest_running: AtomicI64,
    /// A run of it computed for long the last time.
    heavy: AtomicBool,
}

row! {
    /// What stood on a [`Meter`], or on all of those that were added up.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub(super) struct Reading {
        pub judged: i64,
        pub unmatched: i64,
        pub refused: i64,
        pub caused: i64,
        pub unseen: i64,
        pub judging_us: i64,
        pub longest_judging_us: i64,
        pub calls: i64,
        pub notified: i64,
        pub running_us: i64,
        pub longest_running_us: i64,
    }
}

impl Meter {
    /// The rule was held against an event, which took so long.
    pub(crate) fn judged(&self, took: Duration) {
        let took = i64::try_from(took.as_nanos()).unwrap_or(i64::MAX);
        self.judged.fetch_add(1, Relaxed);
        self.judging.fetch_add(took, Relaxed);
        self.longest_judging.fetch_max(took, Relaxed);
    }

    /// The event starts no run.
    pub(crate) fn hindered(&self, why: Hindrance) {
        let count = match why {
            Hindrance::Match | Hindrance::Scope => &self.unmatched,
            Hindrance::Condition => &self.refused,
            Hindrance::Cause => &self.caused,
            Hindrance::Sight => &self.unseen,
            // These are not about the rule, or a run tells of them.
            Hindrance::Kind | Hindrance::Rule | Hindrance::Facts | Hindrance::Overlap | Hindrance::Depth => return,
        };
        count.fetch_add(1, Relaxed);
    }

    /// An outside service was called.
    pub(crate) fn called(&self) {
        self.calls.fetch_add(1, Relaxed);
    }

    /// People were notified.
    pub(crate) fn notified(&self) {
        self.notified.fetch_add(1, Relaxed);
    }

    /// A run kept a worker for so long.
    pub(crate) fn ran(&self, took: Duration) {
        let took = i64::try_from(took.as_micros()).unwrap_or(i64::MAX);
        self.running.fetch_add(took, Relaxed);
        self.longest_running.fetch_max(took, Relaxed);
    }

    /// Whether its next run had better compute apart from the first step on.
    pub(crate) fn is_heavy(&self) -> bool {
        self.heavy.load(Relaxed)
    }

    /// A run computed for long, or did not.
    pub(crate) fn set_heavy(&self, heavy: bool) {
        self.heavy.store(heavy, Relaxed);
    }

    /// Reads it, and puts it back to nothing.
    fn take(&self) -> Reading {
        let take = |count: &AtomicI64| count.swap(0, Relaxed);
        // Rounded up: what took any time at all took some.
        let micros = |nanos: i64| nanos.saturating_add(999) / 1_000;
        Reading {
            judged: take(&self.judged),
            unmatched: take(&self.unmatched),
            refused: take(&self.refused),
            caused: take(&self.caused),
            unseen: take(&self.unseen),
            judging_us: micros(take(&self.judging)),
            longest_judging_us: micros(take(&self.longest_judging)),
            calls: take(&self.calls),
            notified: take(&self.notified),
            running_us: take(&self.running),
            longest_running_us: take(&self.longest_running),
        }
    }

    /// Puts back what could not be written.
    fn put_back(&self, reading: &Reading) {
        self.judged.fetch_add(reading.judged, Relaxed);
        self.unmatched.fetch_add(reading.unmatched, Relaxed);
        self.refused.fetch_add(reading.refused, Relaxed);
        self.caused.fetch_add(reading.caused, Relaxed);
        self.unseen.fetch_add(reading.unseen, Relaxed);
        self.judging.fetch_add(reading.judging_us.saturating_mul(1_000), Relaxed);
        self.longest_judging.fetch_max(reading.longest_judging_us.saturating_mul(1_000), Relaxed);
        self.calls.fetch_add(reading.calls, Relaxed);
        self.notified.fetch_add(reading.notified, Relaxed);
        self.running.fetch_add(reading.running_us, Relaxed);
        self.longest_running.fetch_max(reading.longest_running_us, Relaxed);
    }
}

/// The meters of all rules that this process has met.
#[derive(Debug, Default)]
pub(super) struct Meters(RwLock<HashMap<RuleId, Arc<Meter>>>);

impl Meters {
    /// A rule's.
    pub(super) fn of(&self, rule: RuleId) -> Arc<Meter> {
        if let Some(meter) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&rule) {
            return meter.clone();
        }
        self.0.write().unwrap_or_else(PoisonError::into_inner).entry(rule).or_default().clone()
    }

    /// What stands on those that moved. Those that did not, and that nobody holds, go.
    fn take(&self) -> Vec<(RuleId, Reading)> {
        let mut moved = Vec::new();
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|rule, meter| {
            let reading = meter.take();
            let has_moved = reading != Reading::default();
            if has_moved {
                moved.push((*rule, reading));
            }
            has_moved || meter.is_heavy() || Arc::strong_count(meter) > 1
        });
        // Two nodes that add to the same rows must take them in the same order.
        moved.sort_unstable_by_key(|(rule, _)| *rule);
        moved
    }
}

/// Adds up what was counted since the last time, if anything was; says for how many rules.
pub async fn flush(db: &Db, source: &Source, library: &Library) -> Result<usize> {
    let moved = library.meters().take();
    if moved.is_empty() {
        return Ok(0);
    }
    let (hour, readings) = (hour_of(source.now()), moved.clone());
    let written = db.write(async move |tx: &mut Tx| {
        for (rule, reading) in &readings {
            add(tx, *rule, hour, reading).await?;
        }
        Ok(())
    });
    if let Err(error) = written.await {
        moved.iter().for_each(|(rule, reading)| library.meters().of(*rule).put_back(reading));
        return Err(error);
    }
    Ok(moved.len())
}

async fn add(tx: &mut Tx, rule: RuleId, hour: DateTime<Utc>, reading: &Reading) -> Result<()> {
    let Reading { judged, unmatched, refused, caused, unseen, judging_us, longest_judging_us, .. } = *reading;
    let Reading { calls, notified, running_us, longest_running_us, .. } = *reading;
    let args = (
        rule,
        hour,
        judged,
        unmatched,
        refused,
        caused,
        unseen,
        judging_us,
        longest_judging_us,
        calls,
        notified,
        running_us,
        longest_running_us,
    );
    tx.execute(ADD, args).await.map(drop)
}

/// Forgets hours from before this moment.
pub async fn forget(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    tx.execute(FORGET, (before,)).await
}

fn hour_of(moment: DateTime<Utc>) -> DateTime<Utc> {
    // Fails only for moments near the ends of time.
    moment.duration_trunc(TimeDelta::hours(1)).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id as _;

    #[test]
    fn a_meter_is_read_once_and_one_that_nobody_needs_goes() {
        let (meters, rule) = (Meters::default(), RuleId::from_uuid(uuid::Uuid::from_u128(7)));
        let held = meters.of(rule);
        held.judged(Duration::from_nanos(1_500));
        held.judged(Duration::from_nanos(200));
        held.hindered(Hindrance::Condition);
        held.ran(Duration::from_micros(70));
        let expected = Reading {
            judged: 2,
            refused: 1,
            judging_us: 2,
            longest_judging_us: 2,
            running_us: 70,
            longest_running_us: 70,
            ..Reading::default()
        };
        assert_eq!(meters.take(), [(rule, expected)]);
        assert_eq!(meters.take(), []);
        held.put_back(&expected);
        drop(held);
        assert_eq!(meters.take(), [(rule, expected)], "what could not be written is written later");
        assert_eq!(meters.take(), []);
        assert!(meters.0.read().unwrap().is_empty());
    }
}
