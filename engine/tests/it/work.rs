//! Tasks and comments, as stories on both databases.

use chrono::Duration;
use serde_json::{Map, Value, json};
use trackside_engine::Class;
use trackside_engine::access::permissions::{ProjectView, Role, TaskComment, TaskCreate, TaskDelete, TaskView};
use trackside_engine::comments::{self, CommentQuery, NewComment};
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::UserId;
use trackside_engine::tasks::{self, Priority};

use crate::office::{Office, kinds, shown};
use crate::place::on_each;

#[tokio::test]
async fn a_task_is_made_read_and_announced() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let due = "2026-03-09T12:00:00Z";
        let new = json!({"title": "Fix the door", "type": "bug", "priority": "high", "labels": ["door", "door", "hall"],
            "assignees": [office.bob], "due_at": due, "custom": {"points": 3, "where": {"floor": 2}}});
        let task = office.create(&web, new).await.unwrap();
        let expected = json!({
            "id": task.id, "key": "WEB-1", "version": 1, "project": web.id, "title": "Fix the door", "description": "",
            "type": "bug", "status": "todo", "category": "todo", "priority": "high", "labels": ["door", "hall"], "assignees": [office.bob], "watchers": [],
            "parent": null, "milestone": null, "sprint": null, "start_at": null, "due_at": due, "estimate": null, "points": null, "custom": {"points": 3, "where": {"floor": 2}},
            "created_by": office.ada, "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z",
            "completed_at": null,
        });
        assert_eq!(shown(&task), expected);
        assert_eq!(shown(&office.find("WEB-1").await.unwrap()), expected);
        assert_eq!(shown(&office.find(&task.id.to_string()).await.unwrap()), expected);
        assert_eq!(office.find("WEB-2").await.unwrap_err().code, "task_not_found");

        let events = office.events(1).await;
        let project =
            json!({"id": web.id, "key": "WEB", "name": "The WEB project", "owner": office.ada, "status": "active"});
        assert_eq!(kinds(&events), ["task.created", "task.assigned"]);
        assert_eq!(events[0].1, json!({"task": expected, "project": project}));
        assert_eq!(events[1].1["change"], json!({"added": [office.bob], "removed": []}));
        assert_eq!(office.create(&web, json!({"title": "Second"})).await.unwrap().key, "WEB-2");
    })
    .await;
}

#[tokio::test]
async fn an_update_tells_what_changed_and_nothing_leaves_no_trace() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let task = office.create(&web, json!({"title": "Old", "assignees": [office.bob], "due_at": "2026-03-09T12:00:00Z",
            "custom": {"a": 1, "b": 2}})).await.unwrap();
        let before = office.events(0).await.len();

        let same = office.update(&task, Some(1), json!({"title": "Old", "status": "todo", "custom": {"a": 1}})).await.unwrap();
        assert_eq!((same.version, office.events(before).await.len()), (1, 0));

        office.clock.advance(Duration::hours(1));
        let patch = json!({"title": "New", "status": "completed", "due_at": null, "assignees": [office.cy], "custom": {"a": null, "c": 3}});
        let now = office.update(&task, Some(1), patch).await.unwrap();
        assert_eq!((now.version, now.due_at, now.custom.read().unwrap()), (2, None, map(json!({"b": 2, "c": 3}))));
        assert_eq!(now.completed_at, Some("2026-03-01T10:00:00Z".parse().unwrap()));
        assert_eq!(shown(&now), shown(&office.find("WEB-1").await.unwrap()));

        let events = office.events(before).await;
        assert_eq!(kinds(&events), ["task.updated", "task.status_changed", "task.assigned"]);
        assert_eq!(events[0].1["change"], json!({
            "title": {"from": "Old", "to": "New"},
            "status": {"from": "todo", "to": "completed"},
            "due_at": {"from": "2026-03-09T12:00:00Z", "to": null},
            "assignees": {"from": [office.bob], "to": [office.cy]},
            "custom": {"from": {"a": 1, "b": 2}, "to": {"b": 2, "c": 3}},
        }));
        assert_eq!(events[1].1["change"], json!({"from": "todo", "to": "completed"}));
        assert_eq!(events[2].1["change"], json!({"added": [office.cy], "removed": [office.bob]}));
        assert_eq!(events[2].1["task"], shown(&now));

        let again = office.update(&now, None, json!({"status": "in_progress", "custom": null})).await.unwrap();
        assert_eq!((again.completed_at, again.custom.text()), (None, "{}"));
        assert_eq!(office.titles(&[("assignee", &office.bob.to_string())]).await.len(), 0);
        assert_eq!(office.titles(&[("assignee", &office.cy.to_string())]).await, ["New"]);
    })
    .await;
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn a_stale_write_is_refused_and_told_what_stands_there() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let task = office.create(&web, json!({"title": "Old"})).await.unwrap();
        office.update(&task, Some(1), json!({"title": "Theirs"})).await.unwrap();
        let error = office.update(&task, Some(1), json!({"title": "Mine", "status": "todo"})).await.unwrap_err();
        assert_eq!((error.class, error.code), (Class::Stale, "stale"));
        assert!(error.detail.contains("version 2"), "{error}");
        let fields: Vec<_> =
            error.fields.iter().map(|field| (field.pointer.as_str(), field.message.as_str())).collect();
        let by = office.ada;
        assert_eq!(fields, [("/title", format!("is \"Theirs\" at version 2, changed by {by} at version 2").as_str())]);
        // What the patch does not name is told too, without its value; and so it is when the task is to be deleted.
        let change = json!({"due_at": "2026-03-09T12:00:00Z", "custom": {"a": 1, "b": 2}});
        office.update(&task, Some(2), change).await.unwrap();
        let error = office.update(&task, Some(1), json!({"title": "Mine", "custom": {"a": 3}})).await.unwrap_err();
        let told: Vec<_> = error.fields.iter().map(|field| (field.pointer.as_str(), field.message.clone())).collect();
        let changed = |version: i64| format!("was changed by {by} at version {version}");
        assert_eq!(
            told,
            [
                ("/title", format!("is \"Theirs\" at version 3, changed by {by} at version 2")),
                ("/custom/a", format!("is 1 at version 3, changed by {by} at version 3")),
                ("/due_at", changed(3)),
                ("/custom/b", changed(3)),
            ]
        );
        assert_eq!(office.find("WEB-1").await.unwrap().title, "Theirs");
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let stranger: UserId = office.source.new_id();
        let labels: Vec<String> = (0..51).map(|number| format!("label {number}")).collect();
        let cases = [
            (json!({"title": ""}), "/title"),
            (json!({"title": "x".repeat(501)}), "/title"),
            (json!({"title": "a\u{0}b"}), "/title"),
            (json!({"title": "t", "description": "x".repeat(64 * 1024 + 1)}), "/description"),
            (json!({"title": "t", "labels": labels}), "/labels"),
            (json!({"title": "t", "labels": ["fine", "x".repeat(65)]}), "/labels/1"),
            (json!({"title": "t", "assignees": [office.bob, stranger]}), "/assignees/1"),
            (json!({"title": "t", "custom": {"Not a name": 1}}), "/custom"),
            (json!({"title": "t", "custom": {"large": "x".repeat(16 * 1024)}}), "/custom"),
            (json!({"title": "t", "custom": {"nul": ["\u{0}"]}}), "/custom"),
            (json!({"title": "t", "watchers": [office.bob, stranger]}), "/watchers/1"),
            (json!({"title": "t", "estimate": -1}), "/estimate"),
            (json!({"title": "t", "estimate": 10_000_001}), "/estimate"),
            (json!({"title": "t", "points": 1001}), "/points"),
            (json!({"title": "t", "parent": "WEB-99"}), "/parent"),
        ];
        for (body, pointer) in cases {
            let error = office.create(&web, body).await.unwrap_err();
            assert_eq!((error.class, error.fields[0].pointer.as_str()), (Class::Invalid, pointer), "{error}");
        }
        assert!(office.create(&web, json!({"title": "t", "titel": "u"})).await.unwrap_err().detail.contains("titel"));
        let task = office.create(&web, json!({"title": "x".repeat(500)})).await.unwrap();
        assert_eq!(task.key, "WEB-1", "a refused task takes no number");
        let error = office.update(&task, None, json!({"title": null})).await.unwrap_err();
        assert_eq!(error.fields[0].pointer, "/title");
        assert_eq!(office.events(0).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn subtasks_never_go_in_a_circle() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let (web, ops) = (office.project("WEB").await, office.project("OPS").await);
        let mut chain = vec![office.create(&web, json!({"title": "0"})).await.unwrap()];
        for level in 1..32 {
            let parent = chain[level - 1].key.clone();
            chain.push(office.create(&web, json!({"title": level.to_string(), "parent": parent})).await.unwrap());
        }
        let error = office.create(&web, json!({"title": "too deep", "parent": chain[31].id})).await.unwrap_err();
        assert!(error.detail.contains("32 levels"), "{error}");
        let error = office.update(&chain[0], None, json!({"parent": chain[2].id})).await.unwrap_err();
        assert!(error.detail.contains("part of itself"), "{error}");
        let error = office.update(&chain[0], None, json!({"parent": chain[0].id})).await.unwrap_err();
        assert!(error.detail.contains("part of itself"), "{error}");
        let loose = office.create(&web, json!({"title": "loose"})).await.unwrap();
        let error = office.update(&chain[0], None, json!({"parent": loose.id})).await.unwrap_err();
        assert!(error.detail.contains("32 levels"), "{error}");
        let other = office.create(&ops, json!({"title": "other"})).await.unwrap();
        assert_eq!(
            office.update(&other, None, json!({"parent": loose.id})).await.unwrap_err().fields[0].pointer,
            "/parent"
        );

        let moved = office.update(&chain[31], None, json!({"parent": loose.key})).await.unwrap();
        assert_eq!(moved.parent_id, Some(loose.id));
        assert_eq!(office.delete(&loose).await.unwrap_err().code, "task_has_subtasks");
        let mut rx = office.db.read().await.unwrap();
        let may = office.cx().actor.may_somewhere::<TaskView>().unwrap();
        let parts = tasks::service::subtasks(&mut rx, &may, loose.id).await.unwrap();
        drop(rx);
        assert_eq!(parts.iter().map(|task| task.id).collect::<Vec<_>>(), [moved.id]);
        office.delete(&moved).await.unwrap();
        office.delete(&loose).await.unwrap();
        let events = office.events(0).await;
        assert_eq!(events.last().unwrap().0, "task.deleted");
        assert_eq!(events.last().unwrap().1["task"]["key"], loose.key);
    })
    .await;
}

#[tokio::test]
async fn another_workspace_sees_nothing() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let other = Office::beside(&office.db, office.clock.clone(), office.source.clone()).await;
        let web = office.project("WEB").await;
        let task = office.create(&web, json!({"title": "ours"})).await.unwrap();
        let theirs = other.project("WEB").await;
        let own = other.create(&theirs, json!({"title": "theirs"})).await.unwrap();
        assert_eq!(own.key, "WEB-1");

        assert_eq!(other.find(&task.id.to_string()).await.unwrap_err().class, Class::NotFound);
        assert_eq!(other.find("WEB-1").await.unwrap().id, own.id);
        assert_eq!(other.update(&task, None, json!({"title": "stolen"})).await.unwrap_err().class, Class::NotFound);
        assert_eq!(other.delete(&task).await.unwrap_err().class, Class::NotFound);
        assert_eq!(other.create(&web, json!({"title": "x"})).await.unwrap_err().class, Class::NotFound);
        assert_eq!(
            other.create(&theirs, json!({"title": "x", "parent": task.id})).await.unwrap_err().fields[0].pointer,
            "/parent"
        );
        assert_eq!(
            other.create(&theirs, json!({"title": "x", "assignees": [office.bob]})).await.unwrap_err().class,
            Class::Invalid
        );
        assert_eq!(other.titles(&[]).await, ["theirs"]);
        assert_eq!(other.titles(&[("project", &web.id.to_string())]).await.len(), 0);
        assert_eq!(
            other.act("task.comment", json!({"task": task.id, "body": "hello"})).await.unwrap_err().class,
            Class::NotFound
        );
        assert_eq!(
            other.act("notify.send", json!({"to": [office.bob], "message": "hello"})).await.unwrap_err().class,
            Class::Invalid
        );
    })
    .await;
}

#[tokio::test]
async fn a_viewer_and_a_narrow_token_change_nothing() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let viewer = office.as_user(office.bob, Role::Viewer);
        assert_eq!(viewer.actor.may::<TaskCreate, _>(web.clone()).unwrap_err().class, Class::Denied);
        assert!(viewer.actor.may::<ProjectView, _>(web.clone()).is_ok());
        let member = office.as_user(office.bob, Role::TeamMember);
        assert_eq!(member.actor.may::<TaskDelete, _>(web).unwrap_err().class, Class::Denied);
    })
    .await;
}

#[tokio::test]
async fn comments_are_kept_in_order_and_announced() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let task = office.create(&web, json!({"title": "t"})).await.unwrap();
        for body in ["one", "two", "three"] {
            let cx = office.as_user(office.bob, Role::TeamMember);
            let (project, handle) = (web.clone(), Handle::Key("WEB-1".into()));
            let new = NewComment { body: body.into() };
            let write = async move |tx: &mut Tx| {
                comments::service::comment(tx, &cx, &cx.actor.may::<TaskComment, _>(project)?, &handle, new).await
            };
            office.db.write(write).await.unwrap();
        }
        let may = office.cx().actor.may_here::<TaskView>().unwrap();
        let mut rx = office.db.read().await.unwrap();
        let page = CommentQuery { limit: Some(2), ..CommentQuery::default() };
        let first = comments::service::list(&mut rx, &may, &task.id.into(), &page).await.unwrap();
        let page = CommentQuery { limit: Some(2), cursor: first.next_cursor.clone(), ..CommentQuery::default() };
        let second = comments::service::list(&mut rx, &may, &task.id.into(), &page).await.unwrap();
        drop(rx);
        let bodies: Vec<_> = first.items.iter().chain(&second.items).map(|comment| comment.body.as_str()).collect();
        assert_eq!((bodies, second.next_cursor), (vec!["one", "two", "three"], None));
        let (kind, payload) = office.events(0).await.pop().unwrap();
        let comment = serde_json::to_value(&second.items[0]).unwrap();
        assert_eq!((kind.as_str(), &payload["comment"], &payload["task"]), ("task.commented", &comment, &shown(&task)));
        assert_eq!(comment["author"], json!(office.bob));
        assert_eq!(
            office.act("task.comment", json!({"task": "WEB-1", "body": " "})).await.unwrap_err().fields[0].pointer,
            "/body"
        );
        office.delete(&task).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn numbers_are_given_once_however_many_ask() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let body = |number: usize| json!({"title": format!("T{number}"), "priority": Priority::High});
        let made = futures::future::join_all((0..20).map(|number| office.create(&web, body(number)))).await;
        let mut numbers: Vec<i64> = made.into_iter().map(|task| task.unwrap().number()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=20).collect::<Vec<i64>>());
    })
    .await;
}
