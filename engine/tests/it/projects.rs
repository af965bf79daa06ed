//! Projects, what rules do with tasks, and what people are told, as stories on both databases.

use serde_json::{Value, json};
use trackside_engine::Class;
use trackside_engine::access::permissions::{ProjectCreate, ProjectDelete, ProjectEdit, ProjectView};
use trackside_engine::actions::INTERNAL;
use trackside_engine::db::Tx;
use trackside_engine::ids::UserId;
use trackside_engine::projects;
use trackside_engine::projects::{NewProject, ProjectPatch, ProjectQuery};

use crate::office::Office;
use crate::place::on_each;

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
                projects::service::create(tx, &cx, &cx.actor.may_here::<ProjectCreate>()?, new).await
            };
            let error = office.db.write(write).await.unwrap_err();
            assert_eq!((error.code, error.fields[0].pointer.as_str()), (code, "/key"));
        }
        let patch = |patch: Value, expected| {
            let (cx, web, patch) = (office.cx(), web.clone(), serde_json::from_value::<ProjectPatch>(patch).unwrap());
            office.db.write(async move |tx| {
                projects::service::update(tx, &cx, &cx.actor.may::<ProjectEdit, _>(web)?, expected, patch).await
            })
        };
        let changed = patch(json!({"name": "Web", "owner": office.bob, "status": "archived"}), Some(1)).await.unwrap();
        assert_eq!((changed.version, changed.owner_id), (2, office.bob));
        assert_eq!(patch(json!({"name": "Other"}), Some(1)).await.unwrap_err().class, Class::Stale);
        assert_eq!(patch(json!({"name": null}), None).await.unwrap_err().fields[0].pointer, "/name");
        assert_eq!(
            patch(json!({"owner": office.source.new_id::<UserId>()}), None).await.unwrap_err().fields[0].pointer,
            "/owner"
        );
        assert_eq!(office.create(&changed, json!({"title": "t"})).await.unwrap_err().code, "project_archived");
        let mut events = office.events(0).await;
        assert_eq!(events.pop().unwrap().0, "project.archived");
        let (kind, payload) = events.pop().unwrap();
        assert_eq!(
            (kind.as_str(), &payload["change"]["owner"]),
            ("project.updated", &json!({"from": office.ada, "to": office.bob}))
        );

        let open = patch(json!({"status": "active"}), None).await.unwrap();
        let parent =
            office.create(&open, json!({"title": "a", "labels": ["x"], "assignees": [office.bob]})).await.unwrap();
        office.create(&open, json!({"title": "b", "parent": parent.id})).await.unwrap();
        let cx = office.cx();
        let gone = office
            .db
            .write(async move |tx| {
                projects::service::delete(tx, &cx, &cx.actor.may::<ProjectDelete, _>(open)?, None).await
            })
            .await;
        assert_eq!(gone.unwrap(), 2);
        assert_eq!(office.titles(&[]).await.len(), 0);
        let (kind, payload) = office.events(0).await.pop().unwrap();
        assert_eq!((kind.as_str(), &payload["tasks"]), ("project.deleted", &json!(2)));
        let may = office.cx().actor.may_somewhere::<ProjectView>().unwrap();
        let projects = projects::service::list(&mut office.db.read().await.unwrap(), &may, &ProjectQuery::default())
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
            .act("task.create", json!({"project": "WEB", "title": "From a rule", "priority": "critical"}))
            .await
            .unwrap();
        assert_eq!((&made["key"], &made["priority"]), (&json!("WEB-1"), &json!("critical")));
        let changed = office
            .act("task.update", json!({"task": "WEB-1", "status": "blocked", "custom": {"why": "rain"}}))
            .await
            .unwrap();
        assert_eq!((&changed["status"], &changed["custom"]), (&json!("blocked"), &json!({"why": "rain"})));
        let error = office.act("task.update", json!({"task": "WEB-1", "statuss": "blocked"})).await.unwrap_err();
        assert!(error.detail.contains("statuss"), "{error}");

        // Ada and Bob have one open task each, so Cy has the fewest.
        office.act("task.assign", json!({"task": "WEB-1", "to": [office.ada, office.bob]})).await.unwrap();
        office.act("task.create", json!({"project": "WEB", "title": "Two"})).await.unwrap();
        let two = office.act("task.assign", json!({"task": "WEB-2", "pick": "least_loaded"})).await.unwrap();
        assert_eq!(two["assignees"], json!([office.cy]));
        let mut people = [office.ada, office.bob, office.cy];
        people.sort();
        let two = office.act("task.assign", json!({"task": "WEB-2", "pick": "round_robin"})).await.unwrap();
        assert_eq!(two["assignees"], json!([people[0]]), "without a rule there are no turns");
        let error = office.act("task.assign", json!({"task": "WEB-2"})).await.unwrap_err();
        assert_eq!(error.code, "action_input");
        for action in INTERNAL {
            assert!(action.input_schema().is_object() && action.output_schema().is_object(), "{}", action.name());
        }
    })
    .await;
}
