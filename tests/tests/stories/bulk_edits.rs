//! One change of many tasks, and taking it back.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

async fn place(server: &Server, tasks: usize) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    let all: Vec<_> = (1..=tasks).map(|at| json!({ "op": "create", "project": "WEB", "task": { "title": format!("Task {at}"), "labels": ["old"], "custom": { "size": at, "kept": true } } })).collect();
    for some in all.chunks(1_000) {
        let made = api.post("/tasks/batch", json!({ "operations": some })).await.expect_status(200);
        assert_eq!(made.at("/failed"), &json!(0));
    }
    api
}

async fn fields(api: &Api, key: &str) -> (Value, Value, Value) {
    let task = api.get(&format!("/tasks/{key}")).await.expect_status(200);
    (task.at("/priority").clone(), task.at("/labels").clone(), task.at("/custom").clone())
}

both_databases! {
    async fn what_a_filter_finds_is_changed_and_put_back(db) {
        let server = Server::start(&db).await;
        let api = place(&server, 60).await;
        api.patch("/tasks/WEB-60", json!({ "status": "completed" })).await.expect_status(200);
        let edit = |dry_run: bool| json!({ "filter": { "project": "WEB", "status": "todo" }, "patch": { "priority": "high", "labels": ["new"], "custom": { "size": 9, "more": 1 } }, "dry_run": dry_run });
        let counted = api.post("/tasks/bulk", edit(true)).await.expect_status(200);
        assert_eq!((counted.at("/matched"), counted.at("/changed"), counted.at("/id")), (&json!(59), &json!(59), &Value::Null));
        assert_eq!(fields(&api, "WEB-1").await.0, "medium");
        let done = api.post("/tasks/bulk", edit(false)).await.expect_status(200);
        assert_eq!((done.at("/matched"), done.at("/changed"), done.at("/failed")), (&json!(59), &json!(59), &json!([])));
        let changed = (json!("high"), json!(["new"]), json!({ "size": 9, "kept": true, "more": 1 }));
        assert_eq!(fields(&api, "WEB-1").await, changed);
        assert_eq!(fields(&api, "WEB-60").await.0, "medium");
        // Nothing is left to change: nothing to undo.
        let again = api.post("/tasks/bulk", edit(false)).await.expect_status(200);
        assert_eq!((again.at("/changed"), again.at("/id")), (&json!(0), &Value::Null));

        // Others go on: a field, a task.
        api.patch("/tasks/WEB-2", json!({ "labels": ["mine"] })).await.expect_status(200);
        api.patch("/tasks/WEB-3", json!({ "custom": { "size": 10, "beside": 1 } })).await.expect_status(200);
        api.delete("/tasks/WEB-4").await.expect_status(204);
        let undo = format!("/tasks/bulk/{}/undo", done.text("/id"));
        let undone = api.post(&undo, json!({})).await.expect_status(200);
        assert_eq!(undone.at("/restored"), &json!(58));
        let conflicts: Vec<_> = undone.at("/conflicts").as_array().unwrap().iter().map(|it| (it["key"].clone(), it["field"].clone(), it["now"].clone())).collect();
        assert_eq!(conflicts, [(json!("WEB-2"), json!("labels"), json!(["mine"])), (json!("WEB-3"), json!("custom.size"), json!(10))]);
        assert_eq!(fields(&api, "WEB-1").await, (json!("medium"), json!(["old"]), json!({ "size": 1, "kept": true })));
        assert_eq!(fields(&api, "WEB-2").await, (json!("medium"), json!(["mine"]), json!({ "size": 2, "kept": true })));
        assert_eq!(fields(&api, "WEB-3").await, (json!("medium"), json!(["old"]), json!({ "size": 10, "kept": true, "beside": 1 })));
        api.post(&undo, json!({})).await.expect_problem(409, "bulk_edit_undone");
    }

    async fn what_cannot_be_put_back_keeps_nothing_else_from_it(db) {
        let server = Server::start(&db).await;
        let api = place(&server, 2).await;
        let workflow = json!({ "statuses": [
            { "key": "todo", "name": "To do", "category": "todo" }, { "key": "doing", "name": "Doing", "category": "in_progress" }, { "key": "done", "name": "Done", "category": "done" } ],
            "initial": "todo", "transitions": [{ "from": "todo", "to": "doing" }, { "from": "doing", "to": "done" }] });
        api.put("/projects/WEB/workflow", workflow).await.expect_status(200);
        let edit = json!({ "filter": { "project": "WEB" }, "patch": { "status": "doing", "priority": "critical" } });
        let done = api.post("/tasks/bulk", edit).await.expect_status(200);
        assert_eq!(done.at("/changed"), &json!(2), "{:#}", done.body);
        let undone = api.post(&format!("/tasks/bulk/{}/undo", done.text("/id")), json!({})).await.expect_status(200);
        assert_eq!(undone.at("/restored"), &json!(2), "{:#}", undone.body);
        assert_eq!((undone.text("/conflicts/0/field"), undone.text("/conflicts/0/key")), ("status".into(), "WEB-1".into()));
        let task = api.get("/tasks/WEB-1").await;
        assert_eq!((task.text("/priority"), task.text("/status")), ("medium".into(), "doing".into()));
    }

    async fn only_ones_own_last_is_undone(db) {
        let server = Server::start(&db).await;
        let api = place(&server, 3).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (viewer, worker) = (people.member(&server, &workspace, "Vic", Role::Viewer).await, people.member(&server, &workspace, "Wim", Role::TeamMember).await);
        let stranger = people.owner_elsewhere(&server, "Eve").await;
        people.leave().await;
        let edit = |priority: &str| json!({ "filter": "project=WEB", "patch": { "priority": priority } });
        viewer.post("/tasks/bulk", edit("high")).await.expect_problem(403, "denied");
        assert_eq!(stranger.post("/tasks/bulk", edit("high")).await.expect_status(200).at("/matched"), &json!(0));
        let first = api.post("/tasks/bulk", edit("high")).await.expect_status(200).text("/id");
        let theirs = worker.post("/tasks/bulk", edit("low")).await.expect_status(200).text("/id");
        let second = api.post("/tasks/bulk", edit("critical")).await.expect_status(200).text("/id");
        let undo = |id: &str| format!("/tasks/bulk/{id}/undo");
        api.post(&undo(&theirs), json!({})).await.expect_problem(403, "denied");
        stranger.post(&undo(&second), json!({})).await.expect_problem(404, "bulk_edit_not_found");
        api.post(&undo(&first), json!({})).await.expect_problem(409, "bulk_edit_not_last");
        assert_eq!(api.post(&undo(&second), json!({})).await.expect_status(200).at("/restored"), &json!(3));
        assert_eq!(fields(&api, "WEB-1").await.0, "low");
        api.post(&undo("bulk_01h455vb4pex5vsknk084sn02q"), json!({})).await.expect_problem(404, "bulk_edit_not_found");
    }

    async fn what_is_no_bulk_edit_is_refused(db) {
        let server = Server::start(&db).await;
        let api = place(&server, 1_001).await;
        api.post("/tasks/bulk", json!({ "filter": "project=WEB", "patch": { "priority": "high" } })).await.expect_problem(409, "too_many_tasks");
        for (body, pointer) in [
            (json!({ "filter": "colour=red", "patch": { "priority": "high" } }), "/filter"), (json!({ "filter": "limit=3", "patch": { "priority": "high" } }), "/filter"), (json!({ "filter": "sort=title", "patch": { "priority": "high" } }), "/filter"),
            (json!({ "filter": "key=WEB-1", "patch": {} }), "/patch"), (json!({ "filter": "key=WEB-1", "patch": { "colour": 1 } }), "/patch/colour"), (json!({ "patch": { "priority": "high" } }), "/filter"), (json!({ "filter": "key=WEB-1" }), "/patch"),
        ] {
            assert_eq!(api.post("/tasks/bulk", body).await.expect_problem(422, "invalid_fields").text("/errors/0/pointer"), pointer);
        }
        // What is wrong in itself is told at once, what one task cannot take for it.
        api.post("/tasks/bulk", json!({ "filter": "key=WEB-1", "patch": { "title": "" } })).await.expect_problem(422, "invalid_fields");
        for dry_run in [true, false] {
            let edit = json!({ "filter": "key=WEB-1,WEB-2", "patch": { "parent": "WEB-9999" }, "dry_run": dry_run });
            let failed = api.post("/tasks/bulk", edit).await.expect_status(200);
            assert_eq!((failed.at("/changed"), failed.at("/matched"), failed.text("/failed/0/problem/errors/0/pointer")), (&json!(0), &json!(2), "/patch/parent".into()));
        }
        assert_eq!(api.post("/tasks/bulk", json!({ "filter": "key=NONE-1", "patch": { "priority": "high" } })).await.expect_status(200).at("/matched"), &json!(0));
    }
}
