//! Planning: networks whose answers are known, networks that are made up, and stories on both databases.

mod known;
mod made_up;
mod mpxj;
mod parts;
mod stories;

use trackside_engine::planning::DependencyType;
use trackside_engine::planning::network::{Activity, Link};

fn activities(durations: &[i64]) -> Vec<Activity> {
    durations.iter().map(|duration| Activity::new(*duration, 0)).collect()
}

/// How long after the start of the first the second may start.
fn least(link: &Link, activities: &[Activity]) -> i64 {
    let (before, after) = (activities[link.predecessor].duration, activities[link.successor].duration);
    match link.kind {
        DependencyType::FinishToStart => before + link.lag,
        DependencyType::StartToStart => link.lag,
        DependencyType::FinishToFinish => before + link.lag - after,
        DependencyType::StartToFinish => link.lag - after,
    }
}
