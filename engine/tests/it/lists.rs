//! Lists of tasks: filters, orders and pages, as stories on both databases.

use chrono::Duration;
use serde_json::json;
use trackside_engine::Class;
use trackside_engine::projects::Project;
use trackside_engine::tasks::Task;

use crate::office::Office;
use crate::place::on_each;

/// Twelve tasks: urgent ones now and then, due days in disorder, every third without one.
async fn assorted(office: &Office, project: &Project) -> Vec<Task> {
    let mut made = Vec::new();
    for number in 0..12_i64 {
        let priority = ["low", "critical", "medium", "high"][number as usize % 4];
        let due = (number % 3 != 0).then(|| office.source.now() + Duration::days((number * 5) % 7));
        let status = ["todo", "blocked"][number as usize % 2];
        let body = json!({"title": format!("T{number:02}"), "priority": priority, "due_at": due,
            "status": status, "labels": [format!("l{}", number % 2), "all"],
            "custom": {"n": number, "word": format!("w{}", number % 2), "even": number % 2 == 0}});
        made.push(office.create(project, body).await.unwrap());
    }
    made
}

#[tokio::test]
async fn a_list_is_filtered() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let (web, ops) = (office.project("WEB").await, office.project("OPS").await);
        let made = assorted(&office, &web).await;
        let lone =
            office.create(&ops, json!({"title": "50% of \\ Ünder_way", "type": "bug", "parent": null})).await.unwrap();
        office
            .update(&made[3], None, json!({"parent": made[4].key, "assignees": [office.bob, office.cy]}))
            .await
            .unwrap();
        let day = |days| (office.source.now() + Duration::days(days)).to_rfc3339();
        let (id, bob, web_id, mixed) =
            (made[4].id.to_string(), office.bob.to_string(), web.id.to_string(), format!("OPS,{}", web.id));
        let sorted = |filter: &[(&'static str, &str)]| {
            filter.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>()
        };
        let count = async |filter: &[(&'static str, &str)]| {
            let mut all = sorted(filter);
            all.extend([("limit".to_owned(), "200".to_owned()), ("total".to_owned(), "true".to_owned())]);
            let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let page = office.list(&all).await.unwrap();
            assert_eq!(page.total, Some(page.items.len() as i64));
            page.items.len()
        };
        assert_eq!(count(&[]).await, 13);
        assert_eq!(count(&[("project", "WEB")]).await, 12);
        assert_eq!(count(&[("project", &web_id), ("status", "todo")]).await, 6);
        assert_eq!(count(&[("project", &mixed)]).await, 13);
        assert_eq!(count(&[("project", "NONE")]).await, 0);
        assert_eq!(count(&[("status", "todo,blocked")]).await, 13);
        assert_eq!(count(&[("priority", "critical,high")]).await, 6);
        assert_eq!(count(&[("type", "bug")]).await, 1);
        assert_eq!(count(&[("label", "l0")]).await, 6);
        assert_eq!(count(&[("label", "l0,l1")]).await, 12);
        assert_eq!(count(&[("label", "l0"), ("label", "all")]).await, 6);
        assert_eq!(count(&[("label", "l0"), ("label", "l1")]).await, 0);
        assert_eq!(count(&[("assignee", &bob)]).await, 1);
        assert_eq!(count(&[("assignee", "none")]).await, 12);
        assert_eq!(count(&[("parent", &id)]).await, 1);
        assert_eq!(count(&[("parent", "WEB-5")]).await, 1);
        assert_eq!(count(&[("parent", "none")]).await, 12);
        assert_eq!(count(&[("key", "WEB-1,WEB-2,OPS-9")]).await, 2);
        let due = |days| {
            made.iter()
                .filter(|task| task.due_at.is_some_and(|due| due < office.source.now() + Duration::days(days)))
                .count()
        };
        assert_eq!(count(&[("due_at.lt", &day(3))]).await, due(3));
        assert_eq!(count(&[("due_at.gte", &day(3))]).await, 8 - due(3));
        assert_eq!(count(&[("updated_at.gt", &day(0))]).await, 0);
        assert_eq!(count(&[("updated_at.lte", &day(0))]).await, 13);
        assert_eq!(count(&[("custom.n", "7")]).await, 1);
        assert_eq!(count(&[("custom.word", "w1")]).await, 6);
        assert_eq!(count(&[("custom.even", "true")]).await, 6);
        assert!(office.list(&[("custom.absent", "1")]).await.unwrap_err().detail.contains("no task holds it"));
        assert_eq!(count(&[("q", "t0")]).await, 10);
        for part in ["50%", "% OF \\", "ünder_"] {
            assert_eq!(office.titles(&[("q", part)]).await.len(), 1, "{part}");
        }
        assert_eq!(office.titles(&[("q", "Ünder_")]).await, [lone.title.as_str()]);
        assert_eq!(office.titles(&[("q", "_0")]).await.len(), 0);
        for wrong in [
            ("colour", "red"),
            ("status", "doing"),
            ("limit", "201"),
            ("limit", "x"),
            ("sort", "colour"),
            ("sort", "title,-title"),
            ("due_at.le", "2026-01-01T00:00:00Z"),
            ("due_at.lt", "soon"),
            ("cursor", "?"),
            ("assignee", "bob"),
            ("q", "\u{0}"),
            ("q", " "),
        ] {
            assert_eq!(office.list(&[wrong]).await.unwrap_err().class, Class::Invalid, "{wrong:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_follow_each_other_whatever_comes_and_goes() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let made = assorted(&office, &web).await;
        let mut expected: Vec<&Task> = made.iter().collect();
        // Late dates last, no date after them, then the oldest.
        expected.sort_by_key(|task| (std::cmp::Reverse(task.priority), task.due_at.is_none(), task.due_at, task.id));
        let expected: Vec<&str> = expected.iter().map(|task| task.title.as_str()).collect();
        assert_eq!(office.titles(&[("sort", "-priority,due_at")]).await, expected);

        for sort in [
            "-priority,due_at",
            "due_at",
            "-due_at",
            "status,-due_at,title",
            "key",
            "-key",
            "title",
            "-created_at",
            "updated_at",
        ] {
            let whole = office.titles(&[("sort", sort)]).await;
            for limit in ["1", "2", "5", "12"] {
                let (mut seen, mut cursor) = (Vec::new(), None);
                loop {
                    let mut parameters = vec![("sort", sort), ("limit", limit)];
                    let held: String = cursor.take().unwrap_or_default();
                    if !held.is_empty() {
                        parameters.push(("cursor", &held));
                    }
                    let page = office.list(&parameters).await.unwrap();
                    seen.extend(page.items.into_iter().map(|task| task.title));
                    cursor = page.next_cursor;
                    if cursor.is_none() {
                        break;
                    }
                }
                assert_eq!(seen, whole, "{sort} by {limit}");
            }
        }
        let last = office.list(&[("sort", "-due_at"), ("limit", "12")]).await.unwrap();
        assert!(last.items[8..].iter().all(|task| task.due_at.is_none()), "nulls are last in both directions");

        let first = office.list(&[("sort", "-priority,due_at"), ("limit", "4")]).await.unwrap();
        let cursor = first.next_cursor.unwrap();
        office.delete(made.iter().find(|task| task.title == expected[3]).unwrap()).await.unwrap();
        office
            .create(&web, json!({"title": "before", "priority": "critical", "due_at": "2026-01-01T00:00:00Z"}))
            .await
            .unwrap();
        office.create(&web, json!({"title": "after", "priority": "low"})).await.unwrap();
        let rest = office.titles(&[("sort", "-priority,due_at"), ("cursor", &cursor)]).await;
        assert_eq!(rest[..8], expected[4..]);
        assert_eq!(rest[8..], ["after"]);
        let error = office.list(&[("sort", "title"), ("cursor", &cursor)]).await.unwrap_err();
        assert_eq!(error.code, "cursor_of_another_sort");
    })
    .await;
}
