//! More about projects: lists, dates, health, archive and copies, as stories on both databases.

use serde_json::{Value, json};
use trackside_engine::access::permissions::{ProjectCreate, ProjectEdit, ProjectView, Role};
use trackside_engine::db::Tx;
use trackside_engine::projects::copy::{self, CopyProject, MAX_TASKS};
use trackside_engine::projects::{Project, ProjectPatch, ProjectQuery, service};
use trackside_engine::{Cx, Error, Result};

use crate::office::{Office, kinds};
use crate::place::on_each;

async fn patch(office: &Office, project: &Project, patch: Value) -> Result<Project> {
    let patch: ProjectPatch = serde_json::from_value(patch).unwrap();
    let (cx, project) = (office.cx(), project.clone());
    let change =
        async move |tx: &mut Tx| service::update(tx, &cx, &cx.actor.may::<ProjectEdit, _>(project)?, None, patch).await;
    office.db.write(change).await
}

async fn make(office: &Office, new: Value) -> Result<Project> {
    let new = serde_json::from_value(new).map_err(|error| Error::invalid("body", error.to_string()))?;
    let cx = office.cx();
    let make = async move |tx: &mut Tx| service::create(tx, &cx, &cx.actor.may_here::<ProjectCreate>()?, new).await;
    office.db.write(make).await
}

async fn copy_as(office: &Office, cx: Cx, project: &Project, wanted: Value) -> Result<Project> {
    let wanted: CopyProject =
        serde_json::from_value(wanted).map_err(|error| Error::invalid("body", error.to_string()))?;
    let project = project.clone();
    let copy = async move |tx: &mut Tx| {
        let from = cx.actor.may::<ProjectView, _>(project)?;
        copy::copy(tx, &cx, &from, &cx.actor.may_here::<ProjectCreate>()?, wanted).await
    };
    office.db.write(copy).await
}

/// The keys that a list shows, and how many there are in all.
async fn keys(office: &Office, query: Value) -> (Vec<String>, Option<i64>) {
    let query: ProjectQuery = serde_json::from_value(query).unwrap();
    let may = office.cx().actor.may_somewhere::<ProjectView>().unwrap();
    let page = service::list(&mut office.db.read().await.unwrap(), &may, &query).await.unwrap();
    (page.items.into_iter().map(|project| project.key).collect(), page.total)
}

#[tokio::test]
async fn projects_are_filtered_sorted_counted_and_paged() {
    on_each(async |place| {
        let office = Office::open(place).await;
        for (key, name, status, owner, due_at) in [
            ("AA", "Abbey of Émile", "active", office.ada, None),
            ("BB", "Bridge", "on_hold", office.bob, Some("2026-09-01T00:00:00Z")),
            ("CC", "Canal 100%", "archived", office.bob, Some("2026-05-01T00:00:00Z")),
            ("DD", "Dam_", "active", office.ada, Some("2026-07-01T00:00:00Z")),
        ] {
            make(&office, json!({"key": key, "name": name, "status": status, "owner": owner, "due_at": due_at}))
                .await
                .unwrap();
        }
        make(&office, json!({"key": "TT", "name": "Template", "is_template": true})).await.unwrap();
        for (query, expected) in [
            (json!({}), vec!["AA", "BB", "DD", "TT"]),
            (json!({"include_archived": true, "sort": "-created_at"}), vec!["TT", "DD", "CC", "BB", "AA"]),
            (json!({"status": "archived"}), vec!["CC"]),
            (json!({"status": "archived,on_hold", "sort": "due_at"}), vec!["CC", "BB"]),
            (json!({"owner": office.bob}), vec!["BB"]),
            (json!({"template": true}), vec!["TT"]),
            (json!({"template": false, "sort": "-due_at"}), vec!["BB", "DD", "AA"]),
            (json!({"sort": "-name", "offset": 1, "limit": 2}), vec!["DD", "BB"]),
            (json!({"q": "émile"}), vec!["AA"]),
            (json!({"q": "ÉMILE"}), vec!["AA"]),
            (json!({"q": "a", "sort": "key"}), vec!["AA", "DD", "TT"]),
            (json!({"q": "100%", "include_archived": true}), vec!["CC"]),
            (json!({"q": "%"}), vec![]),
            (json!({"q": "_"}), vec!["DD"]),
            (json!({"q": ""}), vec!["AA", "BB", "DD", "TT"]),
        ] {
            // PostgreSQL lowers É, SQLite does not; both find it as it is written.
            if query["q"] == "émile" && place.options.url.starts_with("sqlite") {
                continue;
            }
            assert_eq!(keys(&office, query.clone()).await.0, expected, "{query}");
        }
        assert_eq!(keys(&office, json!({"limit": 1, "total": true})).await, (vec!["AA".into()], Some(4)));
        // Page by page nothing is missed, in any order.
        let may = office.cx().actor.may_somewhere::<ProjectView>().unwrap();
        for sort in ["created_at", "due_at", "-due_at", "key", "-name", "updated_at,-key"] {
            let all = keys(&office, json!({"sort": sort, "include_archived": true})).await.0;
            let (mut seen, mut cursor) = (Vec::new(), None);
            loop {
                let query = ProjectQuery {
                    sort: Some(sort.into()),
                    include_archived: true,
                    limit: Some(2),
                    cursor,
                    ..ProjectQuery::default()
                };
                let page = service::list(&mut office.db.read().await.unwrap(), &may, &query).await.unwrap();
                seen.extend(page.items.into_iter().map(|project| project.key));
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, all, "{sort}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_project_has_dates_and_health_and_is_archived() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let before = office.events(0).await.len();
        let (start, due) = ("2026-04-01T08:00:00Z", "2026-08-01T08:00:00Z");
        let dated = patch(&office, &web, json!({"start_at": start, "due_at": due})).await.unwrap();
        assert_eq!(dated.version, 2);
        let sick = patch(&office, &web, json!({"health": "at_risk", "health_note": "Rain"})).await.unwrap();
        assert_eq!((sick.health_by, sick.health_at), (Some(office.ada), Some(office.source.now())));
        patch(&office, &web, json!({"health_note": "More rain"})).await.unwrap();
        let well = patch(&office, &web, json!({"health": "on_track"})).await.unwrap();
        assert_eq!(well.health_note, "", "an old note does not stand by a new health");
        let unsaid = patch(&office, &web, json!({"health": null})).await.unwrap();
        assert_eq!((unsaid.health, unsaid.health_by, unsaid.health_at), (None, None, None));
        let events = office.events(before).await;
        let (updated, health) = ("project.updated", "project.health_changed");
        assert_eq!(kinds(&events), [updated, updated, health, updated, health, updated, health, updated, health]);
        assert_eq!(events[2].1["change"], json!({"from": null, "to": "at_risk"}));
        assert_eq!(events[4].1["change"], json!({"from": "at_risk", "to": "at_risk"}));
        assert_eq!(events[6].1["project"]["health"], "on_track");
        for (change, pointer) in [
            (json!({"due_at": "2026-03-01T00:00:00Z"}), "/due_at"),
            (json!({"health_note": "Why?"}), "/health_note"),
            (json!({"health": null, "health_note": "Why?"}), "/health_note"),
            (json!({"health": "at_risk", "health_note": "x".repeat(5000)}), "/health_note"),
            (json!({"health": "at_risk", "health_note": "\u{0}"}), "/health_note"),
            (json!({"is_template": null}), "/is_template"),
        ] {
            let error = patch(&office, &web, change).await.unwrap_err();
            assert_eq!((error.code, error.fields[0].pointer.as_str()), ("invalid_fields", pointer));
        }

        office.create(&web, json!({"title": "t"})).await.unwrap();
        let before = office.events(0).await.len();
        for (action, status) in [
            ("project.archive", "archived"),
            ("project.archive", "archived"),
            ("project.unarchive", "active"),
            ("project.unarchive", "active"),
        ] {
            assert_eq!(office.act(action, json!({"project": "WEB"})).await.unwrap()["status"], status);
            let shown = i64::from(status == "active");
            assert_eq!(office.list(&[("total", "true")]).await.unwrap().total, Some(shown));
            for asked in [("include_archived", "true"), ("project", "WEB"), ("key", "WEB-1")] {
                assert_eq!(office.list(&[asked]).await.unwrap().items.len(), 1);
            }
        }
        let events = office.events(before).await;
        assert_eq!(kinds(&events), [updated, "project.archived", updated, "project.unarchived"]);
        office.act("project.update", json!({"project": "WEB", "status": "on_hold"})).await.unwrap();
        let same = office.act("project.unarchive", json!({"project": "WEB"})).await.unwrap();
        assert_eq!(same["status"], "on_hold", "what is not archived is not taken up again");
        let made = office.act("project.create", json!({"key": "APP", "name": "App", "is_template": true})).await;
        assert_eq!(made.unwrap()["is_template"], true);
    })
    .await;
}

/// WEB: two milestones, a task with a part that is older than itself, a dependency, somebody who works on it.
async fn model_project(office: &Office) -> Project {
    let web = make(office, json!({"key": "WEB", "name": "Web", "description": "How", "start_at": "2026-03-02T00:00:00Z", "due_at": "2026-04-02T00:00:00Z"}))
        .await
        .unwrap();
    let beta = office
        .act("milestone.create", json!({"project": "WEB", "name": "Beta", "due_at": "2026-03-20T12:00:00Z"}))
        .await
        .unwrap();
    office.create(&web, json!({"title": "part", "labels": ["x"], "assignees": [office.bob, office.cy]})).await.unwrap();
    let new = json!({"title": "whole", "milestone": beta["id"], "status": "completed", "priority": "high", "due_at": "2026-03-10T09:30:00Z", "custom": {"size": 3}});
    let whole = office.create(&web, new).await.unwrap();
    office.create(&web, json!({"title": "before"})).await.unwrap();
    let part = office.find("WEB-1").await.unwrap();
    office.update(&part, None, json!({"parent": whole.id, "status": "in_progress"})).await.unwrap();
    let (cx, project) = (office.cx(), web.clone());
    let depend = async move |tx: &mut Tx| {
        let new = serde_json::from_value(json!({"predecessor": "WEB-3", "type": "SS", "lag": 60})).unwrap();
        trackside_engine::planning::service::depend(tx, &cx, &cx.actor.may(project)?, &whole.id.into(), new).await
    };
    office.db.write(depend).await.unwrap();
    web
}

#[tokio::test]
async fn a_copy_has_everything_with_its_dates_moved() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = model_project(&office).await;
        let before = office.events(0).await.len();
        // Cy has left.
        let (workspace, cy) = (office.workspace, office.cy);
        let leave = async move |tx: &mut Tx| {
            tx.execute("delete from members where workspace_id = $1 and user_id = $2", (workspace, cy)).await
        };
        office.db.write(leave).await.unwrap();
        let wanted = json!({"key": "APP", "name": "App", "start_at": "2026-06-02T00:00:00Z"});
        let app = copy_as(&office, office.cx(), &web, wanted).await.unwrap();
        let due = app.due_at.unwrap().to_rfc3339();
        assert_eq!((app.description.as_str(), due.as_str()), ("How", "2026-07-03T00:00:00+00:00"));
        let (whole, part) = (office.find("APP-1").await.unwrap(), office.find("APP-2").await.unwrap());
        assert_eq!((part.parent_id, part.status.as_str()), (Some(whole.id), "todo"));
        assert_eq!((part.assignees.read().unwrap(), part.labels.text()), (vec![office.bob], "[\"x\"]"));
        assert_eq!((whole.completed_at, whole.priority.rank()), (None, 3));
        assert_eq!(json!(whole.custom.read().unwrap()), json!({"size": 3}));
        assert_eq!(whole.due_at.unwrap().to_rfc3339(), "2026-06-10T09:30:00+00:00");
        let theirs = office.find("WEB-2").await.unwrap().milestone_id;
        assert!(whole.milestone_id.is_some() && whole.milestone_id != theirs);
        let events = office.events(before).await;
        let expected = [
            "project.created",
            "milestone.created",
            "task.created",
            "task.created",
            "task.assigned",
            "task.created",
            "task.dependency_added",
            "project.copied",
        ];
        assert_eq!(kinds(&events), expected);
        assert_eq!(events[1].1["milestone"]["due_at"], "2026-06-20T12:00:00Z");
        assert_eq!(events[6].1["dependency"]["lag"], 60);
        let copied = json!({"tasks": 3, "milestones": 1, "dependencies": 1, "fields": 0, "schedules": 0});
        assert_eq!(events[7].1["copied"], copied);
        assert_eq!((&events[7].1["from"]["key"], &events[7].1["project"]["key"]), (&json!("WEB"), &json!("APP")));

        // Only what is wanted; and where no start is said, dates stay.
        let wanted = json!({"key": "TWO", "name": "Two", "include": ["tasks"]});
        let two = copy_as(&office, office.cx(), &web, wanted).await.unwrap();
        assert_eq!((two.start_at, two.due_at), (web.start_at, web.due_at));
        let whole = office.find("TWO-1").await.unwrap();
        assert_eq!(
            (whole.milestone_id, whole.due_at.unwrap().to_rfc3339().as_str()),
            (None, "2026-03-10T09:30:00+00:00")
        );
        assert_eq!(office.find("TWO-2").await.unwrap().assignees.text(), "[]");
        let bare = json!({"project": "WEB", "key": "BARE", "name": "Bare", "include": []});
        office.act("project.copy", bare).await.unwrap();
        assert_eq!(office.titles(&[("project", "BARE")]).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_copy_that_cannot_be_leaves_nothing() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = model_project(&office).await;
        let before = office.events(0).await.len();
        for (wanted, code, pointer) in [
            (json!({"key": "WEB", "name": "n"}), "project_key_taken", "/key"),
            (json!({"key": "app", "name": "n"}), "invalid_fields", "/key"),
            (json!({"key": "APP", "name": "n", "include": ["dependencies"]}), "invalid_fields", "/include"),
            (json!({"key": "APP", "name": "n", "include": ["assignees", "milestones"]}), "invalid_fields", "/include"),
            (json!({"key": "APP", "name": "n", "start_at": "9999-12-30T00:00:00Z"}), "invalid_fields", "/start_at"),
        ] {
            let error = copy_as(&office, office.cx(), &web, wanted).await.unwrap_err();
            assert_eq!((error.code, error.fields[0].pointer.as_str()), (code, pointer), "{error}");
        }
        // Who may see projects and make none cannot copy one.
        let bob = office.as_user(office.bob, Role::TeamMember);
        let error = copy_as(&office, bob, &web, json!({"key": "APP", "name": "n"})).await.unwrap_err();
        assert_eq!(error.code, "denied");
        // Nobody copies what is another workspace's.
        let elsewhere = Office::beside(&office.db, office.clock.clone(), office.source.clone()).await;
        let error = copy_as(&elsewhere, elsewhere.cx(), &web, json!({"key": "APP", "name": "n"})).await.unwrap_err();
        assert_eq!(error.code, "project_not_found");
        assert_eq!(office.events(before).await.len(), 0);

        let (cx, project) = (office.cx(), web.clone());
        let fill = async move |tx: &mut Tx| {
            let may = cx.actor.may(project)?;
            for _ in 0..MAX_TASKS - 2 {
                let new = serde_json::from_value(json!({"title": "t"})).unwrap();
                trackside_engine::tasks::service::create(tx, &cx, &may, new).await?;
            }
            Ok(())
        };
        office.db.write(fill).await.unwrap();
        let error = copy_as(&office, office.cx(), &web, json!({"key": "APP", "name": "n"})).await.unwrap_err();
        assert_eq!(error.code, "project_too_large");
        office.delete(&office.find("WEB-4").await.unwrap()).await.unwrap();
        copy_as(&office, office.cx(), &web, json!({"key": "APP", "name": "n"})).await.unwrap();
        assert_eq!(office.list(&[("project", "APP"), ("total", "true")]).await.unwrap().total, Some(1000));
    })
    .await;
}
