//! Dependencies and timelines, as stories on both databases.

use serde_json::{Value, json};
use trackside_engine::access::permissions::{TaskEdit, TaskView};
use trackside_engine::planning::{Dependency, DependencyType, MAX_PREDECESSORS, Timeline, TimelineItem, service};
use trackside_engine::projects::{self, Project};
use trackside_engine::{Class, Error, Result};

use crate::office::{Office, kinds, shown};
use crate::place::on_each;

pub(super) async fn depend(office: &Office, task: &str, on: Value) -> Result<Dependency> {
    let new = serde_json::from_value(on).map_err(|error| Error::invalid("body", error.to_string()))?;
    let (cx, handle) = (office.cx(), task.parse().unwrap());
    office
        .db
        .write(async move |tx| {
            let project = projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
            service::depend(tx, &cx, &cx.actor.may::<TaskEdit, _>(project)?, &handle, new).await
        })
        .await
}

pub(super) async fn release(
    office: &Office,
    task: &str,
    predecessor: &str,
    kind: Option<DependencyType>,
) -> Result<()> {
    let (cx, handle, predecessor) = (office.cx(), task.parse().unwrap(), predecessor.parse().unwrap());
    office
        .db
        .write(async move |tx| {
            let project = projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
            service::release(tx, &cx, &cx.actor.may::<TaskEdit, _>(project)?, &handle, &predecessor, kind).await
        })
        .await
}

async fn dependencies(office: &Office, task: &str) -> Vec<Dependency> {
    let may = office.cx().actor.may_here::<TaskView>().unwrap();
    let mut rx = office.db.read().await.unwrap();
    service::dependencies(&mut rx, &may, &task.parse().unwrap()).await.unwrap()
}

pub(super) async fn timeline(office: &Office, project: &Project) -> Timeline {
    let may = office.cx().actor.may::<TaskView, _>(project.clone()).unwrap();
    service::timeline(&mut office.db.read().await.unwrap(), &may, None).await.unwrap()
}

pub(super) fn item<'a>(timeline: &'a Timeline, key: &str) -> &'a TimelineItem {
    timeline.items.iter().find(|item| item.key == key).unwrap()
}

/// Early start, early finish, late start, late finish; total float, free float.
pub(super) fn told(item: &TimelineItem) -> (String, i64, i64) {
    let times = [item.early_start, item.early_finish, item.late_start, item.late_finish];
    let times = times.map(|time| time.format("%a %d %H:%M").to_string()).join(", ");
    (times, item.total_float, item.free_float)
}

async fn tasks(office: &Office, project: &Project, count: usize) {
    for at in 1..=count {
        office.create(project, json!({"title": format!("Task {at}")})).await.unwrap();
    }
}

#[tokio::test]
async fn a_dependency_is_added_announced_and_removed() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        tasks(&office, &web, 2).await;
        let (one, two) = (office.find("WEB-1").await.unwrap(), office.find("WEB-2").await.unwrap());
        let before = office.events(0).await.len();
        let added = depend(&office, "WEB-2", json!({"predecessor": "WEB-1", "type": "SS", "lag": -90})).await.unwrap();
        let expected = json!({"task": two.id, "predecessor": one.id, "type": "SS", "lag": -90, "created_by": office.ada,
            "created_at": "2026-03-01T09:00:00Z"});
        assert_eq!(serde_json::to_value(&added).unwrap(), expected);
        let usual = depend(&office, "WEB-2", json!({"predecessor": one.id})).await.unwrap();
        assert_eq!((usual.kind, usual.lag), (DependencyType::FinishToStart, 0));
        assert_eq!(dependencies(&office, "WEB-2").await.len(), 2);
        assert_eq!(dependencies(&office, "WEB-1").await, []);
        assert_eq!(shown(&office.find("WEB-2").await.unwrap()), shown(&two), "it is no change of the task");

        let error =
            depend(&office, "WEB-2", json!({"predecessor": "WEB-1", "type": "SS", "lag": 5})).await.unwrap_err();
        assert_eq!((error.class, error.code), (Class::Conflict, "dependency_exists"));
        assert!(error.detail.contains("WEB-2") && error.detail.contains("lag of -90"), "{error}");

        release(&office, "WEB-2", "WEB-1", Some(DependencyType::FinishToStart)).await.unwrap();
        assert_eq!(dependencies(&office, "WEB-2").await, [added]);
        depend(&office, "WEB-2", json!({"predecessor": "WEB-1", "type": "FF"})).await.unwrap();
        release(&office, "WEB-2", "WEB-1", None).await.unwrap();
        assert_eq!(dependencies(&office, "WEB-2").await, []);
        for kind in [None, Some(DependencyType::StartToStart)] {
            let error = release(&office, "WEB-2", "WEB-1", kind).await.unwrap_err();
            assert_eq!((error.class, error.code), (Class::NotFound, "dependency_not_found"));
        }

        let events = office.events(before).await;
        let (plus, minus) = ("task.dependency_added", "task.dependency_removed");
        assert_eq!(kinds(&events), [plus, plus, minus, plus, minus, minus]);
        assert_eq!((&events[0].1["dependency"], &events[0].1["task"]), (&expected, &shown(&two)));
        assert_eq!(
            (&events[0].1["predecessor"], &events[0].1["project"]["key"]),
            (&json!({"id": one.id, "key": "WEB-1", "project": one.project_id}), &json!("WEB"))
        );
        assert_eq!(events[2].1["dependency"]["type"], "FS");
    })
    .await;
}

#[tokio::test]
async fn a_circle_is_refused_by_the_keys_of_its_tasks() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        tasks(&office, &web, 30).await;
        for at in 1..30 {
            depend(&office, &format!("WEB-{}", at + 1), json!({"predecessor": format!("WEB-{at}")})).await.unwrap();
        }
        depend(&office, "WEB-4", json!({"predecessor": "WEB-2", "type": "FF"})).await.unwrap();
        let before = office.events(0).await.len();
        for (task, predecessor, way) in [
            ("WEB-1", "WEB-2", "WEB-1 -> WEB-2 -> WEB-1;"),
            ("WEB-1", "WEB-5", "WEB-1 -> WEB-2 -> WEB-4 -> WEB-5 -> WEB-1;"),
            ("WEB-1", "WEB-30", "WEB-10 -> WEB-11 -> (10 more) -> WEB-22"),
        ] {
            for kind in DependencyType::WORDS {
                let new = json!({"predecessor": predecessor, "type": kind, "lag": -1000});
                let error = depend(&office, task, new).await.unwrap_err();
                assert_eq!((error.class, error.code), (Class::Conflict, "dependency_cycle"));
                assert_eq!(error.fields[0].pointer, "/predecessor");
                assert!(error.detail.contains(way), "{error}");
            }
        }
        // Where the circle is opened, it can be closed elsewhere.
        release(&office, "WEB-2", "WEB-1", None).await.unwrap();
        depend(&office, "WEB-1", json!({"predecessor": "WEB-2"})).await.unwrap();
        assert_eq!(office.events(before).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn two_who_close_a_circle_at_once_do_not_both_succeed() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        tasks(&office, &web, 2).await;
        for _ in 0..10 {
            let (one, two) = tokio::join!(
                depend(&office, "WEB-1", json!({"predecessor": "WEB-2"})),
                depend(&office, "WEB-2", json!({"predecessor": "WEB-1"})),
            );
            let (kept, refused) = if one.is_ok() { (("WEB-1", "WEB-2"), two) } else { (("WEB-2", "WEB-1"), one) };
            assert_eq!(refused.unwrap_err().code, "dependency_cycle");
            release(&office, kept.0, kept.1, None).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_task_of_the_project_cannot_be_waited_for() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let app = office.project("APP").await;
        tasks(&office, &web, 1).await;
        tasks(&office, &app, 1).await;
        let elsewhere = Office::beside(&office.db, office.clock.clone(), office.source.clone()).await;
        let theirs = elsewhere.project("OUT").await;
        let theirs = elsewhere.create(&theirs, json!({"title": "Theirs"})).await.unwrap();
        let before = office.events(0).await.len();
        for (new, pointer, what) in [
            (json!({"predecessor": "WEB-1"}), "/predecessor", "itself"),
            (json!({"predecessor": "APP-1"}), "/predecessor", "its own project"),
            (json!({"predecessor": "WEB-9"}), "/predecessor", "no task WEB-9"),
            (json!({"predecessor": theirs.id}), "/predecessor", "no task"),
            (json!({"predecessor": "OUT-1"}), "/predecessor", "no task OUT-1"),
            (json!({"predecessor": "WEB-1", "lag": 1_000_001}), "/lag", "1000000"),
            (json!({"predecessor": "WEB-1", "lag": -1_000_001}), "/lag", "1000000"),
        ] {
            let error = depend(&office, "WEB-1", new.clone()).await.unwrap_err();
            assert_eq!((error.code, error.fields[0].pointer.as_str()), ("invalid_fields", pointer), "{new}");
            assert!(error.detail.contains(what), "{new}: {error}");
        }
        let error = release(&office, "WEB-1", "APP-1", None).await.unwrap_err();
        assert_eq!((error.class, error.code), (Class::NotFound, "task_not_found"));
        assert_eq!(office.events(before).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_task_has_its_most_dependencies_and_they_go_with_it() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        tasks(&office, &web, MAX_PREDECESSORS + 2).await;
        let last = format!("WEB-{}", MAX_PREDECESSORS + 1);
        for at in 1..=MAX_PREDECESSORS {
            depend(&office, &last, json!({"predecessor": format!("WEB-{at}")})).await.unwrap();
        }
        let more = json!({"predecessor": format!("WEB-{}", MAX_PREDECESSORS + 2)});
        assert_eq!(depend(&office, &last, more).await.unwrap_err().code, "too_many_dependencies");
        office.delete(&office.find("WEB-7").await.unwrap()).await.unwrap();
        assert_eq!(dependencies(&office, &last).await.len(), MAX_PREDECESSORS - 1);
        office.delete(&office.find(&last).await.unwrap()).await.unwrap();
        assert_eq!(timeline(&office, &web).await.dependencies, []);
    })
    .await;
}

#[tokio::test]
async fn a_timeline_passes_over_nights_and_weekends() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        // 2026-03-02 is a Monday.
        for (title, start, due) in [
            ("Dig", Some("2026-03-05T09:00:00Z"), Some("2026-03-06T17:00:00Z")),
            ("Build", Some("2026-03-02T09:00:00Z"), Some("2026-03-04T17:00:00Z")),
            ("Order", None, None),
            ("Done", Some("2026-03-05T12:00:00Z"), Some("2026-03-05T12:00:00Z")),
        ] {
            office.create(&web, json!({"title": title, "start_at": start, "due_at": due})).await.unwrap();
        }
        depend(&office, "WEB-2", json!({"predecessor": "WEB-1"})).await.unwrap();
        depend(&office, "WEB-2", json!({"predecessor": "WEB-3", "lag": 120})).await.unwrap();
        depend(&office, "WEB-4", json!({"predecessor": "WEB-2"})).await.unwrap();
        let plan = timeline(&office, &web).await;
        let keys: Vec<&str> = plan.items.iter().map(|item| item.key.as_str()).collect();
        assert_eq!((keys, plan.dependencies.len()), (vec!["WEB-1", "WEB-2", "WEB-3", "WEB-4"], 3));
        // The earliest start of any task is Monday's; digging does not start before Thursday, building waits for it.
        assert_eq!(plan.start, "2026-03-02T09:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        assert_eq!(plan.finish, "2026-03-11T17:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        let dig = item(&plan, "WEB-1");
        assert_eq!(told(dig), ("Thu 05 09:00, Fri 06 17:00, Thu 05 09:00, Fri 06 17:00".into(), 0, 0));
        assert_eq!((dig.duration, dig.critical), (960, true));
        let build = told(item(&plan, "WEB-2"));
        assert_eq!(build, ("Mon 09 09:00, Wed 11 17:00, Mon 09 09:00, Wed 11 17:00".into(), 0, 0));
        // A task without dates takes a day; it must be done two hours before the week ends.
        let order = item(&plan, "WEB-3");
        assert_eq!(told(order), ("Mon 02 09:00, Mon 02 17:00, Thu 05 15:00, Fri 06 15:00".into(), 1800, 1800));
        assert_eq!((order.duration, order.critical), (480, false));
        // A milestone is where what it waits for is done.
        let done = told(item(&plan, "WEB-4"));
        assert_eq!(done, ("Wed 11 17:00, Wed 11 17:00, Wed 11 17:00, Wed 11 17:00".into(), 0, 0));

        // What is cancelled takes no time and holds nobody up.
        office.update(&office.find("WEB-1").await.unwrap(), None, json!({"status": "cancelled"})).await.unwrap();
        let plan = timeline(&office, &web).await;
        assert_eq!(item(&plan, "WEB-1").duration, 0);
        let build = told(item(&plan, "WEB-2"));
        assert_eq!(build, ("Tue 03 11:00, Fri 06 11:00, Tue 03 11:00, Fri 06 11:00".into(), 0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_project_without_dates_starts_when_it_was_made_and_far_dates_can_be_told() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let empty = timeline(&office, &web).await;
        // Made on a Sunday, so work begins on Monday.
        let monday = "2026-03-02T09:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!((empty.items.len(), empty.start, empty.finish), (0, monday, monday));
        tasks(&office, &web, 2).await;
        let plan = timeline(&office, &web).await;
        assert_eq!(told(&plan.items[0]), ("Mon 02 09:00, Mon 02 17:00, Mon 02 09:00, Mon 02 17:00".into(), 0, 0));
        let (first, last) = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z");
        office
            .update(&office.find("WEB-1").await.unwrap(), None, json!({"start_at": first, "due_at": last}))
            .await
            .unwrap();
        depend(&office, "WEB-2", json!({"predecessor": "WEB-1", "lag": 1_000_000})).await.unwrap();
        let plan = timeline(&office, &web).await;
        assert_eq!((plan.finish.to_rfc3339(), plan.items[1].critical), ("9999-12-31T23:59:00+00:00".into(), true));
    })
    .await;
}
