//! Subtasks in planning: what depends on a task with subtasks, the dates it has, and circles that lead through it.

use serde_json::{Value, json};
use trackside_engine::access::permissions::TaskEdit;
use trackside_engine::planning::schedules::{self, NewSchedule};
use trackside_engine::planning::{TaskSchedule, TimelineItem};
use trackside_engine::projects::{self, Project};
use trackside_engine::{Class, Result};

use super::stories::{depend, item, release, timeline, told};
use crate::office::Office;
use crate::place::on_each;

pub(super) async fn say(office: &Office, task: &str, new: Value) -> Result<TaskSchedule> {
    let new: NewSchedule = serde_json::from_value(new).unwrap();
    let (cx, handle) = (office.cx(), task.parse().unwrap());
    office
        .db
        .write(async move |tx| {
            let project = projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
            schedules::set(tx, &cx, &cx.actor.may::<TaskEdit, _>(project)?, &handle, None, new).await
        })
        .await
}

/// A house of a basement (dig, pour) and an upper floor (walls, roof), with plans before and a party after.
async fn house(office: &Office) -> Project {
    let web = office.project("WEB").await;
    // 2026-03-02 is a Monday. WEB-1 to WEB-9.
    for (title, parent) in [
        ("Plans", None),
        ("House", None),
        ("Basement", Some("WEB-2")),
        ("Dig", Some("WEB-3")),
        ("Pour", Some("WEB-3")),
        ("Upper floor", Some("WEB-2")),
        ("Walls", Some("WEB-6")),
        ("Roof", Some("WEB-6")),
        ("Party", None),
    ] {
        office.create(&web, json!({"title": title, "parent": parent})).await.unwrap();
    }
    web
}

fn dates(item: &TimelineItem) -> String {
    told(item).0
}

#[tokio::test]
async fn what_waits_for_a_whole_waits_for_its_last_part_and_what_it_waits_for_holds_each() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = house(&office).await;
        depend(&office, "WEB-2", json!({"predecessor": "WEB-1"})).await.unwrap();
        depend(&office, "WEB-5", json!({"predecessor": "WEB-4"})).await.unwrap();
        depend(&office, "WEB-8", json!({"predecessor": "WEB-7"})).await.unwrap();
        depend(&office, "WEB-6", json!({"predecessor": "WEB-3"})).await.unwrap();
        depend(&office, "WEB-9", json!({"predecessor": "WEB-2", "lag": 240})).await.unwrap();
        let plan = timeline(&office, &web).await;
        // Plans on Monday, dig on Tuesday, pour on Wednesday, walls, roof, and half a day later the party.
        for (key, expected) in [
            ("WEB-1", "Mon 02 09:00, Mon 02 17:00"),
            ("WEB-4", "Tue 03 09:00, Tue 03 17:00"),
            ("WEB-5", "Wed 04 09:00, Wed 04 17:00"),
            ("WEB-3", "Tue 03 09:00, Wed 04 17:00"),
            ("WEB-7", "Thu 05 09:00, Thu 05 17:00"),
            ("WEB-8", "Fri 06 09:00, Fri 06 17:00"),
            ("WEB-6", "Thu 05 09:00, Fri 06 17:00"),
            ("WEB-2", "Tue 03 09:00, Fri 06 17:00"),
            ("WEB-9", "Mon 09 13:00, Tue 10 13:00"),
        ] {
            let item = item(&plan, key);
            assert_eq!(dates(item), format!("{expected}, {expected}"), "{key}");
            assert!(item.critical && item.total_float == 0 && item.free_float == 0, "{key}");
        }
        let whole = item(&plan, "WEB-2");
        assert_eq!((whole.summary, whole.duration, whole.progress), (true, 4 * 480, 0));
        assert!(!item(&plan, "WEB-9").summary);

        // The start of a whole is that of its first part.
        release(&office, "WEB-9", "WEB-2", None).await.unwrap();
        depend(&office, "WEB-9", json!({"predecessor": "WEB-6", "type": "SS", "lag": 60})).await.unwrap();
        assert!(dates(item(&timeline(&office, &web).await, "WEB-9")).starts_with("Thu 05 10:00, Fri 06 10:00"));

        // Progress is by work: of four days, one and a half are done.
        say(
            &office,
            "WEB-4",
            json!({"progress": 100, "actual_start": "2026-03-03T09:00:00Z", "actual_finish": "2026-03-03T17:00:00Z"}),
        )
        .await
        .unwrap();
        say(&office, "WEB-5", json!({"progress": 50, "actual_start": "2026-03-04T09:00:00Z"})).await.unwrap();
        let plan = timeline(&office, &web).await;
        let told = ["WEB-2", "WEB-3", "WEB-6"].map(|key| {
            let item = item(&plan, key);
            (item.progress, item.actual_start.is_some(), item.actual_finish.is_some())
        });
        assert_eq!(told, [(37, true, false), (75, true, false), (0, false, false)]);
        say(
            &office,
            "WEB-5",
            json!({"progress": 100, "actual_start": "2026-03-04T09:00:00Z", "actual_finish": "2026-03-04T12:00:00Z"}),
        )
        .await
        .unwrap();
        let plan = timeline(&office, &web).await;
        let basement = item(&plan, "WEB-3");
        assert_eq!(
            (basement.progress, basement.actual_finish.unwrap().to_rfc3339()),
            (100, "2026-03-04T12:00:00+00:00".into())
        );
        assert_eq!((basement.duration, basement.critical), (480 + 180, false));
        assert!(dates(item(&plan, "WEB-7")).starts_with("Wed 04 12:00, Thu 05 12:00"));
        // What is cancelled is no part of it any more; a whole without parts is a task again.
        for key in ["WEB-7", "WEB-8"] {
            office.update(&office.find(key).await.unwrap(), None, json!({"status": "cancelled"})).await.unwrap();
        }
        let plan = timeline(&office, &web).await;
        assert!(!item(&plan, "WEB-6").summary && item(&plan, "WEB-2").summary);
        assert!(dates(item(&plan, "WEB-6")).starts_with("Wed 04 12:00, Thu 05 12:00"));
    })
    .await;
}

#[tokio::test]
async fn a_circle_through_parts_is_refused_with_its_way() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = house(&office).await;
        depend(&office, "WEB-2", json!({"predecessor": "WEB-1"})).await.unwrap();
        depend(&office, "WEB-9", json!({"predecessor": "WEB-2"})).await.unwrap();
        for (task, predecessor, way) in [
            // A part and its whole.
            ("WEB-4", "WEB-3", "WEB-4 -> WEB-3 -> WEB-4;"),
            ("WEB-2", "WEB-8", "WEB-2 -> WEB-6 -> WEB-8 -> WEB-2;"),
            // The plans hold every part of the house, so they wait for none.
            ("WEB-1", "WEB-8", "WEB-1 -> WEB-2 -> WEB-6 -> WEB-8 -> WEB-1;"),
            // The party waits for every part, so no part waits for it.
            ("WEB-4", "WEB-9", "WEB-4 -> WEB-3 -> WEB-2 -> WEB-9 -> WEB-4;"),
            ("WEB-1", "WEB-9", "WEB-1 -> WEB-2 -> WEB-9 -> WEB-1;"),
        ] {
            let error = depend(&office, task, json!({"predecessor": predecessor})).await.unwrap_err();
            assert_eq!((error.class, error.code), (Class::Conflict, "dependency_cycle"));
            assert!(error.detail.contains(way), "{error}");
        }
        // Parts of one whole may wait for each other, and for parts of another.
        depend(&office, "WEB-7", json!({"predecessor": "WEB-4"})).await.unwrap();
        depend(&office, "WEB-5", json!({"predecessor": "WEB-4"})).await.unwrap();

        // Nor is a circle closed by making a task a part of another.
        for (task, parent) in [("WEB-1", "WEB-2"), ("WEB-1", "WEB-6"), ("WEB-9", "WEB-6"), ("WEB-2", "WEB-9")] {
            let task = office.find(task).await.unwrap();
            let error = office.update(&task, None, json!({"parent": parent})).await.unwrap_err();
            assert_eq!((error.class, error.code), (Class::Conflict, "dependency_cycle"), "{} in {parent}", task.key);
            assert_eq!(error.fields[0].pointer, "/parent");
            assert!(error.detail.contains(" -> "), "{error}");
            assert_eq!(office.find(&task.key).await.unwrap().parent_id, task.parent_id);
        }
        let walls = office.find("WEB-7").await.unwrap();
        office.update(&walls, None, json!({"parent": "WEB-3"})).await.unwrap();
        assert_eq!(timeline(&office, &web).await.items.len(), 9);
    })
    .await;
}
