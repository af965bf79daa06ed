//! Projects in and out as a whole: with all that they have of their own, and what somebody may not see of it.

use serde_json::{Map, Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People, Server};

/// Ada's workspace with Bob in it, and Eve's own, in which both are members, too.
pub(super) struct Place {
    pub ada: Api,
    pub eve: Api,
    pub bob: String,
}

impl Place {
    pub async fn of(db: &Database, server: &Server) -> Self {
        let ada = Api::set_up(server).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(db).await;
        let bob = people.member(server, &workspace, "Bob", Role::TeamMember).await.get("/me").await.text("/user/id");
        let eve = people.owner_elsewhere(server, "Eve").await;
        let elsewhere = eve.get("/me").await.text("/workspace/id");
        for user in [&ada.get("/me").await.text("/user/id"), &bob] {
            people.joins(user, &elsewhere, Role::TeamMember).await;
        }
        people.leave().await;
        Self { ada, eve, bob }
    }
}

/// A project with everything in it.
pub(super) async fn furnish(place: &Place) {
    let (api, bob) = (&place.ada, place.bob.as_str());
    let me = api.get("/me").await.text("/user/id");
    let project = json!({ "key": "WEB", "name": "Website", "description": "All of it", "start_at": "2026-03-02T00:00:00Z", "due_at": "2026-09-30T00:00:00Z", "is_template": true });
    api.post("/projects", project).await.expect_status(201);
    api.put(&format!("/projects/WEB/members/{bob}"), json!({ "role": "project_manager" })).await.expect_status(200);
    api.post("/projects/WEB/types", json!({ "key": "spike", "name": "Spike" })).await.expect_status(201);
    let workflow = json!({ "initial": "idea", "statuses": [
        { "key": "idea", "name": "Idea", "category": "todo" }, { "key": "doing", "name": "Doing", "category": "in_progress" },
        { "key": "shipped", "name": "Shipped", "category": "done" }, { "key": "dropped", "name": "Dropped", "category": "cancelled" },
    ], "transitions": [{ "from": "idea", "to": "doing" }, { "from": "doing", "to": "shipped" }] });
    api.put("/projects/WEB/workflow", workflow).await.expect_status(200);
    // A value that was there before its field, and does not fit it.
    api.post("/projects/WEB/tasks", json!({ "title": "Odd", "custom": { "size": "large" } })).await.expect_status(201);
    let options = json!([{ "key": "s", "name": "Small" }, { "key": "l", "name": "Large" }]);
    for field in [
        json!({ "key": "size", "name": "Size", "type": "number", "description": "In points" }),
        json!({ "key": "shirt", "name": "Shirt", "type": "select", "options": options }),
        json!({ "key": "shirts", "name": "Shirts", "type": "multi_select", "options": options }),
        json!({ "key": "guide", "name": "Guide", "type": "user" }),
        json!({ "key": "price", "name": "Price", "type": "money", "currency": "EUR", "sensitive": true }),
        json!({ "key": "day", "name": "Day", "type": "date" }),
        json!({ "key": "page", "name": "Page", "type": "url" }),
        json!({ "key": "ready", "name": "Ready", "type": "checkbox" }),
    ] {
        api.post("/projects/WEB/fields", field).await.expect_status(201);
    }
    let milestone = json!({ "name": "Beta", "description": "Soon", "due_at": "2026-06-01T00:00:00Z" });
    let beta = api.post("/projects/WEB/milestones", milestone).await.expect_status(201).text("/id");
    let sprint =
        api.post("/projects/WEB/sprints", json!({ "name": "One", "goal": "Go" })).await.expect_status(201).text("/id");
    let custom = json!({ "size": 3, "shirt": "l", "shirts": ["s", "l"], "guide": bob, "price": { "amount": "12.5", "currency": "EUR" }, "day": "2026-03-09", "page": "https://example.org/a", "ready": true });
    for task in [
        json!({ "title": "Whole", "type": "spike", "status": "doing", "priority": "high", "labels": ["a", "b, c"], "assignees": [bob, me], "watchers": [bob], "custom": custom, "estimate": 90, "points": 5, "sprint": sprint, "milestone": beta,
            "description": "*All*", "start_at": "2026-03-02T09:00:00Z", "due_at": "2026-03-04T17:00:00Z" }),
        json!({ "title": "Part", "status": "shipped", "custom": { "price": { "amount": "3", "currency": "EUR" } } }),
        json!({ "title": "Later", "status": "dropped" }),
    ] {
        api.post("/projects/WEB/tasks", task).await.expect_status(201);
    }
    api.patch("/tasks/WEB-3", json!({ "parent": "WEB-2" })).await.expect_status(200);
    // Required only now: there are tasks without it.
    api.patch("/projects/WEB/fields/shirt", json!({ "required": true })).await.expect_status(200);
    for body in ["First", "=Second"] {
        api.post("/tasks/WEB-2/comments", json!({ "body": body })).await.expect_status(201);
    }
    api.post("/tasks/WEB-4/dependencies", json!({ "predecessor": "WEB-1", "type": "SS", "lag": -60 }))
        .await
        .expect_status(201);
    api.post("/tasks/WEB-4/links", json!({ "other": "WEB-1", "type": "relates_to" })).await.expect_status(201);
    let nights = json!({ "time_zone": "Europe/Berlin", "hours": { "sunday": [{ "from": "01:00", "to": "04:00" }] } });
    let week = json!({ "time_zone": "Asia/Tokyo", "hours": { "monday": [{ "from": "08:00", "to": "12:00" }] }, "exceptions": [{ "from": "2026-05-04", "to": "2026-05-05", "name": "Holidays" }] });
    api.put("/projects/WEB/calendar", week).await.expect_status(200);
    api.put("/projects/WEB/plan", json!({ "start_at": "2026-03-02T00:00:00Z", "status_at": "2026-03-03T00:00:00Z" }))
        .await
        .expect_status(200);
    api.put("/tasks/WEB-1/schedule", json!({ "constraint": "start_no_earlier_than", "constraint_at": "2026-03-09T00:00:00Z", "duration": 480, "calendar": nights })).await.expect_status(200);
    api.put(
        "/tasks/WEB-3/schedule",
        json!({ "progress": 100, "actual_start": "2026-03-02T01:00:00Z", "actual_finish": "2026-03-02T03:00:00Z" }),
    )
    .await
    .expect_status(200);
    api.put(
        "/tasks/WEB-4/schedule",
        json!({ "constraint": "as_late_as_possible", "progress": 40, "actual_start": "2026-03-02T00:30:00Z" }),
    )
    .await
    .expect_status(200);
    api.post("/projects/WEB/baselines", json!({ "name": "As sold" })).await.expect_status(201);
    let body = json!({ "title": "Release {{ version }}", "assignees": ["applier", bob], "custom": { "guide": me }, "due_in": "2d", "subtasks": [{ "title": "Notes", "assignees": [me] }] });
    let template = api
        .post("/projects/WEB/task-templates", json!({ "name": "Release", "task": body }))
        .await
        .expect_status(201)
        .text("/id");
    for recurrence in [
        json!({ "name": "Releases", "template": template, "variables": { "version": "next" }, "rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "dtstart": "2030-01-01T09:00:00", "tz": "Europe/Berlin", "exdates": ["2030-02-01T09:00:00"] }),
        json!({ "name": "Stand-up", "task": { "title": "Stand-up", "assignees": [bob] }, "rrule": "FREQ=DAILY", "dtstart": "2026-01-01T09:00:00Z", "paused": true }),
    ] {
        api.post("/projects/WEB/recurrences", recurrence).await.expect_status(201);
    }
    api.put("/projects/WEB/budget", json!({ "currency": "EUR", "planned": "1000", "thresholds": [25, 75] }))
        .await
        .expect_status(200);
    for cost in [
        json!({ "amount": "10.5", "date": "2026-03-03", "category": "Hosting", "note": "A year" }),
        json!({ "amount": "7", "date": "2026-03-04", "state": "committed" }),
    ] {
        api.post("/projects/WEB/costs", cost).await.expect_status(201);
    }
    api.post(&format!("/sprints/{sprint}/start"), json!({})).await.expect_status(200);
    api.patch("/projects/WEB", json!({ "status": "on_hold", "health": "at_risk", "health_note": "No **bricks**" }))
        .await
        .expect_status(200);
}

/// An export without what cannot be the same: its keys, who wrote comments, and when.
pub(super) fn comparable(mut document: Value, key: &str) -> Value {
    for task in document["tasks"].as_array_mut().unwrap() {
        for comment in task["comments"].as_array_mut().unwrap() {
            comment.as_object_mut().unwrap().retain(|name, _| name == "body");
        }
    }
    let text = document.to_string().replace(&format!("{key}-"), "WEB-").replace(&format!("\"{key}\""), "\"WEB\"");
    serde_json::from_str(&text).unwrap()
}

async fn exported(api: &Api, key: &str) -> Value {
    comparable(api.get(&format!("/projects/{key}/export")).await.expect_status(200).body, key)
}

/// A token of somebody's that may do everything here but see and change money.
async fn without_money(api: &Api) -> Api {
    let scopes = [
        "project.*",
        "task.*",
        "milestone.*",
        "sprint.*",
        "task_template.*",
        "recurrence.*",
        "access.*",
        "member.view",
    ];
    let token =
        api.post("/tokens", json!({ "name": "narrow", "scopes": scopes })).await.expect_status(201).text("/token");
    api.with_token(&token)
}

both_databases! {
    async fn a_project_with_everything_goes_to_another_workspace_and_is_the_same(db) {
        let server = Server::start(&db).await;
        let place = Place::of(&db, &server).await;
        furnish(&place).await;
        let document = exported(&place.ada, "WEB").await;
        assert_eq!(document["left_out"], json!([]));
        // It says everything.
        for (pointer, expected) in [
            ("/project/owner", json!("ada@acme.example")), ("/project/health", json!("at_risk")), ("/project/is_template", json!(true)), ("/project/start_at", json!("2026-03-02T00:00:00Z")),
            ("/workflow/statuses/2/category", json!("done")), ("/types/0/key", json!("spike")), ("/fields/1/required", json!(true)), ("/fields/4/sensitive", json!(true)), ("/fields/2/options/1/name", json!("Large")),
            ("/members/0/role", json!("project_manager")), ("/calendar/exceptions/0/name", json!("Holidays")), ("/plan/status_at", json!("2026-03-03T00:00:00Z")), ("/budget/planned", json!("1000.00")), ("/costs/1/state", json!("committed")),
            ("/tasks/0/custom/size", json!("large")), ("/tasks/0/schedule/constraint", json!("start_no_earlier_than")), ("/tasks/0/schedule/calendar/time_zone", json!("Europe/Berlin")),
            ("/tasks/1/custom/price/amount", json!("12.5")), ("/tasks/1/estimate", json!(90)), ("/tasks/2/parent", json!("WEB-2")), ("/tasks/3/schedule/progress", json!(40)), ("/tasks/3/status", json!("dropped")),
            ("/baselines/0/name", json!("As sold")), ("/baselines/0/tasks/3/task", json!("WEB-4")), ("/task_templates/0/task/assignees/0", json!("applier")), ("/recurrences/0/template", json!("t1")), ("/recurrences/1/paused", json!(true)),
        ] {
            assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}: {document:#}");
        }
        let bob = document["members"][0]["person"].clone();
        assert_eq!((&document["tasks"][1]["custom"]["guide"], &document["task_templates"][0]["task"]["assignees"][1], &document["tasks"][1]["watchers"]), (&bob, &bob, &json!([bob])));

        // A dry run counts it all, and makes nothing.
        let import = |dry_run: bool| json!({ "format": "trackside", "data": document, "create": { "key": "NEW" }, "dry_run": dry_run });
        let tried = place.eve.post("/imports", import(true)).await.expect_status(200);
        let counts: Map<String, Value> = tried.body.as_object().unwrap().iter().filter(|(_, value)| value.is_number()).map(|(name, value)| (name.clone(), value.clone())).collect();
        let expected = json!({ "tasks": 4, "comments": 2, "sprints": 1, "milestones": 1, "dependencies": 1, "links": 1, "statuses": 4, "types": 1, "fields": 8, "members": 1, "schedules": 3, "baselines": 1, "costs": 2, "attachments": 0, "task_templates": 1, "recurrences": 2 });
        assert_eq!((Value::Object(counts), tried.at("/problems")), (expected, &json!([])), "{:#}", tried.body);
        place.eve.get("/projects/NEW").await.expect_problem(404, "project_not_found");

        place.eve.post("/imports", import(false)).await.expect_status(200);
        assert_eq!(exported(&place.eve, "NEW").await, document);
        // It works as it did: its workflow, its fields, what is sensitive.
        place.eve.patch("/tasks/NEW-4", json!({ "status": "idea" })).await.expect_problem(409, "transition_not_allowed");
        place.eve.post("/projects/NEW/tasks", json!({ "title": "No shirt" })).await.expect_problem(422, "invalid_fields");
        assert_eq!(place.eve.get("/tasks?project=NEW&custom.shirt=l").await.expect_status(200).at("/items").as_array().unwrap().len(), 1);
        assert_eq!(without_money(&place.eve).await.get("/tasks/NEW-2").await.expect_status(200).at("/custom").get("price"), None);
        // Nothing of what is sensitive was told openly on the way.
        let start = std::time::Instant::now();
        let events = loop {
            let events = place.eve.get("/events?after=0&limit=200").await.expect_status(200).at("/items").as_array().unwrap().clone();
            // The last that an import announces.
            if events.iter().any(|event| event["kind"] == "project.health_changed") {
                break events;
            }
            assert!(start.elapsed() < std::time::Duration::from_secs(30), "{events:?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        let (hidden, open): (Vec<_>, Vec<_>) = events.iter().partition(|event| event["kind"] == "task.sensitive_changed");
        assert_eq!(hidden.len(), 2);
        let told = open.iter().map(|event| event.to_string()).collect::<String>();
        assert!(told.contains("task.created") && !told.contains("\"12.5\""), "{told}");
    }

    async fn what_somebody_may_not_see_is_left_out_and_named(db) {
        let server = Server::start(&db).await;
        let place = Place::of(&db, &server).await;
        furnish(&place).await;
        let narrow = without_money(&place.ada).await;
        let document = exported(&narrow, "WEB").await;
        assert_eq!((&document["left_out"], &document["budget"], &document["costs"]), (&json!(["sensitive"]), &Value::Null, &json!([])));
        assert!(!document.to_string().contains("\"12.5\""), "{document:#}");
        assert_eq!(document["fields"][4]["key"], "price");

        // Files are told of, and whoever imports the document hears that they are not in it.
        place.ada.send_bytes(reqwest::Method::POST, "/tasks/WEB-1/attachments?name=plan.txt", Some("application/octet-stream"), b"Doors".to_vec()).await.expect_status(201);
        let told = exported(&place.ada, "WEB").await;
        assert_eq!((&told["tasks"][0]["attachments"][0]["name"], &told["tasks"][0]["attachments"][0]["size"]), (&json!("plan.txt"), &json!(5)));
        let tried = place.eve.post("/imports", json!({ "format": "trackside", "data": told, "create": { "key": "FILE" }, "dry_run": true })).await.expect_status(200);
        assert!(tried.at("/notes").to_string().contains("names 1 files"), "{:#}", tried.body);

        // Whoever may not give sensitive things values makes the rest, and is told.
        let whole = exported(&place.ada, "WEB").await;
        let import = json!({ "format": "trackside", "data": whole, "create": { "key": "NEW" } });
        let done = without_money(&place.eve).await.post("/imports", import.clone()).await.expect_status(200);
        let notes = done.at("/notes").to_string();
        assert!(notes.contains("sensitive fields `price`") && notes.contains("2 sensitive values") && notes.contains("the budget"), "{notes}");
        let made = exported(&place.eve, "NEW").await;
        assert_eq!((made["fields"].as_array().unwrap().len(), &made["budget"], &made["tasks"][1]["custom"]["price"]), (7, &Value::Null, &Value::Null));
        assert_eq!((&made["workflow"], &made["tasks"][1]["custom"]["size"]), (&whole["workflow"], &json!(3)));
        // What the document does not hold is said again to whoever imports it.
        let part = json!({ "format": "trackside", "data": document, "create": { "key": "PART" }, "dry_run": true });
        let tried = place.eve.post("/imports", part).await.expect_status(200);
        assert!(tried.at("/notes").to_string().contains("could not see"), "{:#}", tried.body);

        // Into a project that is there come the tasks; what that is itself, it stays.
        place.eve.post("/projects", json!({ "key": "HERE", "name": "Here" })).await.expect_status(201);
        let mut plain = whole.clone();
        for task in plain["tasks"].as_array_mut().unwrap() {
            (task["status"], task["type"]) = (json!("todo"), json!("task"));
        }
        let into = place.eve.post("/projects/HERE/import", json!({ "format": "trackside", "data": plain })).await.expect_status(200);
        assert!(into.at("/notes").to_string().contains("its workflow, its types, its fields"), "{:#}", into.body);
        assert_eq!((into.at("/tasks"), into.at("/schedules"), into.at("/fields")), (&json!(4), &json!(3), &json!(0)));
        assert_eq!(place.eve.get("/projects/HERE").await.text("/status"), "active");
        // As it is the tasks do not fit there.
        let refused = place.eve.post("/projects/HERE/import", json!({ "format": "trackside", "data": whole })).await.expect_problem(422, "import_refused");
        assert!(refused.body.to_string().contains("is no status of HERE"), "{:#}", refused.body);
    }

    async fn documents_that_are_wrong_make_nothing_and_say_where(db) {
        let server = Server::start(&db).await;
        let place = Place::of(&db, &server).await;
        let api = &place.ada;
        let base = json!({ "format": "trackside.project", "version": 2, "project": { "key": "NEW", "name": "New", "status": "active" }, "tasks": [{ "key": "NEW-1", "title": "One" }] });
        let week = json!({ "hours": {} });
        for (name, value, place) in [
            ("types", json!([{ "key": "task", "name": "Task" }]), "types/0"),
            ("workflow", json!({ "initial": "todo", "transitions": "any", "statuses": [{ "key": "todo", "name": "To do", "category": "todo" }] }), "workflow/statuses"),
            ("fields", json!([{ "key": "a", "name": "", "type": "text" }]), "fields/0/name"),
            ("calendar", week, "calendar/hours"),
            ("baselines", json!([{ "name": "x", "tasks": [{ "task": "NEW-9", "start": "2026-01-01T00:00:00Z", "finish": "2026-01-01T00:00:00Z", "duration": 1 }] }]), "baselines/0/tasks/0"),
            ("task_templates", json!([{ "ref": "t1", "name": "x", "task": { "titel": "x" } }]), "task_templates/0/task"),
            ("recurrences", json!([{ "name": "x", "template": "t9", "rrule": "FREQ=DAILY", "dtstart": "2026-01-01T00:00:00Z", "tz": "UTC" }]), "recurrences/0"),
            ("budget", json!({ "currency": "EUR", "planned": "1.234", "thresholds": [] }), "budget/planned"),
        ] {
            let mut document = base.clone();
            document[name] = value;
            let refused = api.post("/imports", json!({ "format": "trackside", "data": document })).await.expect_problem(422, "import_refused");
            assert!(refused.text("/errors/0/message").starts_with(place), "{name}: {:#}", refused.body);
        }
        api.get("/projects/NEW").await.expect_problem(404, "project_not_found");
        // A document of the version before is taken as ever; one of a version to come is not.
        let mut document = base.clone();
        document["version"] = json!(3);
        let refused = api.post("/imports", json!({ "format": "trackside", "data": document })).await.expect_problem(422, "invalid_fields");
        assert!(refused.text("/errors/0/message").contains("versions 1 to 2"), "{:#}", refused.body);
        document["version"] = json!(1);
        assert_eq!(api.post("/imports", json!({ "format": "trackside", "data": document })).await.expect_status(200).at("/tasks"), &json!(1));
    }

    async fn a_copy_has_the_fields_and_schedules_of_its_project(db) {
        let server = Server::start(&db).await;
        let place = Place::of(&db, &server).await;
        furnish(&place).await;
        let api = &place.ada;
        let copy = |key: &str| json!({ "key": key, "name": "Copy", "start_at": "2026-03-09T00:00:00Z" });
        api.post("/projects/WEB/copy", copy("COPY")).await.expect_status(201);
        let (whole, made) = (exported(api, "WEB").await, exported(api, "COPY").await);
        for part in ["fields", "types", "workflow", "calendar", "dependencies"] {
            assert_eq!(made[part], whole[part], "{part}");
        }
        assert_eq!(made["plan"], json!({ "start_at": "2026-03-09T00:00:00Z", "status_at": null }));
        // Moved by a week, and as if nobody had begun.
        let schedule = &made["tasks"][0]["schedule"];
        assert_eq!((&schedule["constraint_at"], &schedule["duration"], &schedule["calendar"]), (&json!("2026-03-16T00:00:00Z"), &json!(480), &whole["tasks"][0]["schedule"]["calendar"]));
        assert_eq!((&made["tasks"][2]["schedule"], &made["tasks"][3]["schedule"]["progress"], &made["tasks"][3]["schedule"]["constraint"]), (&Value::Null, &json!(0), &json!("as_late_as_possible")));
        assert_eq!((&made["tasks"][0]["custom"], &made["tasks"][1]["custom"]), (&whole["tasks"][0]["custom"], &whole["tasks"][1]["custom"]));
        api.post("/projects/COPY/tasks", json!({ "title": "No shirt" })).await.expect_problem(422, "invalid_fields");
        // Whoever may not see what is sensitive copies the field without its values.
        without_money(api).await.post("/projects/WEB/copy", copy("POOR")).await.expect_status(201);
        let poor = exported(api, "POOR").await;
        assert_eq!((&poor["fields"], &poor["tasks"][1]["custom"]["price"], &poor["tasks"][1]["custom"]["size"]), (&whole["fields"], &Value::Null, &json!(3)));
        let bare = api.post("/projects/WEB/copy", json!({ "key": "BARE", "name": "Bare", "include": ["tasks"] })).await.expect_status(201);
        let bare = exported(api, &bare.text("/key")).await;
        assert_eq!((&bare["calendar"], &bare["tasks"][0]["schedule"], &bare["fields"]), (&Value::Null, &Value::Null, &whole["fields"]));
        api.post("/projects", json!({ "key": "MADE", "name": "Made", "template": "WEB" })).await.expect_status(201);
        assert_eq!(exported(api, "MADE").await["fields"], whole["fields"]);
    }
}
