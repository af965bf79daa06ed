//! What happens again and again.

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Server};

both_databases! {
    async fn a_recurrence_is_shown_before_it_is_kept(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let times = async |body: Value| api.post("/recurrences/preview", body).await.expect_status(200).at("/times").clone();
        let weekdays = json!({ "rrule": "RRULE:FREQ=WEEKLY;BYDAY=MO,FR", "dtstart": "2026-03-27T09:00:00", "tz": "Europe/Berlin", "count": 3 });
        assert_eq!(times(weekdays).await, json!(["2026-03-27T09:00:00+01:00", "2026-03-30T09:00:00+02:00", "2026-04-03T09:00:00+02:00"]));
        // A start with an offset is a moment; the clock of the zone goes on from there.
        let moment = json!({ "rrule": "FREQ=DAILY;COUNT=2", "dtstart": "2026-10-31T13:00:00Z", "tz": "America/New_York" });
        assert_eq!(times(moment).await, json!(["2026-10-31T09:00:00-04:00", "2026-11-01T09:00:00-05:00"]));
        let last = json!({ "rrule": "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "dtstart": "2026-01-01", "count": 3 });
        assert_eq!(times(last).await, json!(["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z", "2026-03-31T00:00:00Z"]));
        let singles = json!({ "rrule": "FREQ=DAILY;UNTIL=20260303", "dtstart": "2026-03-01T08:00:00Z", "rdates": ["2026-04-01T08:00:00Z"], "exdates": ["2026-03-02T08:00:00Z"] });
        assert_eq!(times(singles).await, json!(["2026-03-01T08:00:00Z", "2026-03-03T08:00:00Z", "2026-04-01T08:00:00Z"]));
        let never = json!({ "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "dtstart": "2026-03-01T08:00:00Z", "count": 1000 });
        assert_eq!(times(never).await, json!([]));
        assert_eq!(times(json!({ "rrule": "FREQ=SECONDLY", "dtstart": "2026-03-01T08:00:00Z", "count": 1000 })).await.as_array().unwrap().len(), 1000);
    }

    async fn what_is_no_recurrence_is_refused_by_its_field(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let good = json!({ "rrule": "FREQ=DAILY", "dtstart": "2026-03-01T08:00:00Z", "tz": "UTC", "count": 1 });
        for (field, value, pointer, said) in [
            ("rrule", json!("FREQ=DAILLY"), "/rrule", "DAILLY"), ("rrule", json!(""), "/rrule", "empty"), ("rrule", json!("FREQ=WEEKLY;BYDAY=XX"), "/rrule", "BYDAY"),
            ("rrule", json!("FREQ=DAILY;COUNT=1;UNTIL=20270101"), "/rrule", "both"), ("rrule", json!("FREQ=DAILY\u{0}"), "/rrule", "FREQ"), ("rrule", json!(7), "/rrule", "string"),
            ("tz", json!("Mars/Olympus"), "/tz", "Mars/Olympus"), ("tz", json!(""), "/tz", "zone"), ("dtstart", json!("tomorrow"), "/dtstart", "2026"),
            ("dtstart", json!("2026-02-30T00:00:00Z"), "/dtstart", "2026"), ("dtstart", json!("0001-01-01T00:00:00Z"), "/dtstart", "1900"), ("count", json!(0), "/count", "1000"),
            ("count", json!(1001), "/count", "1000"), ("count", json!(-1), "/count", "1000"), ("exdates", json!(["x"]), "/exdates/0", "2026"),
            ("rdates", json!(["2026-03-01", "x"]), "/rdates/1", "2026"), ("rdates", json!(vec!["2026-03-01"; 201]), "/rdates", "200"), ("untill", json!(1), "/untill", "unknown"),
        ] {
            let mut body = good.clone();
            body[field] = value;
            let refused = api.post("/recurrences/preview", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}");
            assert!(refused.text("/detail").contains(said), "{body}: {:#}", refused.body);
        }
        api.without_token().post("/recurrences/preview", good).await.expect_problem(401, "token_missing");
    }
}

async fn place(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    api
}

/// The titles of all tasks, when there are so many.
async fn titles(api: &Api, count: usize) -> Vec<String> {
    let start = std::time::Instant::now();
    loop {
        let tasks = api.get("/tasks?sort=key").await.expect_status(200);
        let titles: Vec<_> = tasks
            .at("/items")
            .as_array()
            .unwrap()
            .iter()
            .map(|task| task["title"].as_str().unwrap().to_owned())
            .collect();
        if titles.len() >= count {
            return titles;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "{titles:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

both_databases! {
    async fn a_recurring_task_is_made_when_its_time_comes(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let soon = (trackside_engine::Source::default().now() + chrono::TimeDelta::seconds(2)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let new = json!({ "name": "Stand-up", "rrule": "FREQ=DAILY", "dtstart": soon, "task": { "title": "Stand-up {{ number }} of {{ date }}", "due_in": "15m", "subtasks": [{ "title": "Notes by {{ who }}" }] }, "variables": { "who": "Bob" } });
        let made = api.post("/projects/WEB/recurrences", new).await.expect_status(201);
        assert_eq!((made.text("/next_at"), made.at("/last_at")), (soon.clone(), &Value::Null));
        assert_eq!(titles(&api, 2).await, [format!("Stand-up 1 of {}", &soon[..10]), "Notes by Bob".to_owned()]);
        let now = api.get(&format!("/recurrences/{}", made.text("/id"))).await.expect_status(200);
        assert_eq!((now.text("/last_at"), now.at("/made"), now.at("/version")), (soon, &json!(1), &json!(1)));
        assert!(now.text("/next_at") > now.text("/last_at"));
        let task = api.get("/tasks/WEB-1").await.expect_status(200);
        assert!(task.at("/due_at").is_string() && task.at("/created_by").is_string());
    }

    async fn a_recurring_task_is_changed_paused_and_taken_down(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let template = json!({ "name": "T", "task": { "title": "For {{ customer }} on {{ date }}" } });
        let template = api.post("/projects/WEB/task-templates", template).await.expect_status(201).text("/id");
        let new = json!({ "name": "Monthly", "rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "dtstart": "2026-01-01T09:00:00", "tz": "Europe/Berlin", "template": template, "variables": { "customer": "Acme" } });
        let made = api.post("/projects/WEB/recurrences", new.clone()).await.expect_status(201);
        let path = format!("/recurrences/{}", made.text("/id"));
        assert!(made.at("/next_at").is_string() && made.at("/task").is_null());
        api.delete(&format!("/task-templates/{template}")).await.expect_problem(409, "task_template_used");
        let paused = api.with_header("if-match", "\"1\"").patch(&path, json!({ "paused": true })).await.expect_status(200);
        assert_eq!((paused.at("/next_at"), paused.at("/version")), (&Value::Null, &json!(2)));
        api.with_header("if-match", "\"1\"").patch(&path, json!({ "paused": false })).await.expect_problem(412, "stale");
        let own = api.patch(&path, json!({ "paused": false, "task": { "title": "Own" }, "variables": {}, "rrule": "FREQ=YEARLY" })).await.expect_status(200);
        assert_eq!((own.at("/template"), own.text("/task/title")), (&Value::Null, "Own".into()));
        api.delete(&format!("/task-templates/{template}")).await.expect_status(204);
        for (field, value, pointer) in [
            ("rrule", json!("FREQ=MINUTELY"), "/rrule"), ("rrule", json!("FREQ=HOURLY;BYMINUTE=0,1"), "/rrule"), ("rrule", json!("FREQ=DAILY;UNTIL=20200101"), "/rrule"), ("rrule", json!("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "/rrule"),
            ("rrule", json!("often"), "/rrule"), ("tz", json!("Nowhere"), "/tz"), ("dtstart", json!("soon"), "/dtstart"), ("exdates", json!(["soon"]), "/exdates/0"), ("template", json!("tmpl_01h455vb4pex5vsknk084sn02q"), "/template"),
            ("task", json!({ "title": "Both" }), "/task"), ("variables", json!({}), "/variables/customer"), ("variables", json!({ "customer": "a", "odd": "b" }), "/variables/odd"), ("variables", json!({ "customer": "a", "date": "b" }), "/variables/date"),
            ("name", json!(""), "/name"),
        ] {
            let template = json!({ "name": "T", "task": { "title": "For {{ customer }}" } });
            let template = api.post("/projects/WEB/task-templates", template).await.expect_status(201).text("/id");
            let mut body = new.clone();
            body["template"] = json!(template);
            body[field] = value;
            let refused = api.post("/projects/WEB/recurrences", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}");
        }
        let mut neither = new.clone();
        neither.as_object_mut().unwrap().remove("template");
        api.post("/projects/WEB/recurrences", neither).await.expect_problem(422, "invalid_fields");
        assert_eq!(api.get("/projects/WEB/recurrences").await.expect_status(200).at("/items").as_array().unwrap().len(), 1);
        // A rule lets it rest, too.
        let rule = json!({ "name": "Rest", "trigger": { "on": "manual" }, "steps": [{ "id": "rest", "action": "recurrence.pause", "with": { "recurrence": made.text("/id") } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202);
        let start = std::time::Instant::now();
        while api.get(&path).await.at("/paused") != &json!(true) {
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        api.delete(&path).await.expect_status(204);
        api.get(&path).await.expect_problem(404, "recurrence_not_found");
    }
}
