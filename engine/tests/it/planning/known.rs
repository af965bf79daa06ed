//! Networks whose answers others have computed: `engine/tests/data/` says whose they are.

use std::collections::BTreeMap;

use serde::Deserialize;
use trackside_engine::planning::DependencyType;
use trackside_engine::planning::network::{Link, schedule};

use super::{activities, least};

#[derive(Deserialize)]
struct Psplib {
    instances: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    instance: String,
    mpm_time: i64,
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
struct Task {
    id: usize,
    dur: i64,
    succ: Vec<usize>,
    es: i64,
    ls: i64,
    ef: i64,
    lf: i64,
    slack: i64,
}

#[derive(Deserialize)]
struct Lags {
    instances: Vec<Generated>,
    hand: Vec<Hand>,
}

/// Start-to-start lags; a negative one is a greatest lag of the other direction.
#[derive(Deserialize)]
struct Generated {
    instance: String,
    durations: Vec<i64>,
    ss_arcs: Vec<(usize, usize, i64)>,
    es_min_lags_only: Vec<i64>,
    makespan_min_only: i64,
}

#[derive(Deserialize)]
struct Hand {
    name: String,
    durations: BTreeMap<String, i64>,
    links: Vec<(String, String, DependencyType, i64)>,
    es: Option<BTreeMap<String, i64>>,
    #[serde(default)]
    length: i64,
    #[serde(default)]
    lf: BTreeMap<String, i64>,
    #[serde(default)]
    slack: BTreeMap<String, i64>,
}

fn lags() -> Lags {
    serde_json::from_str(include_str!("../../data/cpm_lags.json")).unwrap()
}

#[test]
fn the_projects_of_psplib_have_the_times_that_are_printed_in_them() {
    let library: Psplib = serde_json::from_str(include_str!("../../data/cpm_psplib.json")).unwrap();
    assert_eq!(library.instances.len(), 55);
    for project in &library.instances {
        let place = |id: usize| project.tasks.iter().position(|task| task.id == id).unwrap();
        let durations: Vec<i64> = project.tasks.iter().map(|task| task.dur).collect();
        let links: Vec<Link> = project
            .tasks
            .iter()
            .flat_map(|task| task.succ.iter().map(|successor| (place(task.id), place(*successor))))
            .map(|(predecessor, successor)| Link {
                predecessor,
                successor,
                kind: DependencyType::FinishToStart,
                lag: 0,
            })
            .collect();
        let schedule = schedule(&[], &activities(&durations), &links).unwrap();
        assert_eq!(schedule.finish, project.mpm_time, "{}", project.instance);
        for (task, times) in project.tasks.iter().zip(&schedule.times) {
            let computed =
                (times.early_start, times.early_finish, times.late_start, times.late_finish, times.total_float);
            assert_eq!(computed, (task.es, task.ef, task.ls, task.lf, task.slack), "{} {}", project.instance, task.id);
            assert_eq!(times.is_critical(), task.slack == 0, "{} {}", project.instance, task.id);
        }
    }
}

#[test]
fn start_to_start_lags_give_the_longest_paths_and_so_does_every_other_way_to_say_them() {
    let lags = lags();
    assert_eq!(lags.instances.len(), 149);
    let mut refused = Vec::new();
    for network in &lags.instances {
        let activities = activities(&network.durations);
        let link = |kind: DependencyType, &(predecessor, successor, gap): &(usize, usize, i64)| {
            let zero = Link { predecessor, successor, kind, lag: 0 };
            Link { lag: gap - least(&zero, &activities), ..zero }
        };
        let arcs: Vec<_> = network.ss_arcs.iter().filter(|(_, _, gap)| *gap >= 0).collect();
        for kind in DependencyType::WORDS.iter().map(|word| word.parse::<DependencyType>().unwrap()) {
            let links: Vec<Link> = arcs.iter().map(|arc| link(kind, arc)).collect();
            let Ok(schedule) = schedule(&[], &activities, &links) else {
                refused.push(network.instance.as_str());
                continue;
            };
            let starts: Vec<i64> = schedule.times.iter().map(|times| times.early_start).collect();
            assert_eq!(starts, network.es_min_lags_only, "{} by {kind}", network.instance);
            assert_eq!(schedule.finish, network.makespan_min_only, "{} by {kind}", network.instance);
        }
        if refused.last() == Some(&network.instance.as_str()) {
            // Tied both ways by lags of nothing, they start together: as one task they have the answer.
            assert_eq!(
                together(network),
                (network.es_min_lags_only.clone(), network.makespan_min_only),
                "{}",
                network.instance
            );
        }
        // A greatest lag goes against its least one: no dependency can say it.
        let links: Vec<Link> = network.ss_arcs.iter().map(|arc| link(DependencyType::StartToStart, arc)).collect();
        assert!(schedule(&[], &activities, &links).is_err(), "{}", network.instance);
    }
    refused.dedup();
    // In five of them lags of nothing tie tasks to each other both ways. That is a circle like any other, and refused.
    assert_eq!(refused.len(), 5, "{refused:?}");
}

/// The early starts and the length of a network in which tasks that start together are one, as long as the longest.
fn together(network: &Generated) -> (Vec<i64>, i64) {
    let arcs: Vec<_> = network.ss_arcs.iter().filter(|(_, _, gap)| *gap >= 0).copied().collect();
    let mut one: Vec<usize> = (0..network.durations.len()).collect();
    for (from, to, _) in arcs.iter().filter(|(from, to, gap)| *gap == 0 && arcs.contains(&(*to, *from, 0))) {
        let (keep, lose) = (one[*from].min(one[*to]), one[*from].max(one[*to]));
        one.iter_mut().filter(|one| **one == lose).for_each(|one| *one = keep);
    }
    let mut durations = network.durations.clone();
    for (at, one) in one.iter().enumerate() {
        durations[*one] = durations[*one].max(network.durations[at]);
    }
    let links: Vec<Link> = arcs
        .iter()
        .map(|(from, to, lag)| (one[*from], one[*to], *lag))
        .filter(|(from, to, _)| from != to)
        .map(|(predecessor, successor, lag)| Link { predecessor, successor, kind: DependencyType::StartToStart, lag })
        .collect();
    let schedule = schedule(&[], &activities(&durations), &links).unwrap();
    (one.iter().map(|one| schedule.times[*one].early_start).collect(), schedule.finish)
}

#[test]
fn each_type_each_lead_and_each_circle_is_as_worked_out_by_hand() {
    let lags = lags();
    assert_eq!(lags.hand.len(), 16);
    for network in &lags.hand {
        let names: Vec<&String> = network.durations.keys().collect();
        let place = |name: &String| names.iter().position(|known| *known == name).unwrap();
        let durations: Vec<i64> = network.durations.values().copied().collect();
        let links: Vec<Link> = network
            .links
            .iter()
            .map(|(from, to, kind, lag)| Link {
                predecessor: place(from),
                successor: place(to),
                kind: *kind,
                lag: *lag,
            })
            .collect();
        let scheduled = schedule(&[], &activities(&durations), &links);
        let Some(starts) = &network.es else {
            let mut circle = scheduled.unwrap_err().0;
            circle.sort_unstable();
            assert_eq!(circle, [0, 1], "{}", network.name);
            continue;
        };
        let scheduled = scheduled.unwrap();
        assert_eq!(scheduled.finish, network.length, "{}", network.name);
        for (name, times) in names.iter().zip(&scheduled.times) {
            let computed = (times.early_start, times.late_finish, times.total_float);
            let known = (starts[*name], network.lf[*name], network.slack[*name]);
            assert_eq!(computed, known, "{} of {}", name, network.name);
        }
    }
}
