//! How long it takes to plan a large project: 10,000 tasks in 500 wholes, 30,000 dependencies of every type with lags,
//! constraints, and a calendar of Berlin with 200 holidays.
//!
//! `cargo run --release -p trackside-engine --example plan_load`

use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use trackside_engine::ids::{Id, TaskId};
use trackside_engine::planning::inputs::Inputs;
use trackside_engine::planning::{ConstraintType, Dependency, DependencyType, TaskSchedule, WorkingTime, timeline};
use trackside_engine::tasks::{Category, TaskDates, TaskStatus};

const TASKS: u128 = 10_000;
const LINKS: u128 = 30_000;
const WHOLES: u128 = 500;
const ROUNDS: usize = 41;

fn id<I: Id>(number: u128) -> I {
    I::from_uuid(uuid::Uuid::from_u128(number + 1))
}

fn zero() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_409_600, 0).unwrap_or_default()
}

fn working_time() -> WorkingTime {
    let day = json!([{"from": "09:00", "to": "12:30"}, {"from": "13:00", "to": "17:30"}]);
    let date = |nth: u64| NaiveDate::from_ymd_opt(2026, 3, 4).unwrap_or_default() + Days::new(nth * 17);
    let exceptions: Vec<_> = (0..200).map(|nth| json!({"from": date(nth), "name": "Holiday"})).collect();
    let hours = json!({"monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day});
    let working_time = json!({"time_zone": "Europe/Berlin", "hours": hours, "exceptions": exceptions});
    serde_json::from_value(working_time).unwrap_or_else(|_| WorkingTime::office())
}

fn inputs() -> Inputs {
    let mut chance = StdRng::seed_from_u64(7);
    let tasks = (0..TASKS).map(|number| TaskDates {
        id: id(number),
        key: format!("BIG-{number}"),
        title: format!("Task {number}"),
        status: TaskStatus::Todo,
        category: Category::Todo,
        // The first ones are wholes of the rest.
        parent_id: (number >= WHOLES).then(|| id::<TaskId>((number - WHOLES) / (TASKS / WHOLES))),
        start_at: None,
        due_at: None,
        completed_at: None,
    });
    let tasks = tasks.collect();
    let schedules = (0..TASKS).map(|number| {
        let constraint_type = match chance.random_range(0..10) {
            0 => ConstraintType::StartNoEarlierThan,
            1 => ConstraintType::FinishNoLaterThan,
            2 => ConstraintType::AsLateAsPossible,
            _ => ConstraintType::AsSoonAsPossible,
        };
        let date = zero() + TimeDelta::hours(chance.random_range(0..20_000));
        TaskSchedule {
            task_id: id(number),
            constraint_type,
            constraint_at: constraint_type.has_date().then_some(date),
            duration: Some(30 * chance.random_range(0..40)),
            progress: 0,
            actual_start: None,
            actual_finish: None,
            working_time: None,
            version: 1,
            updated_by: None,
            updated_at: zero(),
        }
    });
    let schedules = schedules.collect();
    let kinds = [DependencyType::FinishToStart, DependencyType::StartToStart, DependencyType::FinishToFinish];
    let dependencies = (0..LINKS).map(|_| {
        let before = chance.random_range(WHOLES..TASKS - 1);
        let after = chance.random_range(before + 1..TASKS.min(before + 400));
        Dependency {
            task_id: id(after),
            predecessor_id: id(before),
            kind: kinds[chance.random_range(0..3)],
            lag: 30 * chance.random_range(-8..16),
            created_by: None,
            created_at: zero(),
        }
    });
    let dependencies = dependencies.collect();
    Inputs {
        key: "BIG".into(),
        created_at: zero(),
        tasks,
        schedules,
        dependencies,
        working_time: working_time(),
        start_at: Some(zero()),
        status_at: None,
    }
}

fn main() {
    let inputs = inputs();
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let inputs = inputs.clone();
            let start = Instant::now();
            let plan = timeline::of(inputs).map(|plan| plan.finish);
            let took = start.elapsed();
            assert!(plan.is_ok());
            took
        })
        .collect();
    times.sort_unstable();
    println!(
        "{TASKS} tasks, {LINKS} dependencies, 200 holidays: least {:?}, median {:?}, most {:?}",
        times[0],
        times[ROUNDS / 2],
        times[ROUNDS - 1]
    );
}
