//! Recurring tasks by a clock that is set by hand.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use trackside_engine::access::permissions::RecurrenceEdit;
use trackside_engine::projects::Project;
use trackside_engine::recurrences::service::Soon;
use trackside_engine::recurrences::{Recurrence, due, service};

use crate::office::{Office, kinds};
use crate::place::on_each;

async fn set_up(office: &Office, project: &Project, more: Value) -> Recurrence {
    let mut new = json!({"name": "Daily", "rrule": "FREQ=DAILY", "dtstart": "2026-03-01T10:00:00", "tz": "Europe/Berlin",
        "task": {"title": "Stand-up {{ number }} of {{ date }}", "due_in": "1h"}});
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (cx, project) = (office.cx(), project.clone());
    let new = serde_json::from_value(new).unwrap();
    let soon = Soon::of(&new, cx.now()).await.unwrap();
    office
        .db
        .write(async move |tx| service::create(tx, &cx, &cx.actor.may::<RecurrenceEdit, _>(project)?, new, &soon).await)
        .await
        .unwrap()
}

async fn look(office: &Office) -> due::Looked {
    due::run(&office.db, &office.source).await.unwrap()
}

async fn titles(office: &Office) -> Vec<String> {
    office.titles(&[("sort", "key")]).await
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn each_time_makes_one_task_and_what_was_missed_is_made_up_for_once() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        // The office opens at nine in UTC, which is ten in Berlin: just now.
        let made = set_up(&office, &web, json!({})).await;
        assert_eq!(made.next_at, Some(at("2026-03-01T09:00:00Z")));
        let before = office.events(0).await.len();
        assert_eq!(look(&office).await, due::Looked { due: 1, next: Some(at("2026-03-02T09:00:00Z")) });
        assert_eq!(titles(&office).await, ["Stand-up 1 of 2026-03-01"]);
        assert_eq!(look(&office).await.due, 0);
        assert_eq!(kinds(&office.events(before).await), ["task.created", "recurrence.occurred"]);
        let task = office.find("WEB-1").await.unwrap();
        assert_eq!((task.due_at, task.created_by), (Some(at("2026-03-01T10:00:00Z")), Some(office.ada)));
        // Nothing runs for a month, in which the clocks are put forward: today's is made, and no other.
        office.clock.advance(TimeDelta::days(31));
        let looked = look(&office).await;
        assert_eq!(looked, due::Looked { due: 1, next: Some(at("2026-04-02T08:00:00Z")) });
        assert_eq!(titles(&office).await, ["Stand-up 1 of 2026-03-01", "Stand-up 2 of 2026-04-01"]);
    })
    .await;
}

#[tokio::test]
async fn many_who_look_at_once_make_one_task() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        for _ in 0..3 {
            set_up(&office, &web, json!({"task": {"title": "One", "subtasks": [{"title": "Part"}]}})).await;
        }
        for round in 1..=3 {
            let all = futures_join(&office).await;
            assert!(all.iter().any(|looked| looked.due > 0));
            assert_eq!(titles(&office).await.len(), 6 * round);
            office.clock.advance(TimeDelta::days(1));
        }
    })
    .await;
}

async fn futures_join(office: &Office) -> Vec<due::Looked> {
    let (a, b, c, d) = tokio::join!(look(office), look(office), look(office), look(office));
    vec![a, b, c, d]
}

#[tokio::test]
async fn what_cannot_be_made_rests_and_says_why() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let made = set_up(&office, &web, json!({})).await;
        let ends = set_up(&office, &web, json!({"rrule": "FREQ=DAILY;COUNT=2", "task": {"title": "Twice"}})).await;
        look(&office).await;
        office.clock.advance(TimeDelta::days(1));
        let (workspace, ada) = (office.workspace, office.ada);
        let demote = async move |tx: &mut trackside_engine::db::Tx| {
            tx.execute("update members set role = 'viewer' where workspace_id = $1 and user_id = $2", (workspace, ada))
                .await
        };
        office.db.write(demote).await.unwrap();
        let before = office.events(0).await.len();
        assert_eq!(look(&office).await, due::Looked { due: 2, next: None });
        let events = office.events(before).await;
        assert_eq!(kinds(&events), ["recurrence.paused", "recurrence.paused"]);
        let because = events[0].1["recurrence"]["paused_because"].as_str().unwrap();
        assert!(because.contains("task.create"), "{because}");
        assert_eq!(titles(&office).await.len(), 2);
        assert!(made.id != ends.id);
        assert_eq!(look(&office).await.due, 0);
    })
    .await;
}

#[tokio::test]
async fn one_that_is_over_is_due_no_more() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        set_up(&office, &web, json!({"rrule": "FREQ=DAILY;COUNT=2"})).await;
        look(&office).await;
        office.clock.advance(TimeDelta::days(9));
        assert_eq!(look(&office).await, due::Looked { due: 1, next: None });
        assert_eq!(titles(&office).await, ["Stand-up 1 of 2026-03-01", "Stand-up 2 of 2026-03-02"]);
    })
    .await;
}
