//! Networks with constraints, calendars, progress and subtasks, as MPXJ's MicrosoftScheduler answers them
//! (`scripts/oracles/mpxj_networks.py`). Where the two differ, and why that is meant, is in `docs/planning.md`; here each
//! kind of difference is recognised by its cause, and anything else is a failure.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;
use trackside_engine::ids::{Id, TaskId};
use trackside_engine::planning::calendar::Calendar;
use trackside_engine::planning::inputs::Inputs;
use trackside_engine::planning::{ConstraintType, Dependency, DependencyType, TaskSchedule, WorkingTime, timeline};
use trackside_engine::raw::Raw;
use trackside_engine::tasks::{Category, TaskDates, TaskStatus};

#[derive(Deserialize)]
struct Answers {
    networks: Vec<Network>,
}

#[derive(Deserialize)]
struct Network {
    name: String,
    calendars: Vec<Hours>,
    tasks: Vec<Task>,
    links: Vec<(usize, usize, DependencyType, i64)>,
    /// Early start and finish, late start and finish, start, finish, total and free slack.
    answer: Vec<[i64; 8]>,
}

/// Days from and to, and the minutes of each that are worked.
type Exception = (u64, u64, Vec<(i64, i64)>);

#[derive(Deserialize)]
struct Hours {
    /// Weekday, first minute, minute after the last.
    hours: Vec<(usize, i64, i64)>,
    /// First and last day from the start on, and what is worked on each.
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Task {
    duration: i64,
    constraint: Option<Vec<serde_json::Value>>,
    #[serde(default)]
    calendar: usize,
    #[serde(default)]
    progress: i64,
    actual: Option<Vec<i64>>,
    parent: Option<usize>,
}

fn zero() -> DateTime<Utc> {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

fn at(minute: i64) -> DateTime<Utc> {
    zero() + TimeDelta::minutes(minute)
}

fn id<I: Id>(number: usize) -> I {
    I::from_uuid(uuid::Uuid::from_u128(number as u128 + 1))
}

impl Hours {
    fn working_time(&self) -> WorkingTime {
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let parts = |day: usize| -> Vec<_> {
            let of_day = self.hours.iter().filter(|(of, ..)| *of == day);
            of_day.map(|(_, from, to)| json!({"from": clock(*from), "to": clock(*to)})).collect()
        };
        let hours: serde_json::Map<_, _> =
            days.iter().enumerate().map(|(day, name)| ((*name).to_owned(), json!(parts(day)))).collect();
        let date = |day: u64| NaiveDate::from_ymd_opt(2026, 3, 2).unwrap() + Days::new(day);
        let exceptions: Vec<_> = self
            .exceptions
            .iter()
            .map(|(first, last, parts)| {
                let hours: Vec<_> =
                    parts.iter().map(|(from, to)| json!({"from": clock(*from), "to": clock(*to)})).collect();
                json!({"from": date(*first), "to": date(*last), "hours": hours})
            })
            .collect();
        serde_json::from_value(json!({"hours": hours, "exceptions": exceptions})).unwrap()
    }
}

impl Task {
    fn constraint(&self) -> ConstraintType {
        let name = self.constraint.as_ref().map_or("AS_SOON_AS_POSSIBLE", |constraint| constraint[0].as_str().unwrap());
        name.to_lowercase().parse().unwrap()
    }

    fn date(&self) -> Option<i64> {
        self.constraint.as_ref().and_then(|constraint| constraint.get(1)?.as_i64())
    }
}

impl Network {
    /// Everything behind one of these tasks along links, and they themselves.
    fn behind(&self, first: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut behind: Vec<bool> = (0..self.tasks.len()).map(first).collect();
        // Links lead from lower to higher numbers.
        for number in 0..behind.len() {
            let waits = |(from, to, ..): &&(usize, usize, DependencyType, i64)| *to == number && behind[*from];
            let is_behind = behind[number] || self.links.iter().any(|link| waits(&link));
            behind[number] = is_behind;
        }
        behind
    }

    /// Everything from which a way leads over a link between two calendars.
    fn leads_over_calendars(&self) -> Vec<bool> {
        let mut leads = vec![false; self.tasks.len()];
        for number in (0..leads.len()).rev() {
            leads[number] = self
                .links
                .iter()
                .filter(|(from, ..)| *from == number)
                .any(|(from, to, ..)| leads[*to] || self.tasks[*from].calendar != self.tasks[*to].calendar);
        }
        leads
    }

    fn has_summary_links(&self) -> bool {
        let is_summary = |number: usize| self.tasks.iter().any(|task| task.parent == Some(number));
        self.links.iter().any(|(before, after, ..)| is_summary(*before) || is_summary(*after))
    }

    /// When the project starts: at the first minute of work.
    fn start(&self) -> DateTime<Utc> {
        let calendar = self.calendars[0].working_time().calendar().unwrap();
        calendar.start(calendar.minute(zero()))
    }

    fn inputs(&self) -> Inputs {
        let tasks = self.tasks.iter().enumerate().map(|(number, task)| TaskDates {
            id: id(number),
            key: format!("T-{number}"),
            title: number.to_string(),
            status: TaskStatus::Todo,
            category: Category::Todo,
            parent_id: task.parent.map(id),
            start_at: None,
            due_at: None,
            completed_at: None,
        });
        let schedules = self.tasks.iter().enumerate().map(|(number, task)| TaskSchedule {
            task_id: id(number),
            constraint_type: task.constraint(),
            constraint_at: task.date().map(at),
            duration: Some(task.duration),
            progress: task.progress,
            actual_start: task.actual.as_ref().map(|actual| at(actual[0])),
            actual_finish: task.actual.as_ref().and_then(|actual| Some(at(*actual.get(1)?))),
            working_time: (task.calendar > 0).then(|| Raw::of(&self.calendars[task.calendar].working_time()).unwrap()),
            version: 1,
            updated_by: None,
            updated_at: zero(),
        });
        let dependencies = self.links.iter().map(|(predecessor, task, kind, lag)| Dependency {
            task_id: id(*task),
            predecessor_id: id(*predecessor),
            kind: *kind,
            lag: *lag,
            created_by: None,
            created_at: zero(),
        });
        Inputs {
            key: "T".into(),
            created_at: zero(),
            tasks: tasks.collect(),
            schedules: schedules.collect(),
            dependencies: dependencies.collect(),
            working_time: self.calendars[0].working_time(),
            start_at: Some(self.start()),
            status_at: None,
        }
    }
}

/// What differs without a reason, by task, and how many differences have one.
fn differences(network: &Network) -> (Vec<String>, usize) {
    let timeline = timeline::of(network.inputs()).unwrap();
    let calendars: Vec<Calendar> =
        network.calendars.iter().map(|hours| hours.working_time().calendar().unwrap()).collect();
    let (mut differences, mut meant) = (Vec::new(), 0);
    // As late as possible never breaks a dependency here, and does there when there is no time left.
    let is_late = |number: usize| network.tasks[number].constraint() == ConstraintType::AsLateAsPossible;
    let pushed = network.behind(|number| is_late(number) && timeline.items[number].total_float < 0);
    // Between calendars, late dates here are the last that delay nothing; there they are rounded to the next work.
    let over = network.leads_over_calendars();
    for (number, (item, answer)) in timeline.items.iter().zip(&network.answer).enumerate() {
        assert_eq!(item.id, id::<TaskId>(number));
        let task = &network.tasks[number];
        let calendar = &calendars[task.calendar];
        let [es, ef, ls, lf, start, finish, total, free] = *answer;
        // Of what is done the instants are those that were given; of all else, how much work there is before them.
        let same = |ours: DateTime<Utc>, theirs: i64| calendar.minute(ours) == calendar.minute(at(theirs));
        let mut note = |what, is_same: bool, ours: String, theirs: String| {
            let before_pushed = || network.links.iter().any(|(from, to, ..)| *from == number && pushed[*to]);
            let is_meant = pushed[number]
                || over[number] && matches!(what, "late" | "total" | "free")
                || what == "free" && before_pushed();
            if !is_same && is_meant {
                meant += 1;
            } else if !is_same {
                differences.push(format!("{} task {number} {what}: {ours}, MPXJ {theirs}", network.name));
            }
        };
        let told = |from: DateTime<Utc>, to: DateTime<Utc>| format!("{from} {to}");
        note(
            "early",
            same(item.early_start, es) && same(item.early_finish, ef),
            told(item.early_start, item.early_finish),
            told(at(es), at(ef)),
        );
        note(
            "late",
            same(item.late_start, ls) && same(item.late_finish, lf),
            told(item.late_start, item.late_finish),
            told(at(ls), at(lf)),
        );
        note(
            "dates",
            same(item.start, start) && same(item.finish, finish),
            told(item.start, item.finish),
            told(at(start), at(finish)),
        );
        note("total", item.total_float == total, item.total_float.to_string(), total.to_string());
        // MPXJ lets a task slip further than the project can bear, as long as what waits for it does.
        // Of summaries' links it tells nothing in a slack.
        let tells_free = !network.has_summary_links() && !item.summary;
        note(
            "free",
            !tells_free || item.free_float == free.min(total).max(0),
            item.free_float.to_string(),
            free.to_string(),
        );
        // It keeps the dates of constraints as they were given, also where nobody works.
        if task.duration > 0 && !item.summary && task.date().is_none() {
            let exact = (item.start, item.finish) == (at(start), at(finish));
            note(
                "instants",
                exact || !same(item.start, start),
                told(item.start, item.finish),
                told(at(start), at(finish)),
            );
        }
    }
    (differences, meant)
}

#[test]
fn networks_are_scheduled_as_mpxj_does() {
    let answers: Answers = serde_json::from_str(include_str!("../../data/cpm_mpxj.json")).unwrap();
    let (mut unlike, mut meant, mut tasks) = (Vec::new(), 0, 0);
    for network in &answers.networks {
        let (found, with_reason) = differences(network);
        unlike.extend(found);
        meant += with_reason;
        tasks += network.tasks.len();
    }
    println!(
        "{} networks, {tasks} tasks: {meant} of {} figures differ for a reason",
        answers.networks.len(),
        tasks * 5
    );
    assert!(unlike.is_empty(), "{} differ:\n{}", unlike.len(), unlike.join("\n"));
    assert!(answers.networks.len() >= 300 && meant < tasks * 5 / 50);
}
