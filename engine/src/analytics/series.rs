//! From what happened when to figures: day by day, and how long things took.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::model::{DoneTask, Durations, Point};
use super::store::{Done, Standing};
use crate::tasks::Category;

/// What happened in a range: how things stood just before it, and what changed during it.
pub(super) struct History {
    pub standing: Vec<Standing>,
    pub entered: Vec<Standing>,
    pub left: Vec<Standing>,
    pub created: Vec<(DateTime<Utc>,)>,
}

/// Which bucket a moment of the range lies in; `parts` are the moments that part them.
fn bucket(parts: &[DateTime<Utc>], at: DateTime<Utc>) -> Option<usize> {
    let passed = parts.partition_point(|part| *part <= at);
    (1..parts.len()).contains(&passed).then(|| passed - 1)
}

/// What changes in a bucket.
#[derive(Default, Clone)]
struct Change {
    by_status: BTreeMap<String, i64>,
    scope: i64,
    done: i64,
    scope_minutes: i64,
    done_minutes: i64,
}

impl Change {
    fn count(&mut self, standing: &Standing, sign: i64) {
        let (tasks, minutes) = (sign * standing.tasks, sign * standing.minutes);
        *self.by_status.entry(standing.status.clone()).or_default() += tasks;
        if standing.category != Category::Cancelled.as_str() {
            self.scope += tasks;
            self.scope_minutes += minutes;
        }
        if standing.category == Category::Done.as_str() {
            self.done += tasks;
            self.done_minutes += minutes;
        }
    }
}

/// The points of a range.
pub(super) fn points(parts: &[DateTime<Utc>], history: &History, done: &[Done]) -> Vec<Point> {
    let buckets = parts.len().saturating_sub(1);
    let mut changes = vec![Change::default(); buckets];
    let (mut created, mut completed) = (vec![0; buckets], vec![0; buckets]);
    for (rows, sign) in [(&history.entered, 1), (&history.left, -1)] {
        for row in rows {
            if let Some(at) = row.at.and_then(|at| bucket(parts, at)) {
                changes[at].count(row, sign);
            }
        }
    }
    for at in history.created.iter().filter_map(|(at,)| bucket(parts, *at)) {
        created[at] += 1;
    }
    for at in done.iter().filter_map(|done| bucket(parts, done.completed_at)) {
        completed[at] += 1;
    }
    let mut now = Change::default();
    history.standing.iter().for_each(|standing| now.count(standing, 1));
    let statuses: BTreeSet<String> =
        now.by_status.keys().chain(changes.iter().flat_map(|change| change.by_status.keys())).cloned().collect();
    now.by_status =
        statuses.into_iter().map(|status| (status.clone(), now.by_status.remove(&status).unwrap_or(0))).collect();
    (0..buckets)
        .map(|at| {
            let change = &changes[at];
            for (status, tasks) in &change.by_status {
                *now.by_status.entry(status.clone()).or_default() += tasks;
            }
            now.scope += change.scope;
            now.done += change.done;
            now.scope_minutes += change.scope_minutes;
            now.done_minutes += change.done_minutes;
            Point {
                start: parts[at],
                end: parts[at + 1],
                created: created[at],
                completed: completed[at],
                scope: now.scope,
                done: now.done,
                remaining: now.scope - now.done,
                scope_minutes: now.scope_minutes,
                done_minutes: now.done_minutes,
                remaining_minutes: now.scope_minutes - now.done_minutes,
                by_status: now.by_status.clone(),
            }
        })
        .collect()
}

/// The tasks with how long they took.
pub(super) fn took(done: Vec<Done>) -> Vec<DoneTask> {
    let seconds = |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).num_seconds().max(0);
    done.into_iter()
        .map(|done| DoneTask {
            id: done.id,
            key: done.key,
            completed_at: done.completed_at,
            cycle_seconds: done.started_at.map(|started| seconds(started, done.completed_at)),
            lead_seconds: seconds(done.created_at, done.completed_at),
        })
        .collect()
}

/// The percentiles, by nearest rank: each is a duration that was observed.
pub(super) fn durations(mut seconds: Vec<i64>) -> Durations {
    seconds.sort_unstable();
    let rank = |percent: usize| {
        let rank = (seconds.len() * percent).div_ceil(100);
        seconds.get(rank.checked_sub(1)?).copied()
    };
    Durations { count: i64::try_from(seconds.len()).unwrap_or(i64::MAX), p50: rank(50), p85: rank(85), p95: rank(95) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_what_was_observed() {
        let of = |seconds: &[i64]| {
            let Durations { count, p50, p85, p95 } = durations(seconds.to_vec());
            (count, p50, p85, p95)
        };
        assert_eq!(of(&[]), (0, None, None, None));
        assert_eq!(of(&[7]), (1, Some(7), Some(7), Some(7)));
        assert_eq!(of(&[40, 10, 20, 30]), (4, Some(20), Some(40), Some(40)));
        let hundred: Vec<i64> = (1..=100).rev().collect();
        assert_eq!(of(&hundred), (100, Some(50), Some(85), Some(95)));
    }
}
