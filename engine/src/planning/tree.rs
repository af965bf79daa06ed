//! Subtasks in a timeline: what depends on a task with subtasks, and the dates that it has from them.
//!
//! A task of which a part is to be done is a *summary*: it is not scheduled itself. What it waits for holds each of its
//! parts; what waits for its end waits for the last of them, and what waits for its start for the first.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::calendar::Calendar;
use super::model::{Dependency, DependencyType, TimelineItem};
use super::network::{Activity, Link, Role};
use super::timeline::is_planned;
use crate::ids::TaskId;
use crate::tasks::TaskDates;

/// Which tasks are parts of which, by their places.
pub(super) struct Tree {
    /// The parts of each that are to be done.
    parts: Vec<Vec<usize>>,
    /// Every task, each after its parts.
    upwards: Vec<usize>,
}

impl Tree {
    pub fn of(tasks: &[TaskDates], places: &HashMap<TaskId, usize>) -> Self {
        let parent = |at: usize| tasks[at].parent_id.and_then(|parent| places.get(&parent).copied());
        let mut parts: Vec<Vec<usize>> = vec![Vec::new(); tasks.len()];
        let mut depths = vec![0_usize; tasks.len()];
        for (at, task) in tasks.iter().enumerate() {
            if let Some(parent) = parent(at).filter(|_| is_planned(task)) {
                parts[parent].push(at);
            }
            // Bounded, so that a tree that is wrong already ends.
            depths[at] = std::iter::successors(parent(at), |at| parent(*at)).take(100).count();
        }
        let mut upwards: Vec<usize> = (0..tasks.len()).collect();
        upwards.sort_by_key(|at| std::cmp::Reverse(depths[*at]));
        Self { parts, upwards }
    }

    /// Whether its dates are those of its parts.
    pub fn is_summary(&self, at: usize) -> bool {
        !self.parts[at].is_empty()
    }

    /// What is to be done of a summary, at the ends of the tree.
    fn leaves(&self, at: usize) -> Vec<usize> {
        let (mut leaves, mut open) = (Vec::new(), vec![at]);
        while let Some(at) = open.pop() {
            match self.parts[at].as_slice() {
                [] => leaves.push(at),
                parts => open.extend(parts),
            }
        }
        leaves
    }
}

/// Where the links of a summary meet.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Gate {
    /// When the first of its parts starts.
    First,
    /// When the last of them is done.
    Last,
    /// What all of them start after.
    Before,
    /// What all of them are done after.
    BeforeEnd,
}

/// The dependencies as links between activities. Summaries take no part: their links go through gates, which are added to
/// the activities. `zero` is the first minute of the project.
pub(super) fn links(
    tree: &Tree,
    places: &HashMap<TaskId, usize>,
    dependencies: &[Dependency],
    activities: &mut Vec<Activity>,
    zero: i64,
) -> Vec<Link> {
    let mut made = Gates { tree, zero, known: HashMap::new(), links: Vec::with_capacity(dependencies.len()) };
    for at in (0..tree.parts.len()).filter(|at| tree.is_summary(*at)) {
        // Nothing of its own is to be done.
        activities[at] = Activity::new(0, zero);
    }
    for dependency in dependencies {
        let (mut predecessor, mut successor) = (places[&dependency.predecessor_id], places[&dependency.task_id]);
        let mut kind = dependency.kind;
        let of_finish = matches!(kind, DependencyType::FinishToStart | DependencyType::FinishToFinish);
        let to_finish = matches!(kind, DependencyType::FinishToFinish | DependencyType::StartToFinish);
        if tree.is_summary(predecessor) {
            let gate = if of_finish { Gate::Last } else { Gate::First };
            predecessor = made.gate(activities, predecessor, gate);
        }
        if tree.is_summary(successor) {
            let gate = if to_finish { Gate::BeforeEnd } else { Gate::Before };
            successor = made.gate(activities, successor, gate);
            kind = if of_finish { DependencyType::FinishToStart } else { DependencyType::StartToStart };
        }
        made.links.push(Link { predecessor, successor, kind, lag: dependency.lag });
    }
    made.links
}

struct Gates<'a> {
    tree: &'a Tree,
    zero: i64,
    known: HashMap<(usize, Gate), usize>,
    links: Vec<Link>,
}

impl Gates<'_> {
    fn gate(&mut self, activities: &mut Vec<Activity>, summary: usize, gate: Gate) -> usize {
        if let Some(known) = self.known.get(&(summary, gate)) {
            return *known;
        }
        let at = activities.len();
        let role = if gate == Gate::First { Role::First } else { Role::Gate };
        activities.push(Activity { role, ..Activity::new(0, self.zero) });
        self.known.insert((summary, gate), at);
        for leaf in self.tree.leaves(summary) {
            let (predecessor, successor, kind) = match gate {
                Gate::First => (leaf, at, DependencyType::StartToStart),
                Gate::Last => (leaf, at, DependencyType::FinishToStart),
                Gate::Before => (at, leaf, DependencyType::FinishToStart),
                Gate::BeforeEnd => (at, leaf, DependencyType::FinishToFinish),
            };
            self.links.push(Link { predecessor, successor, kind, lag: 0 });
        }
        at
    }
}

/// Gives summaries the dates of their parts. Their durations are working minutes of the project's calendar.
pub(super) fn roll_up(tree: &Tree, calendar: &Calendar, items: &mut [TimelineItem]) {
    let later = |from: DateTime<Utc>, to: DateTime<Utc>| calendar.minute(to) - calendar.minute(from);
    // Of each, how much work its leaves are and how much of that is done, in hundredths.
    let mut work: Vec<(i64, i64)> = items.iter().map(|item| (item.duration, item.duration * item.progress)).collect();
    for &at in &tree.upwards {
        let parts = &tree.parts[at];
        if parts.is_empty() {
            continue;
        }
        work[at] = parts.iter().fold((0, 0), |(all, done), part| (all + work[*part].0, done + work[*part].1));
        let part = |at: &usize| &items[*at];
        let earliest =
            |of: fn(&TimelineItem) -> DateTime<Utc>| parts.iter().map(part).map(of).min().unwrap_or_default();
        let latest = |of: fn(&TimelineItem) -> DateTime<Utc>| parts.iter().map(part).map(of).max().unwrap_or_default();
        let is_done = parts.iter().all(|at| items[*at].actual_finish.is_some());
        let (start, finish) = (earliest(|item| item.start), latest(|item| item.finish));
        let early = (earliest(|item| item.early_start), latest(|item| item.early_finish));
        let late = (earliest(|item| item.late_start), latest(|item| item.late_finish));
        let rolled = TimelineItem {
            summary: true,
            milestone: false,
            duration: calendar.between(start, finish),
            progress: match work[at] {
                _ if is_done => 100,
                (0, _) => 0,
                (all, done) => (done / all).min(99),
            },
            actual_start: parts.iter().filter_map(|at| items[*at].actual_start).min(),
            actual_finish: parts.iter().filter_map(|at| items[*at].actual_finish).max().filter(|_| is_done),
            start,
            finish,
            early_start: early.0,
            early_finish: early.1,
            late_start: late.0,
            late_finish: late.1,
            total_float: later(early.0, late.0).min(later(early.1, late.1)),
            free_float: parts.iter().map(|at| items[*at].free_float).min().unwrap_or_default(),
            critical: parts.iter().any(|at| items[*at].critical),
            conflict: parts.iter().any(|at| items[*at].conflict),
            ..items[at].clone()
        };
        items[at] = rolled;
    }
}
