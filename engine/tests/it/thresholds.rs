//! Rules that figures start, by a clock that is set by hand.

use chrono::TimeDelta;
use serde_json::{Value, json};
use trackside_engine::ids::RuleId;
use trackside_engine::rules::RuleState;
use trackside_engine::thresholds;

use crate::office::Office;
use crate::place::on_each;
use crate::schedules::Desk;

async fn rule(desk: &Desk, trigger: Value, more: Value) -> RuleId {
    let mut all = json!({ "on": "threshold", "metric": "tasks.open" });
    all.as_object_mut().unwrap().extend(trigger.as_object().unwrap().clone());
    let mut told = json!({ "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "It is {{ threshold.value }}" } }] });
    told.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    desk.rule(all, told).await
}

/// The figures are looked at, some time after the last look.
async fn tick(desk: &Desk) {
    desk.dispatch().await;
    desk.forward(TimeDelta::seconds(2));
    thresholds::look::run(&desk.office.db, &desk.office.source).await.unwrap();
    desk.dispatch().await;
}

/// What was announced: the values, oldest first.
async fn crossed(desk: &Desk) -> Vec<i64> {
    let events = desk.office.events(0).await;
    let crossed = events.iter().filter(|(kind, _)| kind == "threshold.crossed");
    crossed.map(|(_, event)| event["threshold"]["value"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_figure_fires_when_it_crosses_and_again_only_when_it_was_back() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        let id = rule(&desk, json!({ "above": 2, "until": 1 }), json!({})).await;
        let mut tasks = Vec::new();
        for title in ["A", "B", "C", "D"] {
            tasks.push(desk.office.create(&web, json!({ "title": title })).await.unwrap());
            tick(&desk).await;
        }
        tick(&desk).await;
        assert_eq!(crossed(&desk).await, [3], "once, at the third");
        let close = async |at: usize| {
            desk.office.update(&tasks[at], None, json!({ "status": "completed" })).await.unwrap();
            tick(&desk).await;
        };
        let open = async |at: usize| {
            desk.office.update(&tasks[at], None, json!({ "status": "todo" })).await.unwrap();
            tick(&desk).await;
        };
        for at in [0, 1] {
            close(at).await;
        }
        open(0).await;
        assert_eq!(crossed(&desk).await, [3], "two are not back where one is");
        close(0).await;
        close(2).await;
        for at in [0, 1, 2] {
            open(at).await;
        }
        assert_eq!(crossed(&desk).await, [3, 3]);
        assert_eq!(desk.runs(id).await.len(), 2);
        // A rule that is switched off and on says anew what is beyond; a clock that jumps says nothing twice.
        desk.forward(TimeDelta::hours(-100));
        tick(&desk).await;
        desk.forward(TimeDelta::hours(300));
        tick(&desk).await;
        assert_eq!(crossed(&desk).await.len(), 2);
        desk.switch(id, RuleState::Paused).await.unwrap();
        tick(&desk).await;
        desk.switch(id, RuleState::Enabled).await.unwrap();
        tick(&desk).await;
        assert_eq!(crossed(&desk).await, [3, 3, 4]);
    })
    .await;
}

#[tokio::test]
async fn what_must_last_lasts_and_time_moves_some_figures() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        desk.office.project("APP").await;
        rule(
            &desk,
            json!({ "metric": "tasks.overdue", "above": 0, "for": "2h", "filter": "priority=high" }),
            json!({ "scope": { "projects": ["WEB", "APP"] } }),
        )
        .await;
        desk.office
            .create(&web, json!({ "title": "A", "priority": "high", "due_at": "2026-03-01T12:00:00Z" }))
            .await
            .unwrap();
        desk.office.create(&web, json!({ "title": "B", "due_at": "2026-03-01T12:00:00Z" })).await.unwrap();
        for _ in 0..9 {
            tick(&desk).await;
            assert!(crossed(&desk).await.is_empty());
            desk.forward(TimeDelta::minutes(30));
        }
        // It is half past one, and was late first at noon.
        for _ in 0..3 {
            desk.forward(TimeDelta::minutes(30));
            tick(&desk).await;
        }
        assert_eq!(crossed(&desk).await, [1]);
        let events = desk.office.events(0).await;
        let (_, event) = events.iter().find(|(kind, _)| kind == "threshold.crossed").unwrap();
        assert_eq!(
            (&event["project"]["key"], &event["threshold"]["metric"], &event["threshold"]["above"]),
            (&json!("WEB"), &json!("tasks.overdue"), &json!(0))
        );
    })
    .await;
}

#[tokio::test]
async fn two_nodes_announce_it_once() {
    on_each(async |place| {
        let desk = Desk::of(Office::open(place).await);
        let web = desk.office.project("WEB").await;
        rule(&desk, json!({ "above": 0 }), json!({})).await;
        rule(&desk, json!({ "metric": "budget.used_percent", "above": 80 }), json!({})).await;
        rule(&desk, json!({ "metric": "people.over_allocated", "above": 0 }), json!({})).await;
        rule(&desk, json!({ "metric": "runs.failed", "above": 0 }), json!({})).await;
        rule(&desk, json!({ "metric": "sprint.remaining", "below": 1 }), json!({})).await;
        desk.office.create(&web, json!({ "title": "A" })).await.unwrap();
        desk.dispatch().await;
        desk.forward(TimeDelta::seconds(2));
        let (db, source) = (&desk.office.db, &desk.office.source);
        let (one, other) = tokio::join!(thresholds::look::run(db, source), thresholds::look::run(db, source));
        for looked in [one, other] {
            assert!(looked.is_ok() || looked.unwrap_err().is_retryable());
        }
        tick(&desk).await;
        assert_eq!(crossed(&desk).await, [1], "and where there is no figure nothing is beyond");
    })
    .await;
}
