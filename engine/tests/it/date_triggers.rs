//! Rules that dates of tasks start, by a clock that is set by hand.

use chrono::TimeDelta;
use serde_json::{Value, json};
use trackside_engine::access::permissions::ProjectEdit;
use trackside_engine::db::Tx;
use trackside_engine::ids::RuleId;
use trackside_engine::planning::{WorkingTime, plans};
use trackside_engine::rules::RuleState;
use trackside_engine::{fields, schedules};

use crate::office::Office;
use crate::place::on_each;
use crate::schedules::Desk;

/// Puts a rule with this trigger to work.
async fn rule(desk: &Desk, trigger: Value, more: Value) -> RuleId {
    let mut all = json!({ "on": "date", "field": "due_at" });
    all.as_object_mut().unwrap().extend(trigger.as_object().unwrap().clone());
    let mut told = json!({ "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "{{ task.key }} {{ reached.date }}" } }] });
    told.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    desk.rule(all, told).await
}

/// Which tasks were announced, and for which moment: `A 03T09:00`.
async fn reached(desk: &Desk) -> Vec<String> {
    let events = desk.office.events(0).await;
    let reached = events.iter().filter(|(kind, _)| kind == "task.date_reached");
    let shown = |event: &Value| {
        format!(
            "{} {}",
            event["task"]["title"].as_str().unwrap(),
            &event["reached"]["nominal_at"].as_str().unwrap()[8..16]
        )
    };
    reached.map(|(_, event)| shown(event)).collect()
}

fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

#[tokio::test]
async fn a_date_is_reached_once_for_each_task_and_value() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        let near = rule(&desk, json!({ "before": "1d" }), json!({})).await;
        let overdue = rule(&desk, json!({ "after": "1h" }), json!({})).await;
        let first = desk.office.create(&web, json!({ "title": "A", "due_at": "2026-03-03T09:00:00Z" })).await.unwrap();
        desk.office.create(&web, json!({ "title": "B" })).await.unwrap();
        let done = desk.office.create(&web, json!({ "title": "C", "due_at": "2026-03-03T09:00:00Z" })).await.unwrap();
        desk.tick().await;
        assert_eq!(desk.row(near).await.1, Some("2026-03-02T09:00:00Z".parse().unwrap()));
        desk.office.update(&done, None, json!({ "status": "completed" })).await.unwrap();
        desk.forward(hours(24));
        desk.tick().await;
        desk.tick().await;
        assert_eq!(reached(&desk).await, ["A 02T09:00"]);
        assert_eq!((desk.runs(near).await.len(), desk.runs(overdue).await.len()), (1, 0));
        // Later, and back to what it was: each value is reached once.
        let later = desk.office.update(&first, None, json!({ "due_at": "2026-03-05T09:00:00Z" })).await.unwrap();
        desk.tick().await;
        desk.office.update(&later, None, json!({ "due_at": "2026-03-03T09:00:00Z" })).await.unwrap();
        desk.tick().await;
        assert_eq!(reached(&desk).await.len(), 1);
        desk.office.update(&later, None, json!({ "due_at": "2026-03-05T09:00:00Z" })).await.unwrap();
        desk.forward(hours(72));
        desk.tick().await;
        assert_eq!(reached(&desk).await, ["A 02T09:00", "A 04T09:00"]);
        desk.forward(hours(2));
        desk.tick().await;
        assert_eq!(reached(&desk).await, ["A 02T09:00", "A 04T09:00", "A 05T10:00"]);
        assert_eq!((desk.runs(near).await.len(), desk.runs(overdue).await.len()), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_date_that_is_cleared_is_not_reached_and_one_moved_into_the_past_only_when_it_is_not_long_past() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        rule(&desk, json!({}), json!({})).await;
        let task = desk.office.create(&web, json!({ "title": "A", "due_at": "2026-03-01T12:00:00Z" })).await.unwrap();
        desk.tick().await;
        desk.office.update(&task, None, json!({ "due_at": null })).await.unwrap();
        desk.forward(hours(10));
        desk.tick().await;
        assert!(reached(&desk).await.is_empty());
        // It is 19:00.
        desk.office.update(&task, None, json!({ "due_at": "2026-02-27T12:00:00Z" })).await.unwrap();
        desk.tick().await;
        assert!(reached(&desk).await.is_empty());
        desk.office.update(&task, None, json!({ "due_at": "2026-03-01T08:00:00Z" })).await.unwrap();
        desk.tick().await;
        assert_eq!(reached(&desk).await, ["A 01T08:00"]);
        desk.office.create(&web, json!({ "title": "B", "due_at": "2026-03-01T18:00:00Z" })).await.unwrap();
        desk.tick().await;
        assert_eq!(reached(&desk).await, ["A 01T08:00", "B 01T18:00"]);
        // Another change of the task is none of its date.
        desk.office.update(&task, None, json!({ "title": "Z" })).await.unwrap();
        desk.tick().await;
        assert_eq!(reached(&desk).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn working_days_are_those_of_the_project_and_a_time_of_day_is_that_of_the_zone() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let (web, app) = (desk.office.project("WEB").await, desk.office.project("APP").await);
        let sundays: WorkingTime = serde_json::from_value(json!({ "hours": { "sunday": [{ "from": "09:00", "to": "17:00" }], "monday": [{ "from": "09:00", "to": "17:00" }] } })).unwrap();
        let (cx, project) = (desk.office.cx(), app.clone());
        let set = async move |tx: &mut Tx| plans::set_calendar(tx, &cx, &cx.actor.may::<ProjectEdit, _>(project)?, None, Some(sundays)).await;
        desk.office.db.write(set).await.unwrap();
        let rule = rule(&desk, json!({ "before": "2 working days", "at": "08:30", "tz": "Europe/Berlin" }), json!({})).await;
        // The tenth is a Tuesday: two working days before are Friday the sixth, or Sunday the eighth.
        desk.office.create(&web, json!({ "title": "A", "due_at": "2026-03-10T15:00:00Z" })).await.unwrap();
        desk.office.create(&app, json!({ "title": "B", "due_at": "2026-03-10T15:00:00Z" })).await.unwrap();
        desk.tick().await;
        assert_eq!(desk.row(rule).await.1, Some("2026-03-06T07:30:00Z".parse().unwrap()));
        for _ in 0..24 * 9 {
            desk.forward(hours(1));
            if desk.look().await.due > 0 {
                desk.dispatch().await;
            }
        }
        assert_eq!(reached(&desk).await, ["A 06T07:30", "B 08T07:30"]);
    })
    .await;
}

#[tokio::test]
async fn dates_of_fields_count_and_scopes_do() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let (web, app) = (desk.office.project("WEB").await, desk.office.project("APP").await);
        let (cx, project) = (desk.office.cx(), web.clone());
        let define = async move |tx: &mut Tx| {
            let new = serde_json::from_value(json!({ "key": "launch", "name": "Launch", "type": "date" })).unwrap();
            fields::service::create(tx, &cx, &cx.actor.may::<ProjectEdit, _>(project)?, new).await
        };
        desk.office.db.write(define).await.unwrap();
        let web = desk.office.reread(&web).await;
        rule(
            &desk,
            json!({ "field": "custom.launch", "before": "1d", "at": "09:00", "tz": "Europe/Berlin" }),
            json!({ "scope": { "projects": ["WEB"] } }),
        )
        .await;
        rule(&desk, json!({ "field": "start_at" }), json!({ "scope": { "projects": ["APP"] } })).await;
        desk.office
            .create(
                &web,
                json!({ "title": "A", "custom": { "launch": "2026-03-04" }, "start_at": "2026-03-02T09:00:00Z" }),
            )
            .await
            .unwrap();
        desk.office.create(&app, json!({ "title": "B", "start_at": "2026-03-02T09:00:00Z" })).await.unwrap();
        for _ in 0..4 {
            desk.forward(hours(24));
            desk.tick().await;
        }
        assert_eq!(reached(&desk).await, ["B 02T09:00", "A 03T08:00"]);
    })
    .await;
}

#[tokio::test]
async fn many_nodes_kills_and_clocks_put_back_double_no_date() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        let id = rule(&desk, json!({ "before": "1h" }), json!({})).await;
        for n in 0..60 {
            desk.office.create(&web, json!({ "title": format!("T{n}"), "due_at": format!("2026-03-01T{:02}:{:02}:00Z", 11 + n / 20, n % 20) })).await.unwrap();
        }
        for step in [2, -1, 1, 1, -3, 4] {
            desk.forward(hours(step));
            let (db, source) = (&desk.office.db, &desk.office.source);
            let look = || schedules::due::run(db, source);
            // Of several, some find the rule in another's hands.
            let (_, _, _) = tokio::join!(look(), look(), look());
            desk.tick().await;
        }
        assert_eq!((reached(&desk).await.len(), desk.runs(id).await.len()), (60, 60));
        desk.switch(id, RuleState::Paused).await.unwrap();
        desk.office.create(&web, json!({ "title": "Late", "due_at": "2026-03-01T15:00:00Z" })).await.unwrap();
        desk.forward(hours(9));
        desk.switch(id, RuleState::Enabled).await.unwrap();
        desk.tick().await;
        assert_eq!(reached(&desk).await.len(), 60);
    })
    .await;
}

/// A rule that goes by dates reads the tasks that are near, and not the others.
#[tokio::test]
async fn a_look_reads_few_of_many_tasks() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        let first = desk.office.create(&web, json!({ "title": "A", "due_at": "2026-03-01T10:00:00Z" })).await.unwrap();
        let (id, many) = (first.id, 20_000);
        let copy = async move |tx: &mut Tx| {
            let columns = "workspace_id, project_id, version, parent_id, title, description, kind, status, priority, labels, assignees, start_at, custom, created_by, \
                 created_at, updated_at, completed_at, watchers, category, status_rank, hidden";
            let (id_of, due) = match tx.dialect() {
                trackside_engine::db::Dialect::Sqlite => ("randomblob(16)", "due_at + n * 60000000"),
                trackside_engine::db::Dialect::Postgres => ("gen_random_uuid()", "due_at + n * interval '1 minute'"),
            };
            let sql = format!(
                "with recursive counted (n) as (select 2 union all select n + 1 from counted where n < {many}) \
                 insert into tasks (id, number, key, due_at, {columns}) select {id_of}, n, 'WEB-' || n, {due}, {columns} from tasks, counted where tasks.id = $1"
            );
            tx.execute(&sql, (id,)).await
        };
        desk.office.db.write(copy).await.unwrap();
        let id = rule(&desk, json!({ "before": "10m" }), json!({})).await;
        let begun = std::time::Instant::now();
        for _ in 0..30 {
            desk.forward(TimeDelta::minutes(10));
            desk.look().await;
        }
        let spent = begun.elapsed();
        assert!(spent.as_secs() < 20, "{spent:?}");
        desk.dispatch().await;
        assert!(desk.runs(id).await.len() > 200);
    })
    .await;
}
