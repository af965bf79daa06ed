//! Metrics and the portfolio over the interface.

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Server};

both_databases! {
    async fn a_project_shows_how_work_went(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let ada = api.get("/me").await.text("/user/id");
        for title in ["One", "Two", "Three"] {
            api.post("/projects/WEB/tasks", json!({ "title": title, "assignees": [ada], "due_at": "2026-01-01T00:00:00Z" })).await.expect_status(201);
        }
        api.patch("/tasks/WEB-1", json!({ "status": "in_progress" })).await.expect_status(200);
        api.patch("/tasks/WEB-1", json!({ "status": "completed" })).await.expect_status(200);
        api.patch("/tasks/WEB-2", json!({ "status": "cancelled" })).await.expect_status(200);
        let metrics = api.get("/projects/WEB/metrics?tz=Europe/Berlin").await.expect_status(200);
        let points = metrics.at("/points").as_array().unwrap();
        assert_eq!((points.len(), metrics.text("/tz"), metrics.text("/interval")), (30, "Europe/Berlin".into(), "day".into()));
        let of = |name: &str| points.iter().map(|point| point[name].as_i64().unwrap()).sum::<i64>();
        assert_eq!((of("created"), of("completed")), (3, 1));
        let last = &points[29];
        assert_eq!((&last["scope"], &last["done"], &last["remaining"]), (&json!(2), &json!(1), &json!(1)));
        assert_eq!(last["by_status"], json!({ "cancelled": 1, "completed": 1, "in_progress": 0, "todo": 1 }));
        assert_eq!((metrics.at("/throughput"), metrics.at("/cycle_time/count"), metrics.text("/completed/0/key")), (&json!(1), &json!(1), "WEB-1".into()));
        assert_eq!((metrics.at("/overdue"), metrics.text("/overdue_tasks/0/key")), (&json!(1), "WEB-3".into()));
        assert_eq!(metrics.at("/workload"), &json!([{ "user": ada, "open": 1, "overdue": 1, "minutes": 0 }]));
        let weeks = api.get("/projects/WEB/metrics?interval=week&from=2026-03-04&to=2026-03-16").await.expect_status(200);
        assert_eq!((weeks.at("/points").as_array().unwrap().len(), weeks.text("/points/1/start")), (3, "2026-03-09T00:00:00Z".into()));

        let table = api.get("/projects/WEB/metrics.csv").await.expect_status(200);
        assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
        let Value::String(text) = &table.body else { panic!("{:#}", table.body) };
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "start,end,created,completed,scope,done,remaining,scope_minutes,done_minutes,remaining_minutes,status_cancelled,status_completed,status_in_progress,status_todo");
        assert!(lines.len() == 31 && lines[30].ends_with(",3,1,2,1,1,0,0,0,1,1,0,1"), "{text}");
        for (query, code) in [("from=soon", "invalid_parameter"), ("to=2026-02-30", "invalid_parameter"), ("tz=Mars", "invalid_parameter"), ("interval=hour", "invalid_parameter"),
            ("from=2026-02-02&to=2026-02-01", "invalid_parameter"), ("from=2020-01-01", "range_too_long"), ("since=2026-01-01", "unknown_parameter"), ("tz=%00", "invalid_parameter")] {
            for path in ["metrics", "metrics.csv"] {
                api.get(&format!("/projects/WEB/{path}?{query}")).await.expect_problem(422, code);
            }
        }
        api.get("/projects/NONE/metrics").await.expect_problem(404, "project_not_found");
    }

    async fn a_portfolio_shows_all_projects(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        for (key, name) in [("WEB", "=HYPERLINK(\"http://evil.example\")"), ("APP", "App, \"the\" one")] {
            api.post("/projects", json!({ "key": key, "name": name })).await.expect_status(201);
            api.post(&format!("/projects/{key}/tasks"), json!({ "title": "t" })).await.expect_status(201);
        }
        api.patch("/tasks/WEB-1", json!({ "status": "completed" })).await.expect_status(200);
        api.patch("/projects/WEB", json!({ "health": "off_track" })).await.expect_status(200);
        let all = api.get("/portfolio?sort=key&tz=Asia/Tokyo").await.expect_status(200);
        assert_eq!((all.at("/total"), all.at("/progress"), all.text("/items/0/key"), all.text("/items/1/health")), (&json!(2), &json!(50), "APP".into(), "off_track".into()));
        assert_eq!(all.at("/totals"), &json!({ "total": 2, "open": 1, "completed": 1, "cancelled": 0, "overdue": 0, "throughput": 1 }));
        let page = api.get("/portfolio?sort=key&limit=1").await.expect_status(200);
        let next = api.get(&format!("/portfolio?sort=key&limit=1&cursor={}", page.text("/next_cursor"))).await.expect_status(200);
        assert_eq!((next.text("/items/0/key"), next.at("/next_cursor")), ("WEB".into(), &Value::Null));
        let table = api.get("/portfolio.csv?sort=key&limit=1").await.expect_status(200);
        let Value::String(text) = &table.body else { panic!("{:#}", table.body) };
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "all pages: {text}");
        assert!(lines[1].starts_with("APP,\"App, \"\"the\"\" one\",active,user_") && lines[1].ends_with(",0,1,1,0,0,0,0"), "{text}");
        assert!(lines[2].starts_with("WEB,\"'=HYPERLINK(\"\"http://evil.example\"\")\",active,"), "{text}");
        for query in ["status=done", "owner=ada", "sort=colour", "limit=0", "offset=-1", "cursor=nonsense", "tz=Mars", "q=%00"] {
            api.get(&format!("/portfolio?{query}")).await.expect_refusal().expect_status(422);
        }
        let narrow = api.post("/tokens", json!({ "name": "narrow", "scopes": ["task.*"] })).await.expect_status(201).text("/token");
        api.with_token(&narrow).get("/portfolio").await.expect_problem(403, "denied");
        api.with_token(&narrow).get("/projects/WEB/metrics").await.expect_status(200);
    }
}
