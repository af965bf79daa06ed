//! Many operations in one request.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

async fn place(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    for title in ["One", "Two"] {
        api.post("/projects/WEB/tasks", json!({ "title": title })).await.expect_status(201);
    }
    api
}

async fn titles(api: &Api) -> Vec<String> {
    let tasks = api.get("/tasks?sort=key&limit=200").await.expect_status(200);
    tasks.at("/items").as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()).collect()
}

/// Every kind of event in the log, when there are so many.
async fn kinds(api: &Api, count: usize) -> Vec<String> {
    let start = std::time::Instant::now();
    loop {
        let log = api.get("/events?limit=200&after=0").await.expect_status(200);
        let kinds: Vec<_> = log
            .at("/items")
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["kind"].as_str().unwrap().to_owned())
            .collect();
        if kinds.len() >= count {
            return kinds;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(30), "{kinds:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn statuses(outcomes: &Value) -> Vec<i64> {
    outcomes.as_array().unwrap().iter().map(|outcome| outcome["status"].as_i64().unwrap()).collect()
}

both_databases! {
    async fn each_operation_is_done_for_itself_in_its_order(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let operations = json!([
            { "op": "create", "project": "WEB", "task": { "title": "Three", "labels": ["a"] } },
            { "op": "update", "task": "WEB-3", "version": 1, "patch": { "status": "in_progress" } },
            { "op": "update", "task": "WEB-3", "version": 1, "patch": { "title": "Stale" } },
            { "op": "comment", "task": "WEB-3", "body": "Begun" },
            { "op": "create", "project": "NONE", "task": { "title": "Nowhere" } },
            { "op": "create", "project": "WEB", "task": { "title": "" } },
            { "op": "create", "project": "WEB", "task": { "title": "Part", "parent": "WEB-99" } },
            { "op": "update", "task": "WEB-1", "patch": { "status": "nonsense" } },
            { "op": "update", "task": "WEB-1", "patch": { "labels": ["ok", ""] } },
            { "op": "delete", "task": "WEB-2" },
            { "op": "update", "task": "WEB-2", "patch": { "title": "Gone" } },
            { "op": "explode", "task": "WEB-1" },
            { "op": "delete" },
            { "op": "comment", "task": "WEB-1", "body": "x", "extra": 1 },
            { "op": "comment", "task": "WEB-1", "body": "" },
            { "task": "WEB-1" },
            7,
            { "op": "create", "project": "WEB", "task": { "title": "Last" } },
        ]);
        let answer = api.post("/tasks/batch", json!({ "operations": operations })).await.expect_status(200);
        let outcomes = answer.at("/outcomes");
        assert_eq!(statuses(outcomes), [201, 200, 412, 201, 404, 422, 422, 422, 422, 204, 404, 422, 422, 422, 422, 422, 422, 201], "{outcomes:#}");
        assert_eq!((answer.at("/succeeded"), answer.at("/failed")), (&json!(5), &json!(13)));
        assert_eq!((&outcomes[0]["key"], &outcomes[0]["version"], &outcomes[1]["version"]), (&json!("WEB-3"), &json!(1), &json!(2)));
        let pointer = |at: usize| outcomes[at]["problem"]["errors"][0]["pointer"].as_str().unwrap().to_owned();
        for (at, expected) in [(2, "/operations/2/patch/title"), (4, "/operations/4/project"), (5, "/operations/5/task/title"), (6, "/operations/6/task/parent"),
            (7, "/operations/7/patch/status"), (8, "/operations/8/patch/labels/1"), (10, "/operations/10/task"), (11, "/operations/11/op"), (12, "/operations/12/task"),
            (13, "/operations/13/extra"), (14, "/operations/14/body"), (15, "/operations/15/op"), (16, "/operations/16")] {
            assert_eq!(pointer(at), expected, "{:#}", outcomes[at]);
        }
        assert_eq!(outcomes[4]["problem"]["type"], "/problems/project_not_found");
        // No number was lost to those that failed.
        assert_eq!(outcomes[17]["key"], "WEB-4");
        assert_eq!(titles(&api).await, ["One", "Three", "Last"]);
        let kinds = kinds(&api, 8).await;
        assert_eq!(kinds, ["project.created", "task.created", "task.created", "task.created", "task.updated", "task.status_changed", "task.commented", "task.deleted", "task.created"][..kinds.len()]);
    }

    async fn all_or_nothing_says_which_failed(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let batch = |last: Value| json!({ "atomic": true, "operations": [
            { "op": "create", "project": "WEB", "task": { "title": "Three" } },
            { "op": "update", "task": "WEB-3", "patch": { "status": "blocked" } },
            { "op": "comment", "task": "WEB-1", "body": "Hello" },
            last,
        ] });
        for (last, status, code, pointer) in [
            (json!({ "op": "update", "task": "WEB-1", "patch": { "status": "odd" } }), 422, "invalid_fields", "/operations/3/patch/status"),
            (json!({ "op": "update", "task": "WEB-1", "patch": { "assignees": ["user_01h455vb4pex5vsknk084sn02q"] } }), 422, "invalid_fields", "/operations/3/patch/assignees/0"),
            (json!({ "op": "update", "task": "WEB-9", "patch": { "title": "x" } }), 404, "task_not_found", "/operations/3/task"),
            (json!({ "op": "delete", "task": "WEB-1", "version": 7 }), 412, "stale", "/operations/3"),
            (json!([]), 422, "invalid_fields", "/operations/3"),
        ] {
            let refused = api.post("/tasks/batch", batch(last)).await.expect_problem(status, code);
            assert_eq!(refused.text("/errors/0/pointer"), pointer);
        }
        assert_eq!(titles(&api).await, ["One", "Two"]);
        assert_eq!(api.get("/tasks/WEB-1/comments").await.at("/items"), &json!([]));
        let done = api.post("/tasks/batch", batch(json!({ "op": "delete", "task": "WEB-2", "version": 1 }))).await.expect_status(200);
        assert_eq!(statuses(done.at("/outcomes")), [201, 200, 201, 204]);
        assert_eq!(done.text("/outcomes/0/key"), "WEB-3", "a batch that was undone took no number");
        assert_eq!(titles(&api).await, ["One", "Three"]);
    }

    async fn a_thousand_fit_and_one_more_does_not(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let operations = |count: usize, atomic: bool| {
            let all: Vec<_> = (0..count).map(|at| json!({ "op": "create", "project": "WEB", "task": { "title": format!("Task {at}") } })).collect();
            json!({ "operations": all, "atomic": atomic })
        };
        for count in [0, 1001] {
            let refused = api.post("/tasks/batch", operations(count, false)).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), "/operations");
        }
        let keyed = api.with_header("idempotency-key", "k-1");
        let first = keyed.post("/tasks/batch", operations(1000, false)).await.expect_status(200);
        assert_eq!(first.at("/succeeded"), &json!(1000));
        assert_eq!(keyed.post("/tasks/batch", operations(1000, false)).await.expect_status(200).body, first.body);
        let second = api.post("/tasks/batch", operations(1000, true)).await.expect_status(200);
        assert_eq!(second.text("/outcomes/999/key"), "WEB-2002");
        let count = api.get("/tasks?total=true&limit=1").await.expect_status(200);
        assert_eq!(count.at("/total"), &json!(2002));
        // Long titles: the body has a limit of its own.
        let large: Vec<_> = (0..1000).map(|_| json!({ "op": "create", "project": "WEB", "task": { "title": "x", "description": "y".repeat(1_200) } })).collect();
        api.post("/tasks/batch", json!({ "operations": large })).await.expect_problem(413, "body_too_large");
    }

    async fn each_operation_asks_for_its_own_permission(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (viewer, worker) = (people.member(&server, &workspace, "Vic", Role::Viewer).await, people.member(&server, &workspace, "Wim", Role::TeamMember).await);
        let stranger = people.owner_elsewhere(&server, "Eve").await;
        people.leave().await;
        let operations = json!([
            { "op": "create", "project": "WEB", "task": { "title": "New" } },
            { "op": "update", "task": "WEB-1", "patch": { "title": "Uno" } },
            { "op": "comment", "task": "WEB-1", "body": "Hm" },
            { "op": "delete", "task": "WEB-2" },
        ]);
        for (who, expected) in [(&viewer, [403, 403, 403, 403]), (&stranger, [404, 404, 404, 404]), (&worker, [201, 200, 201, 403])] {
            let answer = who.post("/tasks/batch", json!({ "operations": operations })).await.expect_status(200);
            assert_eq!(statuses(answer.at("/outcomes")), expected);
            assert!(!answer.body.to_string().contains("Website"));
        }
        worker.post("/tasks/batch", json!({ "operations": operations, "atomic": true })).await.expect_problem(403, "denied");
        assert_eq!(titles(&api).await, ["Uno", "Two", "New"]);
    }
}
