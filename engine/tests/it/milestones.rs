//! Milestones, as stories on both databases.

use serde_json::{Value, json};
use trackside_engine::access::permissions::{MilestoneEdit, MilestoneView};
use trackside_engine::db::Tx;
use trackside_engine::ids::MilestoneId;
use trackside_engine::milestones::{
    MAX_MILESTONES, Milestone, MilestonePatch, MilestoneQuery, Progress, Shown, service,
};
use trackside_engine::projects::Project;
use trackside_engine::{Class, Error, Result};

use crate::office::{Office, kinds};
use crate::place::on_each;

async fn create(office: &Office, project: &Project, new: Value) -> Result<Milestone> {
    let new = serde_json::from_value(new).map_err(|error| Error::invalid("body", error.to_string()))?;
    let (cx, project) = (office.cx(), project.clone());
    let made =
        async move |tx: &mut Tx| service::create(tx, &cx, &cx.actor.may::<MilestoneEdit, _>(project)?, new).await;
    office.db.write(made).await
}

async fn update(office: &Office, id: MilestoneId, expected: Option<i64>, patch: Value) -> Result<Milestone> {
    let patch: MilestonePatch = serde_json::from_value(patch).unwrap();
    let cx = office.cx();
    let changed = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::update(tx, &cx, &cx.actor.may::<MilestoneEdit, _>(project)?, id, expected, patch).await
    };
    office.db.write(changed).await
}

async fn get(office: &Office, project: &Project, id: MilestoneId) -> Result<Shown> {
    let may = office.cx().actor.may::<MilestoneView, _>(project.clone())?;
    service::get(&mut *office.db.read().await?, &may, id).await
}

fn progress(total: i64, completed: i64, cancelled: i64) -> Progress {
    Progress { total, open: total - completed - cancelled, completed, cancelled }
}

/// How often the last open task of a milestone was announced.
async fn announced(office: &Office) -> usize {
    kinds(&office.events(0).await).iter().filter(|kind| **kind == "milestone.tasks_completed").count()
}

#[tokio::test]
async fn a_milestone_is_made_changed_completed_reopened_and_deleted() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let before = office.events(0).await.len();
        let beta = create(&office, &web, json!({"name": "Beta", "due_at": "2026-05-01T12:00:00Z"})).await.unwrap();
        assert_eq!((beta.version, beta.created_by, beta.completed_at), (1, Some(office.ada), None));
        let done = update(&office, beta.id, Some(1), json!({"status": "completed", "name": "Beta 1"})).await.unwrap();
        assert_eq!((done.version, done.completed_at), (2, Some(office.source.now())));
        let same = update(&office, beta.id, None, json!({"status": "completed"})).await.unwrap();
        assert_eq!(same, done, "a change that changes nothing leaves no trace");
        assert_eq!(update(&office, beta.id, Some(1), json!({"name": "x"})).await.unwrap_err().class, Class::Stale);
        let open = update(&office, beta.id, Some(2), json!({"status": "open", "due_at": null})).await.unwrap();
        assert_eq!((open.completed_at, open.due_at), (None, None));
        let task = office.create(&web, json!({"title": "a", "milestone": beta.id})).await.unwrap();
        let gone = office.act("milestone.delete", json!({"milestone": beta.id})).await.unwrap();
        assert_eq!(gone, json!({"tasks": 1}));
        let freed = office.find("WEB-1").await.unwrap();
        assert_eq!((freed.milestone_id, freed.version), (None, task.version + 1));
        assert_eq!(get(&office, &web, beta.id).await.unwrap_err().code, "milestone_not_found");
        let events = office.events(before).await;
        assert_eq!(
            kinds(&events),
            [
                "milestone.created",
                "milestone.updated",
                "milestone.completed",
                "milestone.updated",
                "milestone.reopened",
                "task.created",
                "milestone.deleted"
            ]
        );
        assert_eq!(events[1].1["change"]["name"], json!({"from": "Beta", "to": "Beta 1"}));
        assert_eq!((&events[6].1["tasks"], &events[6].1["project"]["key"]), (&json!(1), &json!("WEB")));
    })
    .await;
}

#[tokio::test]
async fn what_a_milestone_cannot_be_is_refused() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let (web, app) = (office.project("WEB").await, office.project("APP").await);
        let elsewhere = Office::beside(&office.db, office.clock.clone(), office.source.clone()).await;
        let out = elsewhere.project("OUT").await;
        let (theirs, other) = (
            create(&elsewhere, &out, json!({"name": "Theirs"})).await.unwrap(),
            create(&office, &app, json!({"name": "Other"})).await.unwrap(),
        );
        for (new, pointer) in [
            (json!({"name": " "}), "/name"),
            (json!({"name": "x".repeat(201)}), "/name"),
            (json!({"name": "a\u{0}"}), "/name"),
            (json!({"name": "a", "description": "x".repeat(65 * 1024)}), "/description"),
            (json!({"name": "a", "description": "\u{0}"}), "/description"),
        ] {
            let error = create(&office, &web, new).await.unwrap_err();
            assert_eq!((error.code, error.fields[0].pointer.as_str()), ("invalid_fields", pointer));
        }
        // A task belongs to a milestone of its own project.
        let task = office.create(&web, json!({"title": "t"})).await.unwrap();
        for id in [theirs.id, other.id, office.source.new_id()] {
            for error in [
                office.create(&web, json!({"title": "t", "milestone": id})).await.unwrap_err(),
                office.update(&task, None, json!({"milestone": id})).await.unwrap_err(),
            ] {
                assert_eq!((error.code, error.fields[0].pointer.as_str()), ("invalid_fields", "/milestone"));
            }
            assert_eq!(get(&office, &web, id).await.unwrap_err().code, "milestone_not_found");
        }
        assert_eq!(update(&office, theirs.id, None, json!({})).await.unwrap_err().code, "milestone_not_found");
        // Under another project's permission there is no way to it.
        let (cx, project) = (office.cx(), web.clone());
        let change = async move |tx: &mut Tx| {
            let may = cx.actor.may::<MilestoneEdit, _>(project)?;
            service::delete(tx, &cx, &may, other.id, None).await
        };
        assert_eq!(office.db.write(change).await.unwrap_err().code, "milestone_not_found");

        let (workspace, project, now) = (office.workspace, app.id, office.source.now());
        let rows: Vec<_> = (1..MAX_MILESTONES)
            .map(|_| (office.source.new_id::<MilestoneId>(), workspace, project, "m", "", "open", 1i64, now, now))
            .collect();
        let fill = async move |tx: &mut Tx| {
            let insert = "insert into milestones (id, workspace_id, project_id, name, description, status, version, \
                          created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
            tx.execute_many(insert, &rows).await
        };
        office.db.write(fill).await.unwrap();
        assert_eq!(create(&office, &app, json!({"name": "more"})).await.unwrap_err().code, "too_many_milestones");
    })
    .await;
}

#[tokio::test]
async fn progress_follows_the_tasks_and_the_last_open_one_is_announced() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let beta = create(&office, &web, json!({"name": "Beta"})).await.unwrap();
        let empty = create(&office, &web, json!({"name": "Empty"})).await.unwrap();
        let mut tasks = Vec::new();
        for title in ["a", "b", "c", "d"] {
            tasks.push(office.create(&web, json!({"title": title, "milestone": beta.id})).await.unwrap());
        }
        let lone = office.create(&web, json!({"title": "lone"})).await.unwrap();
        assert_eq!(get(&office, &web, beta.id).await.unwrap().progress, progress(4, 0, 0));
        // Whatever is no longer open there counts: cancelled, completed, moved away, deleted.
        office.update(&tasks[0], None, json!({"status": "cancelled"})).await.unwrap();
        office.update(&tasks[1], None, json!({"status": "completed"})).await.unwrap();
        office.update(&tasks[2], None, json!({"milestone": empty.id})).await.unwrap();
        assert_eq!(get(&office, &web, beta.id).await.unwrap().progress, progress(3, 1, 1));
        assert_eq!(announced(&office).await, 0);
        office.delete(&tasks[3]).await.unwrap();
        assert_eq!(announced(&office).await, 1);
        let (kind, payload) = office.events(0).await.pop().unwrap();
        assert_eq!((kind.as_str(), &payload["task"]["title"]), ("milestone.tasks_completed", &json!("d")));
        assert_eq!(payload["milestone"]["status"], "open");
        assert_eq!(payload["progress"], json!({"total": 2, "open": 0, "completed": 1, "cancelled": 1}));
        // Another task of a milestone that has none open says nothing; opened and completed again it does.
        office.update(&lone, None, json!({"milestone": beta.id, "status": "completed"})).await.unwrap();
        assert_eq!(announced(&office).await, 1);
        office.update(&tasks[1], None, json!({"status": "todo"})).await.unwrap();
        office.update(&tasks[1], None, json!({"status": "completed"})).await.unwrap();
        assert_eq!(announced(&office).await, 2);
        // Where nothing was completed, nothing is announced, nor where the milestone itself already is.
        office.update(&tasks[2], None, json!({"status": "cancelled"})).await.unwrap();
        update(&office, beta.id, None, json!({"status": "completed"})).await.unwrap();
        office.update(&tasks[1], None, json!({"status": "todo"})).await.unwrap();
        office.update(&tasks[1], None, json!({"milestone": null})).await.unwrap();
        assert_eq!(announced(&office).await, 2);

        assert_eq!(office.titles(&[("milestone", &beta.id.to_string()), ("sort", "title")]).await, ["a", "lone"]);
        assert_eq!(office.titles(&[("milestone", "none")]).await, ["b"]);
        let both = format!("{},{}", beta.id, empty.id);
        assert_eq!(office.titles(&[("milestone", &both), ("sort", "title")]).await, ["a", "c", "lone"]);
        let may = office.cx().actor.may::<MilestoneView, _>(web.clone()).unwrap();
        let mut rx = office.db.read().await.unwrap();
        let query = |query: Value| serde_json::from_value::<MilestoneQuery>(query).unwrap();
        let first = service::list(&mut rx, &may, &query(json!({"limit": 1}))).await.unwrap();
        assert_eq!((first.items[0].milestone.id, first.items[0].progress), (beta.id, progress(2, 1, 1)));
        let page = json!({"limit": 1, "cursor": first.next_cursor});
        let second = service::list(&mut rx, &may, &query(page)).await.unwrap();
        assert_eq!((second.items[0].milestone.id, second.next_cursor), (empty.id, None));
        let open = service::list(&mut rx, &may, &query(json!({"status": "open", "total": true}))).await.unwrap();
        assert_eq!((open.items.len(), open.total), (1, Some(1)));
        for (sort, names) in [("-name", ["Empty", "Beta"]), ("due_at,name", ["Beta", "Empty"])] {
            let page = service::list(&mut rx, &may, &query(json!({"sort": sort}))).await.unwrap();
            assert!(page.items.iter().map(|shown| shown.milestone.name.as_str()).eq(names), "{sort}");
        }
    })
    .await;
}

#[tokio::test]
async fn two_tasks_completed_at_the_same_moment_are_announced_once() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        for round in 1..=10 {
            let beta = create(&office, &web, json!({"name": "Beta"})).await.unwrap();
            let new = json!({"title": "t", "milestone": beta.id});
            let one = office.create(&web, new.clone()).await.unwrap();
            let two = office.create(&web, new).await.unwrap();
            let done = json!({"status": "completed"});
            let (first, second) =
                tokio::join!(office.update(&one, None, done.clone()), office.update(&two, None, done));
            first.unwrap();
            second.unwrap();
            assert_eq!(announced(&office).await, round);
        }
    })
    .await;
}

#[tokio::test]
async fn an_archived_project_is_only_read() {
    on_each(async |place| {
        let office = Office::open(place).await;
        let web = office.project("WEB").await;
        let beta = create(&office, &web, json!({"name": "Beta"})).await.unwrap();
        let task = office.create(&web, json!({"title": "t"})).await.unwrap();
        let (cx, project) = (office.cx(), web.clone());
        let patch = serde_json::from_value(json!({"status": "archived"})).unwrap();
        let archive = async move |tx: &mut Tx| {
            trackside_engine::projects::service::update(tx, &cx, &cx.actor.may(project)?, None, patch).await
        };
        let web = office.db.write(archive).await.unwrap();
        let refusals = [
            office.create(&web, json!({"title": "u"})).await.map(drop),
            office.update(&task, None, json!({"title": "u"})).await.map(drop),
            office.delete(&task).await,
            create(&office, &web, json!({"name": "Gamma"})).await.map(drop),
            update(&office, beta.id, None, json!({"name": "Gamma"})).await.map(drop),
            office.act("milestone.delete", json!({"milestone": beta.id})).await.map(drop),
        ];
        for refused in refusals {
            assert_eq!(refused.unwrap_err().code, "project_archived");
        }
        assert_eq!(get(&office, &web, beta.id).await.unwrap().milestone, beta);
    })
    .await;
}
