//! Calendars, constraints, progress and baselines over the interface.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

/// A project `WEB` of so many tasks in a row, each a working day long, from Monday the second of March on.
pub(crate) async fn row(server: &Server, tasks: usize) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    api.put("/projects/WEB/plan", json!({ "start_at": "2026-03-02T00:00:00Z" })).await.expect_status(200);
    for at in 1..=tasks {
        api.post("/projects/WEB/tasks", json!({ "title": format!("Task {at}") })).await.expect_status(201);
        if at > 1 {
            let waits = json!({ "predecessor": format!("WEB-{}", at - 1) });
            api.post(&format!("/tasks/WEB-{at}/dependencies"), waits).await.expect_status(201);
        }
    }
    api
}

/// What a timeline says of a task.
pub(crate) async fn planned(api: &Api, key: &str) -> Value {
    let timeline = api.get("/projects/WEB/timeline").await.expect_status(200);
    of(&timeline.body, key)
}

fn of(timeline: &Value, key: &str) -> Value {
    timeline["items"].as_array().unwrap().iter().find(|item| item["key"] == key).unwrap().clone()
}

fn span(item: &Value) -> (&str, &str) {
    (item["start"].as_str().unwrap(), item["finish"].as_str().unwrap())
}

fn day(day: u32) -> (String, String) {
    (format!("2026-03-{day:02}T09:00:00Z"), format!("2026-03-{day:02}T17:00:00Z"))
}

fn is_on(item: &Value, on: u32) -> bool {
    let (from, to) = day(on);
    span(item) == (from.as_str(), to.as_str())
}

both_databases! {
    async fn constraints_hold_tasks_and_conflicts_are_shown(db) {
        let server = Server::start(&db).await;
        let api = row(&server, 4).await;
        let usual = api.get("/tasks/WEB-2/schedule").await.expect_status(200);
        assert_eq!((usual.text("/constraint"), usual.at("/version"), usual.at("/duration"), usual.at("/progress")), ("as_soon_as_possible".into(), &json!(0), &Value::Null, &json!(0)));
        assert!(is_on(&planned(&api, "WEB-2").await, 3));
        let say = async |key: &str, new: Value| api.put(&format!("/tasks/{key}/schedule"), new).await.expect_status(200);

        // Later than it could, and what waits for it too.
        let said = say("WEB-2", json!({ "constraint": "start_no_earlier_than", "constraint_at": "2026-03-05T00:00:00Z" })).await;
        assert_eq!((said.at("/version"), said.headers["etag"].to_str().unwrap()), (&json!(1), "\"1\""));
        assert!(is_on(&planned(&api, "WEB-2").await, 5) && is_on(&planned(&api, "WEB-3").await, 6));
        assert_eq!(planned(&api, "WEB-1").await["total_float"], 2 * 480);
        // Done on Wednesday at the latest: it starts then, though what it waits for is done later. That is shown, and how much.
        say("WEB-1", json!({ "duration": 3 * 480 })).await;
        say("WEB-2", json!({ "constraint": "finish_no_later_than", "constraint_at": "2026-03-04T17:00:00Z" })).await;
        let (one, two) = (planned(&api, "WEB-1").await, planned(&api, "WEB-2").await);
        assert!(is_on(&two, 4));
        assert_eq!((&two["conflict"], &one["conflict"], &one["total_float"], &one["critical"]), (&json!(true), &json!(false), &json!(-480), &json!(true)));
        assert_eq!((&two["constraint"], &two["constraint_at"]), (&json!("finish_no_later_than"), &json!("2026-03-04T17:00:00Z")));
        // A date that must be, and a milestone that takes no time.
        say("WEB-3", json!({ "constraint": "must_start_on", "constraint_at": "2026-03-10T09:00:00Z", "duration": 0 })).await;
        let three = planned(&api, "WEB-3").await;
        assert_eq!((span(&three), &three["milestone"], &three["total_float"]), (("2026-03-10T09:00:00Z", "2026-03-10T09:00:00Z"), &json!(true), &json!(0)));
        assert!(is_on(&planned(&api, "WEB-4").await, 10));
        // As late as possible: nothing waits for it but the end.
        api.post("/projects/WEB/tasks", json!({ "title": "Clean up" })).await.expect_status(201);
        assert!(is_on(&planned(&api, "WEB-5").await, 2));
        say("WEB-5", json!({ "constraint": "as_late_as_possible" })).await;
        let five = planned(&api, "WEB-5").await;
        assert!(is_on(&five, 10));
        assert_eq!((&five["early_start"], &five["total_float"]), (&json!("2026-03-02T09:00:00Z"), &json!(0)));
        // Its own start_at holds a task that has no date to hold it.
        api.patch("/tasks/WEB-4", json!({ "start_at": "2026-03-12T09:00:00Z" })).await.expect_status(200);
        assert!(is_on(&planned(&api, "WEB-4").await, 12));

        // Versions, and what changes nothing.
        let same = say("WEB-5", json!({ "constraint": "as_late_as_possible" })).await;
        assert_eq!(same.at("/version"), 1);
        let stale = api.with_header("if-match", "\"7\"").put("/tasks/WEB-5/schedule", json!({})).await.expect_problem(412, "stale");
        assert!(stale.text("/detail").contains("WEB-5"));
        let reset = api.with_header("if-match", "\"1\"").put("/tasks/WEB-5/schedule", json!({})).await.expect_status(200);
        assert_eq!((reset.text("/constraint"), reset.at("/version")), ("as_soon_as_possible".into(), &json!(2)));
        assert_eq!(api.get("/tasks/WEB-5").await.at("/version"), 1, "it is no change of the task");
    }

    async fn calendars_of_workspace_project_and_task_say_when_work_is_done(db) {
        let server = Server::start(&db).await;
        let api = row(&server, 3).await;
        let usual = api.get("/calendar").await.expect_status(200);
        assert_eq!((usual.text("/source"), usual.text("/time_zone"), usual.at("/version")), ("default".into(), "UTC".into(), &json!(0)));
        assert_eq!(usual.at("/hours/friday"), &json!([{ "from": "09:00", "to": "17:00" }]));
        assert_eq!(usual.at("/hours/sunday"), &json!([]));
        // Berlin works from eight to noon and one to five: in March that is an hour earlier in UTC, until the 29th.
        let week = |hours: Value| json!({ "monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours });
        let berlin = json!({ "time_zone": "Europe/Berlin", "hours": week(json!([{ "from": "08:00", "to": "12:00" }, { "from": "13:00", "to": "17:00" }])) });
        let set = api.put("/calendar", berlin.clone()).await.expect_status(200);
        assert_eq!((set.text("/source"), set.at("/version"), set.at("/exceptions")), ("workspace".into(), &json!(1), &json!([])));
        let one = planned(&api, "WEB-1").await;
        assert_eq!(span(&one), ("2026-03-02T07:00:00Z", "2026-03-02T16:00:00Z"));
        // The project's own: Tuesday is free, on Saturday there is work.
        let mut own = berlin.clone();
        own["exceptions"] = json!([{ "from": "2026-03-03", "name": "Carnival" }, { "from": "2026-03-07", "to": "2026-03-07", "hours": [{ "from": "09:00", "to": "17:00" }] }]);
        let set = api.put("/projects/WEB/calendar", own.clone()).await.expect_status(200);
        assert_eq!((set.text("/source"), set.at("/version")), ("project".into(), &json!(2)));
        assert_eq!(api.get("/projects/WEB/calendar").await.at("/exceptions/0/name"), "Carnival");
        assert_eq!(span(&planned(&api, "WEB-2").await), ("2026-03-04T07:00:00Z", "2026-03-04T16:00:00Z"));
        api.put("/tasks/WEB-3/schedule", json!({ "duration": 3 * 480 })).await.expect_status(200);
        assert_eq!(span(&planned(&api, "WEB-3").await), ("2026-03-05T07:00:00Z", "2026-03-07T16:00:00Z"));
        // The task's own: at night, when the clocks of Berlin are changed.
        let nights = json!({ "time_zone": "Europe/Berlin", "hours": { "sunday": [{ "from": "01:00", "to": "04:00" }] } });
        let said = api.put("/tasks/WEB-3/schedule", json!({ "duration": 480, "calendar": nights, "constraint": "start_no_earlier_than", "constraint_at": "2026-03-22T00:00:00Z" })).await.expect_status(200);
        assert_eq!(said.at("/calendar/hours/sunday/0/to"), "04:00");
        // Three hours, two in the night of the change, and three.
        assert_eq!(span(&planned(&api, "WEB-3").await), ("2026-03-22T00:00:00Z", "2026-04-05T02:00:00Z"));

        // Back to the workspace's.
        api.with_header("if-match", "\"9\"").delete("/projects/WEB/calendar").await.expect_problem(412, "stale");
        api.with_header("if-match", "\"2\"").delete("/projects/WEB/calendar").await.expect_status(204);
        assert_eq!(api.get("/projects/WEB/calendar").await.text("/source"), "workspace");
        assert_eq!(span(&planned(&api, "WEB-2").await), ("2026-03-03T07:00:00Z", "2026-03-03T16:00:00Z"));
        let stale = api.with_header("if-match", "\"4\"").put("/calendar", berlin.clone()).await.expect_problem(412, "stale");
        assert!(stale.text("/detail").contains("version 1"));
        assert_eq!(api.put("/calendar", berlin).await.expect_status(200).at("/version"), 1, "the same is no change");
    }

    async fn progress_holds_what_is_done_and_moves_what_is_not(db) {
        let server = Server::start(&db).await;
        let api = row(&server, 3).await;
        let say = async |key: &str, new: Value| api.put(&format!("/tasks/{key}/schedule"), new).await.expect_status(200);
        // Begun a day late; a day and a half of four are done.
        let said = say("WEB-1", json!({ "duration": 4 * 480, "progress": 25, "actual_start": "2026-03-03T09:00:00Z" })).await;
        assert_eq!((said.at("/progress"), said.at("/actual_finish")), (&json!(25), &Value::Null));
        let one = planned(&api, "WEB-1").await;
        assert_eq!((span(&one), &one["progress"]), (("2026-03-03T09:00:00Z", "2026-03-06T17:00:00Z"), &json!(25)));
        assert!(is_on(&planned(&api, "WEB-2").await, 9));
        // As of Wednesday evening, three days are left and begin on Thursday.
        let plan = api.put("/projects/WEB/plan", json!({ "start_at": "2026-03-02T00:00:00Z", "status_at": "2026-03-04T17:00:00Z" })).await.expect_status(200);
        assert_eq!((plan.at("/version"), plan.text("/status_at")), (&json!(2), "2026-03-04T17:00:00Z".into()));
        let one = planned(&api, "WEB-1").await;
        assert_eq!(span(&one), ("2026-03-03T09:00:00Z", "2026-03-09T17:00:00Z"));
        assert!(is_on(&planned(&api, "WEB-2").await, 10));
        // What has begun waits for nothing any more.
        say("WEB-2", json!({ "progress": 50, "actual_start": "2026-03-04T09:00:00Z" })).await;
        let two = planned(&api, "WEB-2").await;
        assert_eq!((span(&two), &two["conflict"]), (("2026-03-04T09:00:00Z", "2026-03-05T13:00:00Z"), &json!(false)));
        // Done is done: by its schedule, or because the task is completed.
        let said = say("WEB-2", json!({ "actual_start": "2026-03-04T09:00:00Z", "actual_finish": "2026-03-04T15:00:00Z" })).await;
        assert_eq!(said.at("/progress"), 100);
        let two = planned(&api, "WEB-2").await;
        assert_eq!((span(&two), &two["critical"], &two["total_float"], &two["duration"]), (("2026-03-04T09:00:00Z", "2026-03-04T15:00:00Z"), &json!(false), &json!(0), &json!(360)));
        assert!(is_on(&planned(&api, "WEB-3").await, 5));
        let done = api.patch("/tasks/WEB-3", json!({ "status": "completed", "start_at": "2026-03-03T09:00:00Z" })).await.expect_status(200);
        let three = planned(&api, "WEB-3").await;
        assert_eq!((three["finish"].clone(), three["progress"].clone(), three["start"].clone()), (done.at("/completed_at").clone(), json!(100), json!("2026-03-03T09:00:00Z")));
        // Progress alone is told the rest: from when the task was to begin, to now.
        api.patch("/tasks/WEB-3", json!({ "status": "in_progress" })).await.expect_status(200);
        let said = say("WEB-3", json!({ "progress": 100 })).await;
        assert_eq!(said.text("/actual_start"), "2026-03-03T09:00:00Z");
        assert!(said.at("/actual_finish").is_string());
    }

    async fn a_baseline_tells_how_far_tasks_have_slipped(db) {
        let server = Server::start(&db).await;
        let api = row(&server, 3).await;
        let made = api.post("/projects/WEB/baselines", json!({ "name": "As agreed" })).await.expect_status(201);
        let id = made.text("/id");
        assert_eq!((made.at("/tasks"), made.text("/name")), (&json!(3), "As agreed".into()));
        api.put("/tasks/WEB-2/schedule", json!({ "duration": 3 * 480 })).await.expect_status(200);
        api.post("/projects/WEB/tasks", json!({ "title": "New" })).await.expect_status(201);
        let timeline = api.get(&format!("/projects/WEB/timeline?baseline={id}")).await.expect_status(200);
        assert_eq!(timeline.text("/baseline"), id);
        let variance = |key: &str| of(&timeline.body, key)["variance"].clone();
        assert_eq!(variance("WEB-1"), json!({ "baseline_start": "2026-03-02T09:00:00Z", "baseline_finish": "2026-03-02T17:00:00Z", "start": 0, "finish": 0, "duration": 0 }));
        assert_eq!(variance("WEB-2"), json!({ "baseline_start": "2026-03-03T09:00:00Z", "baseline_finish": "2026-03-03T17:00:00Z", "start": 0, "finish": 960, "duration": 960 }));
        assert_eq!((variance("WEB-3")["start"].clone(), variance("WEB-4")), (json!(960), Value::Null));
        assert_eq!(api.get("/projects/WEB/timeline").await.body.get("baseline"), None);

        assert_eq!(api.get(&format!("/baselines/{id}")).await.expect_status(200).body, made.body);
        for at in 1..20 {
            api.post("/projects/WEB/baselines", json!({ "name": format!("Week {at}") })).await.expect_status(201);
        }
        let more = api.post("/projects/WEB/baselines", json!({ "name": "One more" })).await.expect_problem(409, "too_many_baselines");
        assert!(more.text("/detail").contains("delete one"));
        let listed = api.get("/projects/WEB/baselines").await.expect_status(200);
        assert_eq!((listed.at("/items").as_array().unwrap().len(), listed.at("/items/0/id"), listed.at("/next_cursor")), (20, &json!(id), &Value::Null));
        // A baseline of another project is none of this one.
        api.post("/projects", json!({ "key": "APP", "name": "App" })).await.expect_status(201);
        api.get(&format!("/projects/APP/timeline?baseline={id}")).await.expect_problem(404, "baseline_not_found");
        api.delete(&format!("/baselines/{id}")).await.expect_status(204);
        api.delete(&format!("/baselines/{id}")).await.expect_problem(404, "baseline_not_found");
        api.get(&format!("/projects/WEB/timeline?baseline={id}")).await.expect_problem(404, "baseline_not_found");
        api.delete("/projects/WEB").await.expect_status(204);
        api.get(&format!("/baselines/{}", listed.text("/items/1/id"))).await.expect_problem(404, "baseline_not_found");
    }

    async fn what_a_schedule_or_a_calendar_cannot_say_is_refused(db) {
        let server = Server::start(&db).await;
        let api = row(&server, 2).await;
        let before = api.get("/projects/WEB/timeline").await.body;
        for (body, pointer) in [
            (json!({ "constraint": "soon" }), "/constraint"), (json!({ "constraint": null }), "/constraint"), (json!({ "constraint": "must_start_on" }), "/constraint_at"),
            (json!({ "constraint_at": "2026-03-02T09:00:00Z" }), "/constraint_at"), (json!({ "constraint": "as_late_as_possible", "constraint_at": "2026-03-02T09:00:00Z" }), "/constraint_at"),
            (json!({ "constraint": "must_start_on", "constraint_at": "soon" }), "/constraint_at"), (json!({ "constraint": "must_start_on", "constraint_at": "+20260-03-02T09:00:00Z" }), "/constraint_at"),
            (json!({ "duration": -1 }), "/duration"), (json!({ "duration": 1_000_001 }), "/duration"), (json!({ "duration": 1.5 }), "/duration"), (json!({ "duration": "1d" }), "/duration"),
            (json!({ "progress": -1 }), "/progress"), (json!({ "progress": 101 }), "/progress"), (json!({ "progress": 50, "actual_finish": "2026-03-02T09:00:00Z" }), "/actual_finish"),
            (json!({ "actual_start": "2026-03-03T09:00:00Z", "actual_finish": "2026-03-02T09:00:00Z" }), "/actual_finish"), (json!({ "calendar": {} }), "/calendar/hours"),
            (json!({ "calendar": { "hours": {} } }), "/calendar/hours"), (json!({ "calendar": { "hours": { "mon": [] } } }), "/calendar/hours/mon"), (json!({ "when": 1 }), "/when"),
        ] {
            let refused = api.put("/tasks/WEB-1/schedule", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        let monday = |hours: Value| json!({ "hours": { "monday": hours } });
        let with = |exceptions: Value| json!({ "hours": { "monday": [{ "from": "09:00", "to": "17:00" }] }, "exceptions": exceptions });
        let many: Vec<Value> = (0..501).map(|at| json!({ "from": format!("{}-01-01", 1971 + at % 100) })).collect();
        for (body, pointer) in [
            (json!({ "time_zone": "Mars/Olympus", "hours": { "monday": [{ "from": "09:00", "to": "17:00" }] } }), "/time_zone"),
            (json!({ "hours": {} }), "/hours"), (monday(json!([])), "/hours"), (monday(json!([{ "from": "17:00", "to": "09:00" }])), "/hours/monday/0"), (monday(json!([{ "from": "09:00", "to": "09:00" }])), "/hours/monday/0"),
            (monday(json!([{ "from": "09:00", "to": "12:00" }, { "from": "11:00", "to": "13:00" }])), "/hours/monday/1"), (monday(json!([{ "from": "9:00", "to": "12:00" }])), "/hours/monday/0/from"),
            (monday(json!([{ "from": "09:00", "to": "24:01" }])), "/hours/monday/0/to"), (monday(json!([{ "from": "09:00" }])), "/hours/monday/0/to"), (monday(json!([{ "from": "+9:00", "to": "12:00" }])), "/hours/monday/0/from"),
            (monday(json!((0..13).map(|hour| json!({ "from": format!("{hour:02}:00"), "to": format!("{hour:02}:30") })).collect::<Vec<_>>())), "/hours/monday"),
            (with(json!([{ "from": "2026-03-02", "to": "2026-03-01" }])), "/exceptions/0/to"), (with(json!([{ "from": "1969-12-31" }])), "/exceptions/0/from"), (with(json!([{ "from": "2101-01-01" }])), "/exceptions/0/from"),
            (with(json!([{ "from": "2026-01-01", "to": "2027-01-02" }])), "/exceptions/0/to"), (with(json!([{ "from": "2026-01-01", "to": "2026-01-05" }, { "from": "2026-01-05" }])), "/exceptions/1"),
            (with(json!([{ "from": "2026-02-30" }])), "/exceptions/0/from"), (with(json!([{ "from": "2026-01-01", "name": "x".repeat(201) }])), "/exceptions/0/name"), (with(json!(many)), "/exceptions"),
            (with(json!([{ "from": "2026-01-01", "hours": [{ "from": "10:00", "to": "09:00" }] }])), "/exceptions/0/hours/0"),
        ] {
            for path in ["/calendar", "/projects/WEB/calendar"] {
                let refused = api.put(path, body.clone()).await.expect_problem(422, "invalid_fields");
                assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
            }
        }
        for (body, pointer) in [(json!({ "start_at": "soon" }), "/start_at"), (json!({ "status_at": 3 }), "/status_at"), (json!({ "begin": null }), "/begin")] {
            let refused = api.put("/projects/WEB/plan", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}");
        }
        for body in [json!({}), json!({ "name": "" }), json!({ "name": " " }), json!({ "name": "x".repeat(201) }), json!({ "name": 3 })] {
            let refused = api.post("/projects/WEB/baselines", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), "/name", "{body}");
        }
        for path in ["/tasks/WEB-9/schedule", "/projects/NONE/calendar", "/projects/NONE/plan", "/projects/NONE/baselines", "/baselines/base_nonsense", "/projects/WEB/timeline?baseline=x"] {
            api.get(path).await.expect_refusal();
        }
        api.put("/tasks/WEB-9/schedule", json!({})).await.expect_problem(404, "task_not_found");
        assert_eq!(api.get("/projects/WEB/timeline").await.body, before, "nothing was changed");
        // Each calendar of a task's own is read by every timeline, so there are not too many.
        let own = |at: usize| json!({ "calendar": { "hours": { "monday": [{ "from": format!("{at:02}:00"), "to": "24:00" }] } } });
        for at in 0..21 {
            api.post("/projects/WEB/tasks", json!({ "title": "Own hours" })).await.expect_status(201);
            let said = api.put(&format!("/tasks/WEB-{}/schedule", at + 3), own(at)).await;
            if at < 20 { said.expect_status(200); } else { said.expect_problem(409, "too_many_calendars"); }
        }
        api.put("/tasks/WEB-23/schedule", own(3)).await.expect_status(200);
    }

    async fn whoever_edits_tasks_schedules_them_and_whoever_edits_the_project_says_when_work_is_done(db) {
        let server = Server::start(&db).await;
        let api = row(&server, 1).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (viewer, worker, manager) = (people.member(&server, &workspace, "Vic", Role::Viewer).await, people.member(&server, &workspace, "Wim", Role::TeamMember).await,
            people.member(&server, &workspace, "Mia", Role::ProjectManager).await);
        people.leave().await;
        let hours = json!({ "hours": { "monday": [{ "from": "09:00", "to": "17:00" }] } });
        viewer.put("/tasks/WEB-1/schedule", json!({ "duration": 60 })).await.expect_problem(403, "denied");
        worker.put("/tasks/WEB-1/schedule", json!({ "duration": 60 })).await.expect_status(200);
        let baseline = manager.post("/projects/WEB/baselines", json!({ "name": "Then" })).await.expect_status(201).text("/id");
        for who in [&viewer, &worker] {
            who.put("/calendar", hours.clone()).await.expect_problem(403, "denied");
            who.put("/projects/WEB/calendar", hours.clone()).await.expect_problem(403, "denied");
            who.delete("/projects/WEB/calendar").await.expect_problem(403, "denied");
            who.put("/projects/WEB/plan", json!({})).await.expect_problem(403, "denied");
            who.post("/projects/WEB/baselines", json!({ "name": "Now" })).await.expect_problem(403, "denied");
            who.delete(&format!("/baselines/{baseline}")).await.expect_problem(403, "denied");
            for path in ["/calendar", "/projects/WEB/calendar", "/projects/WEB/plan", "/projects/WEB/baselines", "/tasks/WEB-1/schedule", &format!("/baselines/{baseline}"), &format!("/projects/WEB/timeline?baseline={baseline}")] {
                who.get(path).await.expect_status(200);
            }
        }
        manager.put("/calendar", hours.clone()).await.expect_status(200);
        manager.put("/projects/WEB/calendar", hours).await.expect_status(200);
        manager.delete(&format!("/baselines/{baseline}")).await.expect_status(204);
    }
}
