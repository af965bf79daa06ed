//! Analytics against an independent, slow computation over the event log: random histories on a clock that is set by hand,
//! in zones whose days are not all alike.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use trackside_engine::access::permissions::{ProjectView, TaskView};
use trackside_engine::analytics::{Durations, Interval, Metrics, MetricsQuery, Portfolio, PortfolioQuery, service};
use trackside_engine::db::{Dialect, Tx, migrations};
use trackside_engine::ids::UserId;
use trackside_engine::projects::Project;
use trackside_engine::{Cx, Result};

use crate::office::Office;
use crate::place::on_each;

const STATUSES: &[&str] = &["todo", "in_progress", "in_review", "blocked", "completed", "cancelled"];
/// Zones whose clocks change at night, at midnight, by half an hour, or never.
const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Africa/Cairo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
];

async fn metrics(office: &Office, project: &Project, query: Value) -> Result<Metrics> {
    let query: MetricsQuery = serde_json::from_value(query).unwrap();
    let may = office.cx().actor.may::<TaskView, _>(project.clone())?;
    service::metrics(&mut *office.db.read().await?, &may, office.source.now(), &query).await
}

async fn portfolio(office: &Office, cx: Cx, query: Value) -> Result<Portfolio> {
    let query: PortfolioQuery = serde_json::from_value(query).unwrap();
    let may = cx.actor.may_somewhere::<ProjectView>()?;
    service::portfolio(&mut *office.db.read().await?, &may, office.source.now(), &query).await
}

/// Makes, changes and deletes tasks for some weeks.
async fn live(office: &Office, project: &Project, random: &mut StdRng, steps: usize) {
    let mut tasks = Vec::new();
    for _ in 0..steps {
        office.clock.advance(TimeDelta::minutes(random.random_range(0..1500)));
        match random.random_range(0..100) {
            0..40 => {
                let due = office.source.now() + TimeDelta::hours(random.random_range(-100..500));
                let people: Vec<UserId> =
                    [office.ada, office.bob, office.cy].into_iter().filter(|_| random.random_bool(0.3)).collect();
                let status = if random.random_bool(0.1) { "completed" } else { "todo" };
                let new = json!({"title": "t", "status": status, "due_at": due, "assignees": people, "estimate": random.random_range(0..100)});
                tasks.push(office.create(project, new).await.unwrap());
            }
            40..92 if !tasks.is_empty() => {
                let at = random.random_range(0..tasks.len());
                let word = STATUSES[random.random_range(0..STATUSES.len())];
                tasks[at] = office.update(&tasks[at], None, json!({"status": word, "title": "u"})).await.unwrap();
            }
            92.. if !tasks.is_empty() => {
                let gone = tasks.swap_remove(random.random_range(0..tasks.len()));
                office.delete(&gone).await.unwrap();
            }
            _ => {}
        }
    }
}

/// A task as the log tells it.
struct Told {
    key: String,
    due_at: DateTime<Utc>,
    assignees: Vec<String>,
    estimate: i64,
    steps: Vec<(DateTime<Utc>, String)>,
}

impl Told {
    fn status(&self) -> &str {
        &self.steps[self.steps.len() - 1].1
    }

    /// How it stood at the end of a day, if it was there.
    fn at(&self, day: NaiveDate, tz: Tz) -> Option<&str> {
        let before = |(at, _): &&(DateTime<Utc>, String)| at.with_timezone(&tz).date_naive() <= day;
        self.steps.iter().rfind(before).map(|(_, status)| status.as_str())
    }

    fn completed_at(&self) -> Option<DateTime<Utc>> {
        (self.status() == "completed").then(|| self.steps[self.steps.len() - 1].0)
    }

    fn is_open(&self) -> bool {
        !["completed", "cancelled"].contains(&self.status())
    }

    fn cycle(&self) -> Option<i64> {
        let active = |status: &str| !["todo", "completed", "cancelled"].contains(&status);
        let started = self.steps.iter().find(|(_, status)| active(status))?.0;
        Some((self.completed_at()? - started).num_seconds())
    }

    fn lead(&self) -> Option<i64> {
        Some((self.completed_at()? - self.steps[0].0).num_seconds())
    }
}

/// Reads the log from its beginning.
async fn told(office: &Office, project: &Project) -> Vec<Told> {
    let sql = "select kind, payload, occurred_at from events where workspace_id = $1 and project_id = $2 order by id";
    let rows: Vec<(String, Value, DateTime<Utc>)> =
        office.db.read().await.unwrap().all(sql, (office.workspace, project.id)).await.unwrap();
    let mut tasks: BTreeMap<String, Told> = BTreeMap::new();
    for (kind, payload, at) in rows {
        let (task, text) = (&payload["task"], |value: &Value| value.as_str().unwrap().to_owned());
        match kind.as_str() {
            "task.created" => {
                let told = Told {
                    key: text(&task["key"]),
                    due_at: text(&task["due_at"]).parse().unwrap(),
                    assignees: task["assignees"].as_array().unwrap().iter().map(text).collect(),
                    estimate: task["estimate"].as_i64().unwrap(),
                    steps: vec![(at, text(&task["status"]))],
                };
                tasks.insert(text(&task["id"]), told);
            }
            "task.status_changed" => {
                tasks.get_mut(&text(&task["id"])).unwrap().steps.push((at, text(&payload["change"]["to"])));
            }
            "task.deleted" => drop(tasks.remove(&text(&task["id"]))),
            _ => {}
        }
    }
    tasks.into_values().collect()
}

/// The least that so many percent did not exceed.
fn percentile(seconds: &[i64], percent: usize) -> Option<i64> {
    let enough = |limit: &&i64| seconds.iter().filter(|other| other <= limit).count() * 100 >= seconds.len() * percent;
    seconds.iter().filter(enough).min().copied()
}

fn percentiles(seconds: &[i64]) -> Durations {
    let of = |percent| percentile(seconds, percent);
    Durations { count: seconds.len() as i64, p50: of(50), p85: of(85), p95: of(95) }
}

/// Compares what is answered with what the log tells.
fn compare(found: &Metrics, tasks: &[Told], now: DateTime<Utc>) {
    let tz: Tz = found.range.tz.parse().unwrap();
    let day = |at: DateTime<Utc>| at.with_timezone(&tz).date_naive();
    let mut first = found.range.from;
    for (at, point) in found.points.iter().enumerate() {
        // The last day of this point: every day belongs to one point.
        let last = match (found.range.interval, found.points.get(at + 1)) {
            (_, None) => found.range.to,
            (Interval::Day, _) => first,
            (Interval::Week, _) => first + chrono::Days::new(6 - u64::from(first.weekday().num_days_from_monday())),
        };
        let within = |at: DateTime<Utc>| (first..=last).contains(&day(at));
        let mut by_status: BTreeMap<String, i64> = BTreeMap::new();
        for status in tasks.iter().filter_map(|task| task.at(last, tz)) {
            *by_status.entry(status.to_owned()).or_default() += 1;
        }
        let shown: BTreeMap<String, i64> =
            point.by_status.iter().filter(|(_, n)| **n != 0).map(|(status, n)| (status.clone(), *n)).collect();
        assert_eq!(shown, by_status, "{tz} {first} to {last}");
        let count = |status: &str| by_status.get(status).copied().unwrap_or(0);
        let scope = by_status.values().sum::<i64>() - count("cancelled");
        assert_eq!(
            (point.scope, point.done, point.remaining),
            (scope, count("completed"), scope - count("completed")),
            "{tz} {first} to {last}"
        );
        let minutes = |wanted: &dyn Fn(&str) -> bool| {
            tasks.iter().filter(|task| task.at(last, tz).is_some_and(wanted)).map(|task| task.estimate).sum::<i64>()
        };
        let (all, done) = (minutes(&|status| status != "cancelled"), minutes(&|status| status == "completed"));
        assert_eq!((point.scope_minutes, point.done_minutes, point.remaining_minutes), (all, done, all - done));
        let created = tasks.iter().filter(|task| within(task.steps[0].0)).count() as i64;
        let completed = tasks.iter().filter_map(Told::completed_at).filter(|at| within(*at)).count() as i64;
        assert_eq!((point.created, point.completed), (created, completed), "{tz} {first} to {last}");
        first = last + chrono::Days::new(1);
    }
    assert_eq!(first, found.range.to + chrono::Days::new(1), "every day was seen");

    let range = found.range.from..=found.range.to;
    let done: Vec<&Told> =
        tasks.iter().filter(|task| task.completed_at().is_some_and(|at| range.contains(&day(at)))).collect();
    assert_eq!((found.throughput, found.completed.len()), (done.len() as i64, done.len()));
    assert_eq!(found.cycle_time, percentiles(&done.iter().filter_map(|task| task.cycle()).collect::<Vec<_>>()));
    assert_eq!(found.lead_time, percentiles(&done.iter().filter_map(|task| task.lead()).collect::<Vec<_>>()));
    for task in &found.completed {
        let told = done.iter().find(|told| told.key == task.key).unwrap();
        assert_eq!((task.cycle_seconds, Some(task.lead_seconds)), (told.cycle(), told.lead()));
    }
    let late = |task: &&Told| task.is_open() && task.due_at < now;
    assert_eq!(found.overdue, tasks.iter().filter(late).count() as i64);
    let mut loads: BTreeMap<String, (i64, i64, i64)> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.is_open()) {
        for user in &task.assignees {
            let load = loads.entry(user.clone()).or_default();
            *load = (load.0 + 1, load.1 + i64::from(late(&task)), load.2 + task.estimate);
        }
    }
    let shown =
        found.workload.iter().map(|load| (load.user.to_string(), (load.open, load.overdue, load.minutes))).collect();
    assert_eq!(loads, shown);
    let alone = tasks.iter().filter(|task| task.is_open() && task.assignees.is_empty()).count() as i64;
    assert_eq!(found.unassigned, alone);
}

#[tokio::test]
async fn figures_are_what_the_log_tells() {
    on_each(async |place| {
        let mut random = StdRng::seed_from_u64(7);
        let office = Office::open(place).await;
        for (round, key) in ["ONE", "TWO"].into_iter().enumerate() {
            // From March to May, so that every zone that changes its clocks does; then a quiet time.
            let project = office.project(key).await;
            live(&office, &project, &mut random, 110).await;
            office.clock.advance(TimeDelta::hours(40));
            let (tasks, now) = (told(&office, &project).await, office.source.now());
            assert!(tasks.len() > 20 && tasks.iter().any(|task| task.cycle().is_some()));
            for tz in ZONES {
                let (first, last) = (tasks[0].steps[0].0 - TimeDelta::days(2), now + TimeDelta::days(2));
                let cut = random.random_range(1..40);
                for (from, to, interval) in [
                    (first, last, "day"),
                    (first, last, "week"),
                    (first + TimeDelta::days(cut), last - TimeDelta::days(5), ["week", "day"][round]),
                ] {
                    let query = json!({"from": from, "to": to, "tz": tz, "interval": interval});
                    compare(&metrics(&office, &project, query).await.unwrap(), &tasks, now);
                }
            }
        }
        // What the migration makes of an older log is what was written along.
        let sql =
            "select task_id, version, status, category, entered_at, left_at from task_spans order by task_id, version";
        type Row = (trackside_engine::ids::TaskId, i64, String, String, DateTime<Utc>, Option<DateTime<Utc>>);
        let written: Vec<Row> = office.db.read().await.unwrap().all(sql, ()).await.unwrap();
        let step = migrations::ALL.iter().find(|step| step.name == "0022_spans").unwrap();
        let text = if office.db.dialect() == Dialect::Sqlite { step.sqlite } else { step.postgres };
        let (_, fill) = text.split_once("-- What happened before").unwrap();
        let fill = fill.split_once('\n').unwrap().1.trim_end().trim_end_matches(';').to_owned();
        let again = async move |tx: &mut Tx| {
            tx.execute("delete from task_spans", ()).await?;
            tx.execute(&fill, ()).await
        };
        assert_eq!(office.db.write(again).await.unwrap(), written.len() as u64);
        let filled: Vec<Row> = office.db.read().await.unwrap().all(sql, ()).await.unwrap();
        assert_eq!(filled, written);
    })
    .await;
}

#[tokio::test]
async fn a_day_without_midnight_is_a_day() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        // Cairo's clocks pass from 24 April, 00:00, to 01:00; the day before ends at 22:00 in UTC.
        let to = |time: &str| office.clock.advance(time.parse::<DateTime<Utc>>().unwrap() - office.source.now());
        to("2026-04-23T21:59:59Z");
        let task = office.create(&web, json!({"title": "t"})).await.unwrap();
        to("2026-04-23T22:00:00Z");
        let task = office.update(&task, None, json!({"status": "in_progress"})).await.unwrap();
        to("2026-04-24T21:00:00Z");
        office.update(&task, None, json!({"status": "completed"})).await.unwrap();
        let query = json!({"from": "2026-04-23", "to": "2026-04-25", "tz": "Africa/Cairo"});
        let found = metrics(&office, &web, query).await.unwrap();
        let shown: Vec<_> = found
            .points
            .iter()
            .map(|point| {
                let stood = point.by_status.iter().find(|(_, n)| **n == 1).map(|(status, _)| status.as_str());
                (point.end - point.start, point.created, point.completed, stood)
            })
            .collect();
        let hours = TimeDelta::hours;
        assert_eq!(
            shown,
            [
                (hours(24), 1, 0, Some("todo")),
                (hours(23), 0, 0, Some("in_progress")),
                (hours(24), 0, 1, Some("completed"))
            ]
        );
        assert_eq!((found.cycle_time.p50, found.lead_time.p95), (Some(23 * 3600), Some(23 * 3600 + 1)));
        for (query, code) in [
            (json!({"from": "soon"}), "invalid_parameter"),
            (json!({"tz": "Cairo"}), "invalid_parameter"),
            (json!({"from": "2026-04-02", "to": "2026-04-01"}), "invalid_parameter"),
            (json!({"from": "2020-01-01"}), "range_too_long"),
        ] {
            assert_eq!(metrics(&office, &web, query).await.unwrap_err().code, code);
        }
    })
    .await;
}

#[tokio::test]
async fn a_portfolio_sums_up_what_one_may_see() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let (web, app, old) = (office.project("WEB").await, office.project("APP").await, office.project("OLD").await);
        let elsewhere = Office::beside(&office.db, office.clock.clone(), office.source.clone()).await;
        let out = elsewhere.project("OUT").await;
        elsewhere.create(&out, json!({"title": "theirs"})).await.unwrap();
        for (project, status, due) in [
            (&web, "completed", None),
            (&web, "completed", None),
            (&web, "todo", Some("2026-02-01T00:00:00Z")),
            (&web, "cancelled", Some("2026-02-01T00:00:00Z")),
            (&app, "in_progress", None),
            (&old, "completed", None),
        ] {
            office.create(project, json!({"title": "t", "status": status, "due_at": due})).await.unwrap();
        }
        office.act("project.update", json!({"project": "WEB", "health": "at_risk"})).await.unwrap();
        for due in ["2026-09-01T00:00:00Z", "2026-08-01T00:00:00Z"] {
            office.act("milestone.create", json!({"project": "WEB", "name": "m", "due_at": due})).await.unwrap();
        }
        office.act("project.archive", json!({"project": "OLD"})).await.unwrap();
        let all = portfolio(&office, office.cx(), json!({"sort": "-key"})).await.unwrap();
        let keys: Vec<&str> = all.items.iter().map(|item| item.key.as_str()).collect();
        assert_eq!((keys, all.total, all.progress), (vec!["WEB", "APP"], 2, 50));
        let shown = serde_json::to_value(&all.items[0]).unwrap();
        assert_eq!(
            shown,
            json!({"id": web.id, "key": "WEB", "name": "The WEB project", "status": "active", "owner": office.ada, "health": "at_risk",
                "start_at": null, "due_at": null, "next_milestone_at": "2026-08-01T00:00:00Z", "progress": 66,
                "total": 4, "open": 1, "completed": 2, "cancelled": 1, "overdue": 1, "throughput": 2})
        );
        assert_eq!((all.totals.total, all.totals.open, all.totals.throughput), (5, 2, 2));
        let page = portfolio(&office, office.cx(), json!({"limit": 1})).await.unwrap();
        assert_eq!((page.items.len(), page.total, page.totals), (1, 2, all.totals));
        let next = portfolio(&office, office.cx(), json!({"limit": 1, "cursor": page.next_cursor})).await.unwrap();
        assert_eq!((next.items[0].key.as_str(), next.next_cursor), ("APP", None));
        let archived = portfolio(&office, office.cx(), json!({"status": "archived"})).await.unwrap();
        assert_eq!((archived.total, archived.totals.completed), (1, 1));
        let before = json!({"from": "2026-01-01", "to": "2026-02-28"});
        assert_eq!(portfolio(&office, office.cx(), before).await.unwrap().totals.throughput, 0);
        let theirs = portfolio(&elsewhere, elsewhere.cx(), json!({})).await.unwrap();
        assert_eq!((theirs.total, theirs.totals.total), (1, 1));
    })
    .await;
}
