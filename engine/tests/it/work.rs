//! Projects, tasks, comments and notifications, as stories on both databases.

use chrono::Duration;
use serde_json::{Map, Value, json};
use trackside_engine::access::permissions::{
    NotificationSend, ProjectCreate, ProjectDelete, ProjectEdit, ProjectView, Role, TaskComment,
    TaskCreate, TaskDelete, TaskEdit, TaskView,
};
use trackside_engine::access::{Actor, Who};
use trackside_engine::actions::INTERNAL;
use trackside_engine::clock::MockClock;
use trackside_engine::db::{Db, Dialect, Tx};
use trackside_engine::handle::Handle;
use trackside_engine::ids::{UserId, WorkspaceId};
use trackside_engine::paging::{Page, PageRequest};
use trackside_engine::projects::{self, NewProject, Project, ProjectPatch};
use trackside_engine::tasks::comments::{self, NewComment};
use trackside_engine::tasks::{self, NewTask, Priority, Task, TaskPatch, TaskQuery};
use trackside_engine::{Class, Cx, Error, Result, Source, notifications};

use crate::place::{Place, on_each};

/// A workspace with Ada, who may everything, and Bob and Cy, who work on tasks.
struct Office {
    db: Db,
    clock: MockClock,
    source: Source,
    workspace: WorkspaceId,
    ada: UserId,
    bob: UserId,
    cy: UserId,
}

impl Office {
    async fn open(place: &Place) -> Self {
        place.db.migrate().await.unwrap();
        let clock = MockClock::at("2026-03-01T09:00:00Z".parse().unwrap());
        let source = Source::new(clock.clone());
        Self::beside(&place.db, clock, source).await
    }

    async fn beside(db: &Db, clock: MockClock, source: Source) -> Self {
        let workspace: WorkspaceId = source.new_id();
        let (ada, bob, cy) = (source.new_id(), source.new_id(), source.new_id());
        let now = source.now();
        let people = [
            (ada, "ada", "admin"),
            (bob, "bob", "team_member"),
            (cy, "cy", "team_member"),
        ];
        db.write(async move |tx| {
            tx.execute("insert into workspaces (id, name, created_at) values ($1, $2, $3)", (workspace, "office", now)).await?;
            for (id, name, role) in people {
                let email = format!("{name}.{workspace}@example.org");
                tx.execute(
                    "insert into users (id, email, name, password_hash, created_at) values ($1, $2, $3, $4, $5)",
                    (id, email, name, "", now),
                )
                .await?;
                tx.execute(
                    "insert into members (workspace_id, user_id, role, created_at) values ($1, $2, $3, $4)",
                    (workspace, id, role, now),
                )
                .await?;
            }
            Ok(())
        })
        .await
        .unwrap();
        Self {
            db: db.clone(),
            clock,
            source,
            workspace,
            ada,
            bob,
            cy,
        }
    }

    fn as_user(&self, id: UserId, role: Role) -> Cx {
        self.source.cx(Actor {
            who: Who::User { id },
            workspace: self.workspace,
            role,
            scopes: None,
        })
    }

    fn cx(&self) -> Cx {
        self.as_user(self.ada, Role::Admin)
    }

    async fn project(&self, key: &str) -> Project {
        let new = json!({"key": key, "name": format!("The {key} project")});
        let new: NewProject = serde_json::from_value(new).unwrap();
        let cx = self.cx();
        let made = async move |tx: &mut Tx| {
            projects::service::create(tx, &cx, &cx.actor.may_here::<ProjectCreate>()?, new).await
        };
        self.db.write(made).await.unwrap()
    }

    async fn create(&self, project: &Project, new: Value) -> Result<Task> {
        let new: NewTask = serde_json::from_value(new)
            .map_err(|error| Error::invalid("body", error.to_string()))?;
        let (cx, project) = (self.cx(), project.clone());
        let made = async move |tx: &mut Tx| {
            tasks::service::create(tx, &cx, &cx.actor.may::<TaskCreate, _>(project)?, new).await
        };
        self.db.write(made).await
    }

    async fn update(&self, task: &Task, expected: Option<i64>, patch: Value) -> Result<Task> {
        let patch: TaskPatch = serde_json::from_value(patch)
            .map_err(|error| Error::invalid("body", error.to_string()))?;
        let (cx, handle) = (self.cx(), Handle::Id(task.id));
        self.db
            .write(async move |tx| {
                let project =
                    projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
                let may = cx.actor.may::<TaskEdit, _>(project)?;
                tasks::service::update(tx, &cx, &may, &handle, expected, patch).await
            })
            .await
    }

    async fn delete(&self, task: &Task) -> Result<()> {
        let (cx, handle) = (self.cx(), Handle::Id(task.id));
        self.db
            .write(async move |tx| {
                let project =
                    projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
                tasks::service::delete(
                    tx,
                    &cx,
                    &cx.actor.may::<TaskDelete, _>(project)?,
                    &handle,
                    None,
                )
                .await
            })
            .await
    }

    async fn find(&self, handle: &str) -> Result<Task> {
        let may = self.cx().actor.may_here::<TaskView>()?;
        tasks::service::find(&mut *self.db.read().await?, &may, &handle.parse().unwrap()).await
    }

    async fn list(&self, parameters: &[(&str, &str)]) -> Result<Page<Task>> {
        let query = TaskQuery::parse(parameters.iter().copied())?;
        let may = self.cx().actor.may_here::<TaskView>()?;
        tasks::service::list(&mut *self.db.read().await?, &may, &query).await
    }

    async fn titles(&self, parameters: &[(&str, &str)]) -> Vec<String> {
        let page = self.list(parameters).await.unwrap();
        page.items.into_iter().map(|task| task.title).collect()
    }

    /// Kind and payload of every event so far, but the first `passed`.
    async fn events(&self, passed: usize) -> Vec<(String, Value)> {
        let rows: Vec<(String, Value)> = self
            .db
            .read()
            .await
            .unwrap()
            .all(
                "select kind, payload from events where workspace_id = $1 order by id",
                (self.workspace,),
            )
            .await
            .unwrap();
        rows.into_iter().skip(passed).collect()
    }

    async fn act(&self, name: &'static str, input: Value) -> Result<Value> {
        let action = INTERNAL
            .iter()
            .find(|action| action.name() == name)
            .unwrap();
        let cx = self.cx();
        self.db
            .write(async move |tx| action.perform(tx, &cx, input).await)
            .await
    }
}

fn kinds(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(kind, _)| kind.as_str()).collect()
}

fn shown(task: &Task) -> Value {
    serde_json::to_value(task).unwrap()
}

#[tokio::test]
async fn every_statement_is_understood() {
    on_each(async |place| {
        place.db.migrate().await.unwrap();
        for statements in [
            projects::store::ALL,
            projects::members::ALL,
            tasks::store::ALL,
            notifications::store::ALL,
        ] {
            place.db.prepare_all(statements).await.unwrap();
        }
    })
    .await;
}

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
            "type": "bug", "status": "todo", "priority": "high", "labels": ["door", "hall"], "assignees": [office.bob],
            "parent": null, "start_at": null, "due_at": due, "custom": {"points": 3, "where": {"floor": 2}},
            "created_by": office.ada, "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z",
            "completed_at": null,
        });
        assert_eq!(shown(&task), expected);
        assert_eq!(shown(&office.find("WEB-1").await.unwrap()), expected);
        assert_eq!(shown(&office.find(&task.id.to_string()).await.unwrap()), expected);
        assert_eq!(office.find("WEB-2").await.unwrap_err().code, "task_not_found");

        let events = office.events(1).await;
        let project = json!({"id": web.id, "key": "WEB", "name": "The WEB project", "owner": office.ada, "status": "active"});
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
        office
            .update(&task, Some(1), json!({"title": "Theirs"}))
            .await
            .unwrap();
        let error = office
            .update(&task, Some(1), json!({"title": "Mine", "status": "todo"}))
            .await
            .unwrap_err();
        assert_eq!((error.class, error.code), (Class::Stale, "stale"));
        assert!(error.detail.contains("version 2"), "{error}");
        let fields: Vec<_> = error
            .fields
            .iter()
            .map(|field| (field.pointer.as_str(), field.message.as_str()))
            .collect();
        assert_eq!(fields, [("/title", "is \"Theirs\" at version 2")]);
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
            (
                json!({"title": "t", "description": "x".repeat(64 * 1024 + 1)}),
                "/description",
            ),
            (json!({"title": "t", "labels": labels}), "/labels"),
            (
                json!({"title": "t", "labels": ["fine", "x".repeat(65)]}),
                "/labels/1",
            ),
            (
                json!({"title": "t", "assignees": [office.bob, stranger]}),
                "/assignees/1",
            ),
            (
                json!({"title": "t", "custom": {"Not a name": 1}}),
                "/custom",
            ),
            (
                json!({"title": "t", "custom": {"large": "x".repeat(16 * 1024)}}),
                "/custom",
            ),
            (
                json!({"title": "t", "custom": {"nul": ["\u{0}"]}}),
                "/custom",
            ),
            (json!({"title": "t", "parent": "WEB-99"}), "/parent"),
        ];
        for (body, pointer) in cases {
            let error = office.create(&web, body).await.unwrap_err();
            assert_eq!(
                (error.class, error.fields[0].pointer.as_str()),
                (Class::Invalid, pointer),
                "{error}"
            );
        }
        assert!(
            office
                .create(&web, json!({"title": "t", "titel": "u"}))
                .await
                .unwrap_err()
                .detail
                .contains("titel")
        );
        let task = office
            .create(&web, json!({"title": "x".repeat(500)}))
            .await
            .unwrap();
        assert_eq!(task.key, "WEB-1", "a refused task takes no number");
        let error = office
            .update(&task, None, json!({"title": null}))
            .await
            .unwrap_err();
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
            chain.push(
                office
                    .create(&web, json!({"title": level.to_string(), "parent": parent}))
                    .await
                    .unwrap(),
            );
        }
        let error = office
            .create(&web, json!({"title": "too deep", "parent": chain[31].id}))
            .await
            .unwrap_err();
        assert!(error.detail.contains("32 levels"), "{error}");
        let error = office
            .update(&chain[0], None, json!({"parent": chain[2].id}))
            .await
            .unwrap_err();
        assert!(error.detail.contains("part of itself"), "{error}");
        let error = office
            .update(&chain[0], None, json!({"parent": chain[0].id}))
            .await
            .unwrap_err();
        assert!(error.detail.contains("part of itself"), "{error}");
        let loose = office
            .create(&web, json!({"title": "loose"}))
            .await
            .unwrap();
        let error = office
            .update(&chain[0], None, json!({"parent": loose.id}))
            .await
            .unwrap_err();
        assert!(error.detail.contains("32 levels"), "{error}");
        let other = office
            .create(&ops, json!({"title": "other"}))
            .await
            .unwrap();
        assert_eq!(
            office
                .update(&other, None, json!({"parent": loose.id}))
                .await
                .unwrap_err()
                .fields[0]
                .pointer,
            "/parent"
        );

        let moved = office
            .update(&chain[31], None, json!({"parent": loose.key}))
            .await
            .unwrap();
        assert_eq!(moved.parent_id, Some(loose.id));
        assert_eq!(
            office.delete(&loose).await.unwrap_err().code,
            "task_has_subtasks"
        );
        let mut rx = office.db.read().await.unwrap();
        let parts = tasks::service::subtasks(&mut rx, office.workspace, loose.id)
            .await
            .unwrap();
        drop(rx);
        assert_eq!(
            parts.iter().map(|task| task.id).collect::<Vec<_>>(),
            [moved.id]
        );
        office.delete(&moved).await.unwrap();
        office.delete(&loose).await.unwrap();
        let events = office.events(0).await;
        assert_eq!(events.last().unwrap().0, "task.deleted");
        assert_eq!(events.last().unwrap().1["task"]["key"], loose.key);
    })
    .await;
}

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
        let lone = office
            .create(
                &ops,
                json!({"title": "50% of \\ Ünder_way", "type": "bug", "parent": null}),
            )
            .await
            .unwrap();
        office
            .update(
                &made[3],
                None,
                json!({"parent": made[4].key, "assignees": [office.bob, office.cy]}),
            )
            .await
            .unwrap();
        let day = |days| (office.source.now() + Duration::days(days)).to_rfc3339();
        let (id, bob, web_id, mixed) = (
            made[4].id.to_string(),
            office.bob.to_string(),
            web.id.to_string(),
            format!("OPS,{}", web.id),
        );
        let sorted = |filter: &[(&'static str, &str)]| {
            filter
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect::<Vec<_>>()
        };
        let count = async |filter: &[(&'static str, &str)]| {
            let mut all = sorted(filter);
            all.extend([
                ("limit".to_owned(), "200".to_owned()),
                ("total".to_owned(), "true".to_owned()),
            ]);
            let all: Vec<(&str, &str)> =
                all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
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
                .filter(|task| {
                    task.due_at
                        .is_some_and(|due| due < office.source.now() + Duration::days(days))
                })
                .count()
        };
        assert_eq!(count(&[("due_at.lt", &day(3))]).await, due(3));
        assert_eq!(count(&[("due_at.gte", &day(3))]).await, 8 - due(3));
        assert_eq!(count(&[("updated_at.gt", &day(0))]).await, 0);
        assert_eq!(count(&[("updated_at.lte", &day(0))]).await, 13);
        assert_eq!(count(&[("custom.n", "7")]).await, 1);
        assert_eq!(count(&[("custom.word", "w1")]).await, 6);
        assert_eq!(count(&[("custom.even", "true")]).await, 6);
        assert_eq!(count(&[("custom.absent", "1")]).await, 0);
        assert_eq!(count(&[("q", "t0")]).await, 10);
        for part in ["50%", "% OF \\", "ünder_"] {
            assert_eq!(
                office.titles(&[("q", part)]).await.len(),
                usize::from(part != "ünder_" || office.db.dialect() == Dialect::Postgres),
                "{part}"
            );
        }
        assert_eq!(
            office.titles(&[("q", "Ünder_")]).await,
            [lone.title.as_str()]
        );
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
        ] {
            assert_eq!(
                office.list(&[wrong]).await.unwrap_err().class,
                Class::Invalid,
                "{wrong:?}"
            );
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

        for sort in ["-priority,due_at", "due_at", "-due_at", "status,-due_at,title", "key", "-key", "title", "-created_at", "updated_at"] {
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
        office.create(&web, json!({"title": "before", "priority": "critical", "due_at": "2026-01-01T00:00:00Z"})).await.unwrap();
        office.create(&web, json!({"title": "after", "priority": "low"})).await.unwrap();
        let rest = office.titles(&[("sort", "-priority,due_at"), ("cursor", &cursor)]).await;
        assert_eq!(rest[..8], expected[4..]);
        assert_eq!(rest[8..], ["after"]);
        let error = office.list(&[("sort", "title"), ("cursor", &cursor)]).await.unwrap_err();
        assert_eq!(error.code, "cursor_of_another_sort");
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
        let own = other
            .create(&theirs, json!({"title": "theirs"}))
            .await
            .unwrap();
        assert_eq!(own.key, "WEB-1");

        assert_eq!(
            other.find(&task.id.to_string()).await.unwrap_err().class,
            Class::NotFound
        );
        assert_eq!(other.find("WEB-1").await.unwrap().id, own.id);
        assert_eq!(
            other
                .update(&task, None, json!({"title": "stolen"}))
                .await
                .unwrap_err()
                .class,
            Class::NotFound
        );
        assert_eq!(
            other.delete(&task).await.unwrap_err().class,
            Class::NotFound
        );
        assert_eq!(
            other
                .create(&web, json!({"title": "x"}))
                .await
                .unwrap_err()
                .class,
            Class::NotFound
        );
        assert_eq!(
            other
                .create(&theirs, json!({"title": "x", "parent": task.id}))
                .await
                .unwrap_err()
                .fields[0]
                .pointer,
            "/parent"
        );
        assert_eq!(
            other
                .create(&theirs, json!({"title": "x", "assignees": [office.bob]}))
                .await
                .unwrap_err()
                .class,
            Class::Invalid
        );
        assert_eq!(other.titles(&[]).await, ["theirs"]);
        assert_eq!(
            other
                .titles(&[("project", &web.id.to_string())])
                .await
                .len(),
            0
        );
        assert_eq!(
            other
                .act("task.comment", json!({"task": task.id, "body": "hello"}))
                .await
                .unwrap_err()
                .class,
            Class::NotFound
        );
        assert_eq!(
            other
                .act(
                    "notify.send",
                    json!({"to": [office.bob], "message": "hello"})
                )
                .await
                .unwrap_err()
                .class,
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
        assert_eq!(
            viewer
                .actor
                .may::<TaskCreate, _>(web.clone())
                .unwrap_err()
                .class,
            Class::Denied
        );
        assert!(viewer.actor.may::<ProjectView, _>(web.clone()).is_ok());
        let member = office.as_user(office.bob, Role::TeamMember);
        assert_eq!(
            member.actor.may::<TaskDelete, _>(web).unwrap_err().class,
            Class::Denied
        );
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
                comments::comment(
                    tx,
                    &cx,
                    &cx.actor.may::<TaskComment, _>(project)?,
                    &handle,
                    new,
                )
                .await
            };
            office.db.write(write).await.unwrap();
        }
        let may = office.cx().actor.may_here::<TaskView>().unwrap();
        let mut rx = office.db.read().await.unwrap();
        let page = PageRequest {
            limit: Some(2),
            cursor: None,
        };
        let first = comments::list(&mut rx, &may, &task.id.into(), &page)
            .await
            .unwrap();
        let page = PageRequest {
            limit: Some(2),
            cursor: first.next_cursor.clone(),
        };
        let second = comments::list(&mut rx, &may, &task.id.into(), &page)
            .await
            .unwrap();
        drop(rx);
        let bodies: Vec<_> = first
            .items
            .iter()
            .chain(&second.items)
            .map(|comment| comment.body.as_str())
            .collect();
        assert_eq!(
            (bodies, second.next_cursor),
            (vec!["one", "two", "three"], None)
        );
        let (kind, payload) = office.events(0).await.pop().unwrap();
        let comment = serde_json::to_value(&second.items[0]).unwrap();
        assert_eq!(
            (kind.as_str(), &payload["comment"], &payload["task"]),
            ("task.commented", &comment, &shown(&task))
        );
        assert_eq!(comment["author"], json!(office.bob));
        assert_eq!(
            office
                .act("task.comment", json!({"task": "WEB-1", "body": " "}))
                .await
                .unwrap_err()
                .fields[0]
                .pointer,
            "/body"
        );
        office.delete(&task).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_project_has_one_key_and_takes_its_tasks_with_it() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        for (key, code) in [
            ("WEB", "project_key_taken"),
            ("web", "invalid_fields"),
            ("W", "invalid_fields"),
            ("1WEB", "invalid_fields"),
        ] {
            let cx = office.cx();
            let new: NewProject = serde_json::from_value(json!({"key": key, "name": "n"})).unwrap();
            let write = async move |tx: &mut Tx| {
                projects::service::create(tx, &cx, &cx.actor.may_here::<ProjectCreate>()?, new)
                    .await
            };
            let error = office.db.write(write).await.unwrap_err();
            assert_eq!(
                (error.code, error.fields[0].pointer.as_str()),
                (code, "/key")
            );
        }
        let patch = |patch: Value, expected| {
            let (cx, web, patch) = (
                office.cx(),
                web.clone(),
                serde_json::from_value::<ProjectPatch>(patch).unwrap(),
            );
            office.db.write(async move |tx| {
                projects::service::update(
                    tx,
                    &cx,
                    &cx.actor.may::<ProjectEdit, _>(web)?,
                    expected,
                    patch,
                )
                .await
            })
        };
        let changed = patch(
            json!({"name": "Web", "owner": office.bob, "status": "archived"}),
            Some(1),
        )
        .await
        .unwrap();
        assert_eq!((changed.version, changed.owner_id), (2, office.bob));
        assert_eq!(
            patch(json!({"name": "Other"}), Some(1))
                .await
                .unwrap_err()
                .class,
            Class::Stale
        );
        assert_eq!(
            patch(json!({"name": null}), None).await.unwrap_err().fields[0].pointer,
            "/name"
        );
        assert_eq!(
            patch(json!({"owner": office.source.new_id::<UserId>()}), None)
                .await
                .unwrap_err()
                .fields[0]
                .pointer,
            "/owner"
        );
        assert_eq!(
            office
                .create(&changed, json!({"title": "t"}))
                .await
                .unwrap_err()
                .code,
            "project_archived"
        );
        let (kind, payload) = office.events(0).await.pop().unwrap();
        assert_eq!(
            (kind.as_str(), &payload["change"]["owner"]),
            (
                "project.updated",
                &json!({"from": office.ada, "to": office.bob})
            )
        );

        let open = patch(json!({"status": "active"}), None).await.unwrap();
        let parent = office
            .create(
                &open,
                json!({"title": "a", "labels": ["x"], "assignees": [office.bob]}),
            )
            .await
            .unwrap();
        office
            .create(&open, json!({"title": "b", "parent": parent.id}))
            .await
            .unwrap();
        let cx = office.cx();
        let gone = office
            .db
            .write(async move |tx| {
                projects::service::delete(tx, &cx, &cx.actor.may::<ProjectDelete, _>(open)?).await
            })
            .await;
        assert_eq!(gone.unwrap(), 2);
        assert_eq!(office.titles(&[]).await.len(), 0);
        let (kind, payload) = office.events(0).await.pop().unwrap();
        assert_eq!(
            (kind.as_str(), &payload["tasks"]),
            ("project.deleted", &json!(2))
        );
        let may = office.cx().actor.may_here::<ProjectView>().unwrap();
        let projects = projects::service::list(
            &mut *office.db.read().await.unwrap(),
            &may,
            &PageRequest::default(),
        )
        .await
        .unwrap();
        assert_eq!(projects.items.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn rules_make_change_and_give_out_tasks() {
    on_each(async |place| {
        let office = Office::open(place).await;
        office.project("WEB").await;
        let made = office
            .act(
                "task.create",
                json!({"project": "WEB", "title": "From a rule", "priority": "critical"}),
            )
            .await
            .unwrap();
        assert_eq!(
            (&made["key"], &made["priority"]),
            (&json!("WEB-1"), &json!("critical"))
        );
        let changed = office
            .act(
                "task.update",
                json!({"task": "WEB-1", "status": "blocked", "custom": {"why": "rain"}}),
            )
            .await
            .unwrap();
        assert_eq!(
            (&changed["status"], &changed["custom"]),
            (&json!("blocked"), &json!({"why": "rain"}))
        );
        let error = office
            .act(
                "task.update",
                json!({"task": "WEB-1", "statuss": "blocked"}),
            )
            .await
            .unwrap_err();
        assert!(error.detail.contains("statuss"), "{error}");

        // Ada and Bob have one open task each, so Cy has the fewest.
        office
            .act(
                "task.assign",
                json!({"task": "WEB-1", "to": [office.ada, office.bob]}),
            )
            .await
            .unwrap();
        office
            .act("task.create", json!({"project": "WEB", "title": "Two"}))
            .await
            .unwrap();
        let two = office
            .act(
                "task.assign",
                json!({"task": "WEB-2", "pick": "least_loaded"}),
            )
            .await
            .unwrap();
        assert_eq!(two["assignees"], json!([office.cy]));
        let mut people = [office.ada, office.bob, office.cy];
        people.sort();
        let two = office
            .act(
                "task.assign",
                json!({"task": "WEB-2", "pick": "round_robin"}),
            )
            .await
            .unwrap();
        assert_eq!(two["assignees"], json!([people[2]]));
        let error = office
            .act("task.assign", json!({"task": "WEB-2"}))
            .await
            .unwrap_err();
        assert_eq!(error.code, "action_input");
        for action in INTERNAL {
            assert!(
                action.input_schema().is_object() && action.output_schema().is_object(),
                "{}",
                action.name()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn people_are_told_once_and_read_their_own() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let email = format!("Bob.{}@example.org", office.workspace);
        let sent = office.act("notify.send", json!({"to": [office.bob, email, "role:team_member", "owner"], "message": "Look", "subject": "WEB-1"}));
        assert_eq!(sent.await.unwrap()["notifications"].as_array().unwrap().len(), 3);
        for wrong in ["role:boss", "nobody", "no@example.org", "project.owner"] {
            let error = office.act("notify.send", json!({"to": [wrong], "message": "Look"})).await.unwrap_err();
            assert!(error.fields[0].pointer.starts_with("/to"), "{error}");
        }
        let error = office.act("notify.send", json!({"to": ["owner"], "message": "x".repeat(4097)})).await.unwrap_err();
        assert_eq!(error.fields[0].pointer, "/message");

        let (cx, to) = (office.cx(), [office.bob, office.source.new_id()]);
        let long = "ä".repeat(4000);
        office.db.write(async move |tx| notifications::service::notify(tx, &cx, &to, &long, None).await).await.unwrap();
        let list = async |user, unread| {
            let mut rx = office.db.read().await.unwrap();
            let page = PageRequest::default();
            notifications::service::list(&mut rx, office.workspace, user, unread, &page).await.unwrap().items
        };
        let bobs = list(office.bob, true).await;
        assert_eq!((bobs.len(), bobs[0].message.len(), bobs[1].message.as_str()), (2, 4096, "Look"));
        let (cx, workspace, bob, ids) = (office.cx(), office.workspace, office.bob, vec![bobs[1].id]);
        let write = async move |tx: &mut Tx| notifications::service::mark_read(tx, &cx, workspace, bob, Some(&ids)).await;
        assert_eq!(office.db.write(write).await.unwrap(), 1);
        let (cx, ids) = (office.cx(), vec![list(office.cy, true).await[0].id]);
        let write = async move |tx: &mut Tx| notifications::service::mark_read(tx, &cx, workspace, bob, Some(&ids)).await;
        assert_eq!(office.db.write(write).await.unwrap(), 0, "nobody marks what is another's");
        assert_eq!((list(office.bob, true).await.len(), list(office.bob, false).await.len()), (1, 2));
        assert_eq!(list(office.cy, true).await.len(), 1);
        let cx = office.cx();
        assert!(cx.actor.may_here::<NotificationSend>().is_ok());
    })
    .await;
}

#[tokio::test]
async fn numbers_are_given_once_however_many_ask() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let body =
            |number: usize| json!({"title": format!("T{number}"), "priority": Priority::High});
        let made =
            futures::future::join_all((0..20).map(|number| office.create(&web, body(number))))
                .await;
        let mut numbers: Vec<i64> = made
            .into_iter()
            .map(|task| task.unwrap().number())
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=20).collect::<Vec<i64>>());
    })
    .await;
}
