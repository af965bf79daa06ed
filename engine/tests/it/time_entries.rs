//! Timers by a clock that is set, as stories on both databases.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use trackside_engine::access::permissions::{Role, TimeLog};
use trackside_engine::db::Tx;
use trackside_engine::time_entries::{LoggedTime, NewTimer, StopTimer, TimerStarted, timers};
use trackside_engine::{Class, Cx, Result, projects};

use crate::office::{Office, kinds};
use crate::place::on_each;

async fn start(office: &Office, cx: Cx, task: &str) -> Result<TimerStarted> {
    let handle = task.parse().unwrap();
    office
        .db
        .write(async move |tx: &mut Tx| {
            let project = projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
            timers::start(tx, &cx, &cx.actor.may::<TimeLog, _>(project)?, &handle, NewTimer::default()).await
        })
        .await
}

async fn stop(office: &Office, cx: Cx, task: &str, ended_at: Option<DateTime<Utc>>) -> Result<LoggedTime> {
    let handle = task.parse().unwrap();
    office
        .db
        .write(async move |tx: &mut Tx| {
            let project = projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
            let how = StopTimer { ended_at, note: None };
            timers::stop(tx, &cx, &cx.actor.may::<TimeLog, _>(project)?, &handle, how).await
        })
        .await
}

#[tokio::test]
async fn a_timer_runs_past_midnight_and_counts_on_the_day_it_began() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        office.create(&web, json!({"title": "Night"})).await.unwrap();
        office.clock.advance(Duration::hours(14)); // 23:00
        start(&office, office.cx(), "WEB-1").await.unwrap();
        office.clock.advance(Duration::minutes(150));
        let entry = stop(&office, office.cx(), "WEB-1", None).await.unwrap().entry;
        assert_eq!((entry.minutes, entry.day.to_string().as_str()), (150, "2026-03-01"));
        assert_eq!(entry.ended_at, "2026-03-02T01:30:00Z".parse::<DateTime<Utc>>().unwrap());

        // One that was forgotten over the weekend counts for a day; whoever knows better says when it ended.
        start(&office, office.cx(), "WEB-1").await.unwrap();
        office.clock.advance(Duration::days(3));
        let entry = stop(&office, office.cx(), "WEB-1", None).await.unwrap().entry;
        assert_eq!((entry.minutes, entry.day.to_string().as_str()), (1440, "2026-03-02"));
        start(&office, office.cx(), "WEB-1").await.unwrap();
        let began = office.source.now();
        office.clock.advance(Duration::days(3));
        let late = stop(&office, office.cx(), "WEB-1", Some(began + Duration::hours(25))).await.unwrap_err();
        assert_eq!((late.class, late.fields[0].pointer.as_str()), (Class::Invalid, "/ended_at"));
        let entry = stop(&office, office.cx(), "WEB-1", Some(began + Duration::minutes(45))).await.unwrap().entry;
        assert_eq!(entry.minutes, 45);
        assert_eq!(kinds(&office.events(2).await).iter().filter(|kind| **kind == "time.logged").count(), 3);
    })
    .await;
}

#[tokio::test]
async fn of_timers_started_at_once_one_runs_and_no_time_is_lost() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        for at in 1..=4 {
            office.create(&web, json!({"title": format!("Task {at}")})).await.unwrap();
        }
        let before = office.events(0).await.len();
        for _ in 0..5 {
            office.clock.advance(Duration::minutes(10));
            let cx = || office.as_user(office.bob, Role::TeamMember);
            let (one, two, three, four) = tokio::join!(
                start(&office, cx(), "WEB-1"),
                start(&office, cx(), "WEB-2"),
                start(&office, cx(), "WEB-3"),
                start(&office, cx(), "WEB-4"),
            );
            for outcome in [one, two, three, four] {
                // Whoever gave way so often that it gave up is told to try again.
                assert!(outcome.as_ref().map_or_else(|error| error.class == Class::Busy, |_| true), "{outcome:?}");
            }
            let timers: Vec<(String,)> =
                office.db.read().await.unwrap().all("select task_key from timers", ()).await.unwrap();
            assert_eq!(timers.len(), 1);
        }
        let events = office.events(before).await;
        let count = |kind: &str| events.iter().filter(|(found, _)| found == kind).count();
        assert_eq!(count("time.timer_started"), count("time.timer_stopped") + 1);
        assert_eq!(count("time.logged"), count("time.timer_stopped"));
    })
    .await;
}
