//! The critical path method over a network of activities: pure, in whole working minutes from the project's start, and
//! in time linear in activities and links.
//!
//! A link says that something of one activity may not happen before something of another, and every kind of link comes
//! down to one number: the least time from start to start. So the forward pass is a longest path in topological order,
//! and the backward pass the same from the end. Nothing starts before the project does, whatever a lead would allow.

use std::collections::{BTreeMap, VecDeque};

use super::model::DependencyType;

/// Something that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// How long it takes, in working minutes; 0 for a milestone.
    pub duration: i64,
    /// It starts no earlier than this many working minutes after the project's start.
    pub not_before: i64,
}

/// What one activity waits for; both ends are places in the list of activities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// What is waited for.
    pub predecessor: usize,
    /// What waits.
    pub successor: usize,
    /// Which ends of the two are tied.
    pub kind: DependencyType,
    /// How many working minutes lie between the two ends at least; negative for a lead.
    pub lag: i64,
}

/// When an activity may and must happen, in working minutes from the project's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The earliest that it can start.
    pub early_start: i64,
    /// The earliest that it can be done.
    pub early_finish: i64,
    /// The latest that it can start without the project being done later.
    pub late_start: i64,
    /// The latest that it can be done without the project being done later.
    pub late_finish: i64,
    /// How much it can slip without the project being done later.
    pub total_float: i64,
    /// How much it can slip without anything else starting later.
    pub free_float: i64,
}

impl Times {
    /// Whether the project is done later when this is.
    pub fn is_critical(&self) -> bool {
        self.total_float == 0
    }
}

/// The answer for a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The times of each activity, in the order of the activities.
    pub times: Vec<Times>,
    /// How long the project takes, in working minutes.
    pub length: i64,
}

/// Activities that wait for each other in a circle, each for the one before it and the first for the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<usize>);

impl Link {
    /// How long after its predecessor's start the successor may start.
    fn least(&self, activities: &[Activity]) -> i64 {
        let (before, after) = (activities[self.predecessor].duration, activities[self.successor].duration);
        self.lag
            + match self.kind {
                DependencyType::FinishToStart => before,
                DependencyType::StartToStart => 0,
                DependencyType::FinishToFinish => before - after,
                DependencyType::StartToFinish => -after,
            }
    }
}

/// The links by predecessor, in one piece of memory: those of activity `i` are `ends[starts[i]..starts[i + 1]]`, each
/// as successor and least time from start to start.
struct Outgoing {
    starts: Vec<usize>,
    ends: Vec<(usize, i64)>,
}

impl Outgoing {
    fn new(activities: &[Activity], links: &[Link]) -> Self {
        let mut starts = vec![0; activities.len() + 1];
        for link in links {
            starts[link.predecessor + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let (mut next, mut ends) = (starts.clone(), vec![(0, 0); links.len()]);
        for link in links {
            ends[next[link.predecessor]] = (link.successor, link.least(activities));
            next[link.predecessor] += 1;
        }
        Self { starts, ends }
    }

    fn of(&self, activity: usize) -> &[(usize, i64)] {
        &self.ends[self.starts[activity]..self.starts[activity + 1]]
    }
}

/// Schedules a network, or names a circle in it.
///
/// # Panics
/// When a link names an activity that is not there.
pub fn schedule(activities: &[Activity], links: &[Link]) -> Result<Schedule, Cycle> {
    let outgoing = Outgoing::new(activities, links);
    let mut early: Vec<i64> = activities.iter().map(|activity| activity.not_before.max(0)).collect();
    // Forward: an activity is taken when everything it waits for has been, so its early start is known by then.
    let mut waits_for = vec![0_usize; activities.len()];
    links.iter().for_each(|link| waits_for[link.successor] += 1);
    let mut order: Vec<usize> = (0..activities.len()).filter(|at| waits_for[*at] == 0).collect();
    order.reserve(activities.len() - order.len());
    let mut taken = 0;
    while let Some(&at) = order.get(taken) {
        taken += 1;
        for &(successor, least) in outgoing.of(at) {
            early[successor] = early[successor].max(early[at] + least);
            waits_for[successor] -= 1;
            if waits_for[successor] == 0 {
                order.push(successor);
            }
        }
    }
    if taken < activities.len() {
        return Err(cycle(&waits_for, links));
    }
    let finish = |at: usize| early[at] + activities[at].duration;
    let length = (0..activities.len()).map(finish).max().unwrap_or(0);
    // Backward: everything that waits for an activity has been seen before it.
    let mut late: Vec<i64> = activities.iter().map(|activity| length - activity.duration).collect();
    let mut free: Vec<i64> = (0..activities.len()).map(|at| length - finish(at)).collect();
    for &at in order.iter().rev() {
        for &(successor, least) in outgoing.of(at) {
            late[at] = late[at].min(late[successor] - least);
            free[at] = free[at].min(early[successor] - early[at] - least);
        }
    }
    let times = |at: usize| Times {
        early_start: early[at],
        early_finish: finish(at),
        late_start: late[at],
        late_finish: late[at] + activities[at].duration,
        total_float: late[at] - early[at],
        free_float: free[at],
    };
    Ok(Schedule { times: (0..activities.len()).map(times).collect(), length })
}

/// A circle among the activities that still wait for something. Each of them waits for another of them, so whoever
/// goes from one to what it waits for comes to where they have been.
fn cycle(waits_for: &[usize], links: &[Link]) -> Cycle {
    let mut back = vec![None; waits_for.len()];
    for link in links.iter().filter(|link| waits_for[link.predecessor] > 0) {
        back[link.successor] = Some(link.predecessor);
    }
    let mut path = Vec::new();
    let mut seen = vec![false; waits_for.len()];
    let mut next = waits_for.iter().position(|count| *count > 0);
    while let Some(at) = next.filter(|at| !seen[*at]) {
        seen[at] = true;
        path.push(at);
        next = back[at];
    }
    let begin = path.iter().position(|at| Some(*at) == next).unwrap_or_default();
    path.drain(..begin);
    path.reverse();
    Cycle(path)
}

/// The shortest way from one to another along links of (predecessor, successor), both ends included.
pub fn path<N: Copy + Ord>(links: &[(N, N)], from: N, to: N) -> Option<Vec<N>> {
    let mut outgoing: BTreeMap<N, Vec<N>> = BTreeMap::new();
    for (predecessor, successor) in links {
        outgoing.entry(*predecessor).or_default().push(*successor);
    }
    // Each with the one it was reached from; the first from itself.
    let mut back = BTreeMap::from([(from, from)]);
    let mut next = VecDeque::from([from]);
    while let Some(at) = next.pop_front() {
        if at == to {
            let mut path = vec![to];
            let mut at = to;
            while at != from {
                at = back[&at];
                path.push(at);
            }
            path.reverse();
            return Some(path);
        }
        for successor in outgoing.get(&at).into_iter().flatten() {
            back.entry(*successor).or_insert_with(|| {
                next.push_back(*successor);
                at
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(predecessor: usize, successor: usize) -> Link {
        Link { predecessor, successor, kind: DependencyType::FinishToStart, lag: 0 }
    }

    #[test]
    fn nothing_takes_no_time() {
        assert_eq!(schedule(&[], &[]), Ok(Schedule { times: Vec::new(), length: 0 }));
    }

    #[test]
    fn a_circle_is_named_without_what_hangs_on_it() {
        let activities = [Activity { duration: 1, not_before: 0 }; 6];
        // 0 leads into the circle 1, 2, 3, and 4 and 5 hang behind it.
        let links = [link(0, 1), link(1, 2), link(2, 3), link(3, 1), link(3, 4), link(4, 5)];
        let Cycle(mut circle) = schedule(&activities, &links).unwrap_err();
        let first = circle.iter().position(|at| *at == 1).unwrap();
        circle.rotate_left(first);
        assert_eq!(circle, [1, 2, 3]);
        assert_eq!(schedule(&activities[..1], &[link(0, 0)]), Err(Cycle(vec![0])));
    }

    #[test]
    fn what_may_not_start_earlier_has_no_float_before_it() {
        let activities = [Activity { duration: 10, not_before: 0 }, Activity { duration: 5, not_before: 30 }];
        let Schedule { times, length } = schedule(&activities, &[link(0, 1)]).unwrap();
        assert_eq!((length, times[1].early_start, times[1].total_float), (35, 30, 0));
        assert_eq!((times[0].total_float, times[0].free_float, times[0].is_critical()), (20, 20, false));
    }

    #[test]
    fn the_shortest_way_is_found_or_none() {
        let links = [(1, 2), (2, 3), (3, 4), (1, 3), (5, 1)];
        assert_eq!(path(&links, 1, 4), Some(vec![1, 3, 4]));
        assert_eq!(path(&links, 1, 1), Some(vec![1]));
        assert_eq!(path(&links, 4, 1), None);
    }
}
