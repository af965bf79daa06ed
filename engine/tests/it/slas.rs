//! How soon things are to be done, by a clock that is set by hand.

use chrono::TimeDelta;
use serde_json::{Value, json};
use trackside_engine::access::permissions::{ProjectEdit, TaskView};
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::planning::{WorkingTime, plans};
use trackside_engine::projects::{self, Project};
use trackside_engine::slas::{Policy, Report, ReportQuery, Sla, TaskTimer, service};
use trackside_engine::tasks::Task;
use trackside_engine::{Error, slas};

use crate::office::Office;
use crate::place::on_each;
use crate::schedules::Desk;

async fn policy(desk: &Desk, more: Value) -> Sla {
    let mut all = json!({ "name": "Soon", "targets": { "default": "8h" } });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (cx, policy): (_, Policy) = (desk.office.cx(), serde_json::from_value(all).unwrap());
    desk.office.db.write(async move |tx: &mut Tx| service::create(tx, &cx, policy).await).await.unwrap()
}

async fn replace(desk: &Desk, sla: &Sla, change: impl FnOnce(&mut Policy)) -> Result<Sla, Error> {
    let (cx, id, mut policy) = (desk.office.cx(), sla.id, sla.policy.clone());
    change(&mut policy);
    let replace = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::replace(tx, &cx, &cx.actor.may(known)?, None, policy).await
    };
    desk.office.db.write(replace).await
}

/// What the clock and the log bring.
async fn tick(desk: &Desk) {
    desk.dispatch().await;
    for _ in 0..20 {
        if !slas::due::run(&desk.office.db, &desk.office.source).await.unwrap().more {
            break;
        }
    }
    // What was not in the log yet is read then.
    desk.dispatch().await;
    slas::due::run(&desk.office.db, &desk.office.source).await.unwrap();
    desk.dispatch().await;
}

async fn timers(desk: &Desk, task: &Task) -> Vec<TaskTimer> {
    let (cx, mut rx) = (desk.office.cx(), desk.office.db.read().await.unwrap());
    let found = projects::service::find_of_task(&mut rx, desk.office.workspace, &Handle::Id(task.id)).await.unwrap();
    let may = cx.actor.may::<TaskView, _>(found).unwrap();
    service::of_task(&mut rx, &cx, &may, task.id).await.unwrap()
}

/// What was announced, oldest first: `warned A 1`.
async fn said(desk: &Desk) -> Vec<String> {
    let events = desk.office.events(0).await;
    let said = events.iter().filter_map(|(kind, event)| {
        let what = kind.strip_prefix("sla.")?;
        Some(format!("{what} {} {}", event["task"]["title"].as_str().unwrap(), event["timer"]["cycle"]))
    });
    said.collect()
}

fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

async fn calendar(desk: &Desk, project: &Project, working_time: Value) {
    let working_time: WorkingTime = serde_json::from_value(working_time).unwrap();
    let (cx, project) = (desk.office.cx(), project.clone());
    let set = async move |tx: &mut Tx| {
        let may = cx.actor.may::<ProjectEdit, _>(project)?;
        plans::set_calendar(tx, &cx, &may, None, Some(working_time)).await
    };
    desk.office.db.write(set).await.unwrap();
}

/// AUT-16: working time, over a weekend. It is Sunday, nine o'clock.
#[tokio::test]
async fn working_time_is_what_counts_and_each_thing_is_said_once() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        policy(&desk, json!({ "targets": { "high": "4h", "default": "8h" }, "warn": { "percent": 50 } })).await;
        let a = desk.office.create(&web, json!({ "title": "A" })).await.unwrap();
        let b = desk.office.create(&web, json!({ "title": "B", "priority": "high" })).await.unwrap();
        tick(&desk).await;
        let (of_a, of_b) = (timers(&desk, &a).await.remove(0), timers(&desk, &b).await.remove(0));
        assert_eq!(
            (of_a.target, of_a.elapsed, of_a.due_at),
            (28_800, 0, Some("2026-03-02T17:00:00Z".parse().unwrap()))
        );
        assert_eq!(of_b.due_at, Some("2026-03-02T13:00:00Z".parse().unwrap()));
        desk.forward(hours(26));
        tick(&desk).await;
        tick(&desk).await;
        assert_eq!(said(&desk).await, ["warned B 1"], "at eleven on Monday");
        desk.forward(hours(2));
        tick(&desk).await;
        let mut at_one = said(&desk).await;
        at_one.sort();
        assert_eq!(at_one, ["breached B 1", "warned A 1", "warned B 1"]);
        // B is late and stays so; A is done in time.
        desk.office.update(&b, None, json!({ "status": "completed" })).await.unwrap();
        desk.forward(hours(3));
        desk.office.update(&a, None, json!({ "status": "completed" })).await.unwrap();
        desk.forward(hours(100));
        tick(&desk).await;
        tick(&desk).await;
        assert_eq!(said(&desk).await[3..], ["met A 1"]);
        let (of_a, of_b) = (timers(&desk, &a).await.remove(0), timers(&desk, &b).await.remove(0));
        assert_eq!((of_a.met, of_a.elapsed, of_a.remaining), (Some(true), 25_200, 3_600));
        assert_eq!((of_b.met, of_b.state.as_str()), (Some(false), "ended"));
    })
    .await;
}

/// Weeks pass, in and out of the pause; the time of the pause does not count, also over a change of clocks.
#[tokio::test]
async fn what_is_paused_takes_no_time() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        calendar(&desk, &web, json!({ "time_zone": "Europe/Berlin", "hours": { "monday": [{ "from": "09:00", "to": "17:00" }],
            "tuesday": [{ "from": "09:00", "to": "17:00" }], "friday": [{ "from": "09:00", "to": "13:00" }] } })).await;
        let sla = policy(&desk, json!({ "targets": { "default": "40h" }, "pause": "task.status == \"blocked\"" })).await;
        let task = desk.office.create(&web, json!({ "title": "A" })).await.unwrap();
        tick(&desk).await;
        // Twenty hours a week: two weeks, to Friday the 13th at one in Berlin.
        assert_eq!(timers(&desk, &task).await[0].due_at, Some("2026-03-13T12:00:00Z".parse().unwrap()));
        // Monday at noon UTC, four hours in, it waits for four weeks. The clocks are put forward on the 29th.
        desk.forward(hours(27));
        desk.office.update(&task, None, json!({ "status": "blocked" })).await.unwrap();
        tick(&desk).await;
        let paused = timers(&desk, &task).await.remove(0);
        assert_eq!((paused.state.as_str(), paused.elapsed, paused.due_at), ("paused", 4 * 3_600, None));
        desk.forward(hours(24 * 28));
        tick(&desk).await;
        assert_eq!(timers(&desk, &task).await[0].elapsed, 4 * 3_600);
        assert!(said(&desk).await.is_empty());
        // Monday, 30 March, 12:00 UTC is 14:00 in Berlin: three hours that day, eight and four more that week; twenty in the next.
        desk.office.update(&task, None, json!({ "status": "in_progress" })).await.unwrap();
        tick(&desk).await;
        let due = timers(&desk, &task).await[0].due_at;
        assert_eq!(due, Some("2026-04-13T08:00:00Z".parse().unwrap()), "36 hours are left");
        // The calendar changes, and the policy: each counts at once.
        calendar(&desk, &web, json!({ "time_zone": "UTC", "hours": { "monday": [{ "from": "00:00", "to": "24:00" }], "tuesday": [{ "from": "00:00", "to": "24:00" }] } })).await;
        tick(&desk).await;
        let changed = timers(&desk, &task).await.remove(0);
        assert!(changed.due_at.is_some() && changed.due_at != due, "{changed:?}");
        replace(&desk, &sla, |policy| policy.targets.default = Some("1h".parse().unwrap())).await.unwrap();
        tick(&desk).await;
        assert_eq!(said(&desk).await, ["breached A 1"]);
    })
    .await;
}

/// A task that is opened again begins anew; what is not of the policy any more has no timer; deleted tasks leave none.
#[tokio::test]
async fn tasks_come_and_go_and_begin_anew() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        let before = desk.office.create(&web, json!({ "title": "Old", "type": "bug" })).await.unwrap();
        desk.forward(hours(1));
        let sla = policy(&desk, json!({ "clock": "wall", "filter": "task.type == \"bug\"" })).await;
        desk.office.update(&before, None, json!({ "title": "Older" })).await.unwrap();
        let bug = desk.office.create(&web, json!({ "title": "A", "type": "bug" })).await.unwrap();
        let other = desk.office.create(&web, json!({ "title": "B" })).await.unwrap();
        tick(&desk).await;
        assert!(timers(&desk, &before).await.is_empty() && timers(&desk, &other).await.is_empty());
        desk.forward(hours(2));
        desk.office.update(&bug, None, json!({ "status": "completed" })).await.unwrap();
        tick(&desk).await;
        desk.forward(hours(50));
        desk.office.update(&bug, None, json!({ "status": "in_progress" })).await.unwrap();
        desk.office.update(&other, None, json!({ "type": "bug" })).await.unwrap();
        tick(&desk).await;
        let cycles = timers(&desk, &bug).await;
        assert_eq!(
            cycles.iter().map(|timer| (timer.cycle, timer.state.as_str())).collect::<Vec<_>>(),
            [(1, "ended"), (2, "running")]
        );
        desk.office.update(&other, None, json!({ "type": "task" })).await.unwrap();
        desk.forward(hours(9));
        tick(&desk).await;
        assert_eq!(said(&desk).await, ["met A 1", "breached A 2"]);
        assert_eq!(timers(&desk, &other).await[0].state.as_str(), "cancelled");
        let (cx, mut rx) = (desk.office.cx(), desk.office.db.read().await.unwrap());
        let may = cx.actor.may(service::find(&mut rx, desk.office.workspace, sla.id).await.unwrap()).unwrap();
        let report: Report = service::report(&mut rx, &cx, &may, &ReportQuery::default()).await.unwrap();
        assert_eq!((report.met, report.breached, report.met_percent, report.running), (1, 1, Some(50), 1));
        drop(rx);
        desk.office.delete(&bug).await.unwrap();
        desk.forward(hours(9));
        tick(&desk).await;
        assert_eq!(said(&desk).await.len(), 2);
    })
    .await;
}

/// The clock is put on and back; nothing is said twice, and a task that was done in time is never late for being read late.
#[tokio::test]
async fn clocks_that_jump_and_logs_that_are_read_late_say_nothing_wrong() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        policy(&desk, json!({ "clock": "wall", "targets": { "default": "2h" } })).await;
        let a = desk.office.create(&web, json!({ "title": "A" })).await.unwrap();
        let b = desk.office.create(&web, json!({ "title": "B" })).await.unwrap();
        tick(&desk).await;
        // Done in time, while nobody looks; and looked at when it is too late.
        desk.forward(hours(1));
        desk.office.update(&a, None, json!({ "status": "completed" })).await.unwrap();
        desk.forward(hours(48));
        slas::due::run(&desk.office.db, &desk.office.source).await.unwrap();
        assert!(!said(&desk).await.contains(&"breached A 1".to_owned()), "something of A is not read yet");
        desk.forward(TimeDelta::seconds(1));
        tick(&desk).await;
        let mut late = said(&desk).await;
        late.sort();
        assert_eq!(late, ["breached B 1", "met A 1"]);
        desk.forward(hours(-200));
        tick(&desk).await;
        desk.forward(hours(400));
        tick(&desk).await;
        desk.office.update(&b, None, json!({ "status": "completed" })).await.unwrap();
        tick(&desk).await;
        assert_eq!(said(&desk).await.len(), 2);
    })
    .await;
}

/// Two nodes look at once.
#[tokio::test]
async fn two_nodes_say_it_once() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        policy(&desk, json!({ "clock": "wall", "targets": { "default": "2h" }, "warn": { "before": "1h" } })).await;
        for title in ["A", "B", "C", "D", "E"] {
            desk.office.create(&web, json!({ "title": title })).await.unwrap();
        }
        for step in [0, 1, 2, 3] {
            desk.forward(hours(i64::from(step > 0)));
            desk.dispatch().await;
            let (db, source) = (&desk.office.db, &desk.office.source);
            let (one, other) = tokio::join!(slas::due::run(db, source), slas::due::run(db, source));
            for looked in [one, other] {
                assert!(looked.is_ok() || looked.unwrap_err().is_retryable());
            }
            tick(&desk).await;
        }
        let said = said(&desk).await;
        let count = |what: &str| said.iter().filter(|said| said.starts_with(what)).count();
        assert_eq!((count("warned"), count("breached"), said.len()), (5, 5, 10), "{said:?}");
    })
    .await;
}
