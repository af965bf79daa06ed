//! Ids, queries, methods and headers that mean nothing; and a database that is away.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::Server;

use super::Place;

both_databases! {
    async fn ids_that_name_nothing_are_not_found(db) {
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        let task = api.get("/tasks/WEB-1").await.text("/id");
        for kind in ["projects", "tasks", "rules", "runs", "hooks", "connections", "events", "comments", "attachments", "milestones"] {
            let prefix = match kind { "connections" => "conn", "projects" => "proj", "events" => "evt", "comments" => "cmt", "attachments" => "att", "milestones" => "mile", other => other.trim_end_matches('s') };
            for id in [format!("{prefix}_01h455vb4pex5vsknk084sn02q"), "nonsense".into(), format!("{prefix}_nonsense"), format!("{prefix}_"), "1".into(), "-1".into(), "null".into(),
                "%F0%9F%92%A9".into(), "%FF".into(), "..%2f..%2fetc".into(), "x".repeat(5_000), format!("{prefix}_8zzzzzzzzzzzzzzzzzzzzzzzzz"), "00000000-0000-0000-0000-000000000000".into()] {
                let answer = api.get(&format!("/{kind}/{id}")).await.expect_refusal().expect_status(404);
                assert!(answer.text("/detail").len() < 400, "{:#}", answer.body);
            }
            // An id of another kind.
            let other = if kind == "tasks" { place.rule.clone() } else { task.clone() };
            api.get(&format!("/{kind}/{other}")).await.expect_refusal().expect_status(404);
            if kind != "events" && kind != "runs" {
                api.delete(&format!("/{kind}/{other}")).await.expect_refusal().expect_status(404);
            }
        }
        for path in [format!("/rules/{task}/enable"), format!("/rules/{task}/run"), format!("/runs/{task}/cancel"), "/runs/run_01h455vb4pex5vsknk084sn02q/rerun".into(),
            "/hooks/hook_01h455vb4pex5vsknk084sn02q/rotate".into(), "/queues/nothing/pause".into()] {
            api.post(&path, json!({})).await.expect_refusal().expect_status(404);
        }
        for path in ["/hooks/hook_01h455vb4pex5vsknk084sn02q", "/hooks/nonsense", "/hooks/%00"] {
            api.without_token().outside().post(path, json!({})).await.expect_refusal().expect_status(404);
        }
        place.expect_untouched().await;
    }

    async fn queries_methods_and_headers_that_mean_nothing_are_refused(db) {
        let place = Place::of(Server::start(&db).await).await;
        let api = &place.api;
        for path in ["/projects", "/tasks", "/rules", "/runs", "/events", "/notifications", "/members", "/audit", "/tasks/WEB-1/activity", "/tasks/WEB-1/attachments", "/tasks/WEB-1/comments", "/projects/WEB/milestones", "/tasks/WEB-1/time-entries", "/rates", "/timesheets/submitted", "/absences", "/resources", "/projects/WEB/allocations"] {
            for query in ["odd=1", "limit=0", "limit=-1", "limit=201", "limit=many", "limit=99999999999999999999", "limit=1e3", "limit="] {
                let answer = api.get(&format!("{path}?{query}")).await.expect_refusal().expect_status(422);
                let name = query.split('=').next().unwrap();
                assert!(answer.text("/detail").contains(name), "{path}?{query}: {:#}", answer.body);
            }
            let cursor = if path == "/events" { "after" } else { "cursor" };
            for value in ["nonsense", "-1", "%FF", "e30", "bnVsbA", "99999999999999999999", &"x".repeat(3000)] {
                api.get(&format!("{path}?{cursor}={value}")).await.expect_refusal().expect_status(422);
            }
        }
        for query in ["stauts=todo", "status=done", "priority=urgent", "due_at.lt=soon", "due_at.near=2026-01-01T00:00:00Z", "sort=colour", "sort=-", "assignee=ada", "total=maybe", "include_archived=maybe",
            "offset=-1", "offset=100000", "custom.=1", "type=epic", "milestone=beta", "milestone=", "cursor=x&offset=3"] {
            api.get(&format!("/tasks?{query}")).await.expect_refusal().expect_status(422);
        }
        for query in ["status=done", "owner=ada", "template=maybe", "include_archived=1", "sort=colour", "sort=name,name", "total=maybe", "offset=-1", "offset=100000", "cursor=x&offset=3"] {
            api.get(&format!("/projects?{query}")).await.expect_refusal().expect_status(422);
        }
        for query in ["status=done", "sort=colour", "total=maybe", "offset=-1", "cursor=x&offset=3"] {
            api.get(&format!("/projects/WEB/milestones?{query}")).await.expect_refusal().expect_status(422);
        }
        for query in ["wait=long", "wait=-1", "after=tomorrow", "limit=1000"] {
            api.get(&format!("/events?{query}")).await.expect_refusal().expect_status(422);
        }
        // A cursor of another list, or of another order.
        for title in ["Two", "Three"] {
            api.post("/projects/WEB/tasks", json!({ "title": title })).await.expect_status(201);
        }
        let cursor = api.get("/tasks?limit=1&sort=title").await.text("/next_cursor");
        api.get(&format!("/tasks?limit=1&sort=title&cursor={cursor}")).await.expect_status(200);
        api.get(&format!("/tasks?limit=1&sort=-priority&cursor={cursor}")).await.expect_refusal().expect_status(422);
        api.get(&format!("/projects?cursor={cursor}")).await.expect_refusal().expect_status(422);

        for (method, path, allow) in [(Method::PUT, "/tasks", "GET"), (Method::PATCH, "/projects", "POST"), (Method::DELETE, "/me", "GET"), (Method::POST, "/rules/x", "PUT"),
            (Method::OPTIONS, "/tasks", "GET"), (Method::TRACE, "/tasks", "GET")] {
            let answer = api.send(method, path, None).await.expect_problem(405, "method_not_allowed");
            assert!(answer.headers["allow"].to_str().unwrap().contains(allow));
        }
        let head = api.send(Method::HEAD, "/tasks", None).await.expect_status(200);
        assert_eq!(head.body, Value::Null);
        api.outside().send(Method::GET, &place.hook, None).await.expect_problem(405, "method_not_allowed");
        for path in ["/nothing", "/tasks/", "//tasks", "/tasks/WEB-1/nothing", "/../tasks"] {
            api.get(path).await.expect_refusal().expect_status(404);
        }
        for seen in ["1", "W/\"1\"", "\"one\"", "\"1\", \"2\"", "\"\"", "\"99999999999999999999\""] {
            for path in ["/tasks/WEB-1", "/projects/WEB"] {
                api.with_header("if-match", seen).patch(path, json!({ "description": "x" })).await.expect_problem(400, "invalid_if_match");
            }
        }
        for (seen, status) in [("\"0\"", 412), ("\"-1\"", 412), ("\"2\"", 412), ("\"9223372036854775807\"", 412)] {
            api.with_header("if-match", seen).patch("/tasks/WEB-1", json!({ "title": "x" })).await.expect_refusal().expect_status(status);
            api.with_header("if-match", seen).delete("/tasks/WEB-1").await.expect_refusal().expect_status(status);
        }
        assert_eq!(api.get("/tasks/WEB-1").await.text("/title"), "One");
        let project = json!({ "key": "APP", "name": "App" });
        for key in ["", " ", "\"\"", &"k".repeat(256)] {
            api.with_header("idempotency-key", key).post("/projects", project.clone()).await.expect_problem(400, "invalid_idempotency_key");
        }
        let keyed = api.with_header("idempotency-key", "k");
        keyed.post("/projects", json!({ "key": "app" })).await.expect_status(422);
        keyed.post("/projects", project.clone()).await.expect_status(201);
        keyed.post("/projects", json!({ "key": "app" })).await.expect_problem(422, "idempotency_key_reused");
        keyed.post("/workspaces", project.clone()).await.expect_problem(422, "idempotency_key_reused");
        let again = keyed.post("/projects", project).await.expect_status(201);
        assert_eq!(again.headers["idempotency-replayed"], "true");
        place.expect_sound();
    }

    async fn a_database_that_goes_away_is_told_and_comes_back(db) {
        let place = Place::of(Server::start(&db).await).await;
        let calls: Vec<_> = (0..8).map(|worker| {
            let api = place.api.clone();
            tokio::spawn(async move {
                let mut made = Vec::new();
                for number in 0..60 {
                    let title = format!("Task {worker}.{number}");
                    let answer = api.post("/projects/WEB/tasks", json!({ "title": title })).await;
                    match answer.status {
                        201 => made.push(title),
                        _ => {
                            assert_eq!(answer.status, 503, "{:#}", answer.body);
                            assert!(answer.headers.contains_key("retry-after") && answer.body["detail"].as_str().unwrap().len() > 15, "{:#}", answer.body);
                        }
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                made
            })
        }).collect();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(120)).await;
            if db.is_postgres() {
                use sqlx::Connection as _;
                let mut admin = sqlx::PgConnection::connect(db.url()).await.unwrap();
                sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = current_user and pid <> pg_backend_pid()")
                    .execute(&mut admin).await.unwrap();
                admin.close().await.ok();
            } else {
                let path = db.url().strip_prefix("sqlite://").unwrap().to_owned();
                tokio::task::spawn_blocking(move || {
                    let other = rusqlite::Connection::open(path).unwrap();
                    other.busy_timeout(Duration::from_secs(10)).unwrap();
                    other.execute_batch("begin immediate").unwrap();
                    std::thread::sleep(Duration::from_millis(300));
                    other.execute_batch("rollback").unwrap();
                }).await.unwrap();
            }
        }
        let mut made = Vec::new();
        for call in calls {
            made.extend(call.await.unwrap());
        }
        assert!(made.len() > 100, "{} made", made.len());
        // What was answered is there, and each task has its event.
        let (mut titles, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = place.api.get(&format!("/tasks?limit=200{cursor}")).await.expect_status(200);
            titles.extend(page.at("/items").as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()));
            let Some(next) = page.body["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        for title in &made {
            assert!(titles.contains(title), "{title} was answered and is not there");
        }
        let start = std::time::Instant::now();
        loop {
            let (mut created, mut after) = (Vec::new(), "0".to_owned());
            loop {
                let page = place.api.get(&format!("/events?limit=200&after={after}")).await.expect_status(200);
                let items = page.at("/items").as_array().unwrap();
                if items.is_empty() { break; }
                created.extend(items.iter().filter(|event| event["kind"] == "task.created").map(|event| event["data"]["task"]["title"].as_str().unwrap().to_owned()));
                after = page.text("/next_cursor");
            }
            created.sort();
            titles.sort();
            if created == titles { break; }
            assert!(start.elapsed() < Duration::from_secs(40), "{} tasks, {} events", titles.len(), created.len());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(!place.server.log().contains("panicked"));
    }
}
