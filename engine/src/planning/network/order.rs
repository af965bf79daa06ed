//! In which order activities are taken, and what keeps them from having one.

use std::collections::{BTreeMap, VecDeque};

use super::{Cycle, Link, Outgoing};

/// The activities, each after everything that it waits for.
pub(super) fn order(count: usize, links: &[Link], outgoing: &Outgoing) -> Result<Vec<usize>, Cycle> {
    let mut waits_for = vec![0_usize; count];
    links.iter().for_each(|link| waits_for[link.successor] += 1);
    let mut order: Vec<usize> = (0..count).filter(|at| waits_for[*at] == 0).collect();
    order.reserve(count - order.len());
    let mut taken = 0;
    while let Some(&at) = order.get(taken) {
        taken += 1;
        for link in outgoing.of(at) {
            waits_for[link.successor] -= 1;
            if waits_for[link.successor] == 0 {
                order.push(link.successor);
            }
        }
    }
    if taken < count { Err(cycle(&waits_for, links)) } else { Ok(order) }
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
