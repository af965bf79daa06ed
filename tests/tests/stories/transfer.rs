//! Projects in and out.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, People, Server};

async fn place(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website", "description": "All of it" }))
        .await
        .expect_status(201);
    api
}

/// A project with some of everything.
async fn furnish(api: &Api) {
    let me = api.get("/me").await.text("/user/id");
    let (one, two) = (sprint(api, "One").await, sprint(api, "Two").await);
    let stone = api
        .post(
            "/projects/WEB/milestones",
            json!({ "name": "Beta", "description": "Soon", "due_at": "2026-09-01T00:00:00Z" }),
        )
        .await
        .expect_status(201)
        .text("/id");
    for task in [
        json!({ "title": "One", "description": "*All*", "type": "bug", "status": "completed", "priority": "high", "labels": ["a", "b"], "assignees": [me], "sprint": one, "custom": { "size": 3, "deep": { "er": [1] } } }),
        json!({ "title": "Two", "milestone": stone, "sprint": two, "start_at": "2026-03-02T09:00:00Z", "due_at": "2026-03-03T17:00:00.5Z", "estimate": 90, "points": 3 }),
        json!({ "title": "Gone" }),
        json!({ "title": "Part" }),
        json!({ "title": "Whole" }),
    ] {
        api.post("/projects/WEB/tasks", task).await.expect_status(201);
    }
    api.delete("/tasks/WEB-3").await.expect_status(204);
    // Below a task with a higher number.
    api.patch("/tasks/WEB-4", json!({ "parent": "WEB-5" })).await.expect_status(200);
    for body in ["First", "=SUM(A1)"] {
        api.post("/tasks/WEB-2/comments", json!({ "body": body })).await.expect_status(201);
    }
    api.post("/tasks/WEB-2/dependencies", json!({ "predecessor": "WEB-1", "type": "SS", "lag": 60 }))
        .await
        .expect_status(201);
    api.post("/tasks/WEB-5/links", json!({ "other": "WEB-1", "type": "relates_to" })).await.expect_status(201);
    api.post("/tasks/WEB-2/links", json!({ "other": "WEB-5", "type": "is_blocked_by" })).await.expect_status(201);
    api.post(&format!("/sprints/{one}/start"), json!({})).await.expect_status(200);
    api.post(&format!("/sprints/{one}/close"), json!({})).await.expect_status(200);
    api.post(&format!("/sprints/{two}/start"), json!({})).await.expect_status(200);
    api.patch(&format!("/milestones/{stone}"), json!({ "status": "completed" })).await.expect_status(200);
}

async fn sprint(api: &Api, name: &str) -> String {
    api.post("/projects/WEB/sprints", json!({ "name": name, "goal": "Done" })).await.expect_status(201).text("/id")
}

/// An export without what cannot be the same: who wrote comments, and when.
async fn exported(api: &Api, project: &str) -> Value {
    let mut document = api.get(&format!("/projects/{project}/export")).await.expect_status(200).body;
    for task in document["tasks"].as_array_mut().unwrap() {
        for comment in task["comments"].as_array_mut().unwrap() {
            comment.as_object_mut().unwrap().retain(|name, _| name == "body");
        }
    }
    document
}

fn messages(answer: &Answer) -> Vec<String> {
    answer.at("/errors").as_array().unwrap().iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect()
}

both_databases! {
    async fn a_project_goes_out_and_comes_in_as_it_was(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        furnish(&api).await;
        let document = exported(&api, "WEB").await;
        assert_eq!((&document["format"], &document["version"]), (&json!("trackside.project"), &json!(2)));
        let keys: Vec<_> = document["tasks"].as_array().unwrap().iter().map(|task| task["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["WEB-1", "WEB-2", "WEB-4", "WEB-5"]);
        assert_eq!((&document["tasks"][2]["parent"], &document["tasks"][0]["assignees"]), (&json!("WEB-5"), &json!(["ada@acme.example"])));
        assert_eq!((document["dependencies"].as_array().unwrap().len(), document["links"].as_array().unwrap().len()), (1, 2));

        // As another project: the same but for the key.
        let import = |dry_run: bool| json!({ "format": "trackside", "data": document, "create": { "key": "NEW", "name": "Website" }, "dry_run": dry_run });
        let tried = api.post("/imports", import(true)).await.expect_status(200);
        assert_eq!((tried.at("/problems"), tried.at("/tasks"), tried.at("/comments"), tried.at("/project")), (&json!([]), &json!(4), &json!(2), &Value::Null));
        assert_eq!(tried.text("/made/2/key"), "NEW-4");
        api.get("/projects/NEW").await.expect_problem(404, "project_not_found");
        let done = api.post("/imports", import(false)).await.expect_status(200);
        assert_eq!((done.at("/sprints"), done.at("/milestones"), done.at("/dependencies"), done.at("/links")), (&json!(2), &json!(1), &json!(1), &json!(2)));
        let again: Value = serde_json::from_str(&exported(&api, "NEW").await.to_string().replace("NEW-", "WEB-").replace("\"NEW\"", "\"WEB\"")).unwrap();
        assert_eq!(again, document);
        api.post("/imports", import(false)).await.expect_problem(409, "project_key_taken");
        // As itself, once it is gone; as text, too.
        api.delete("/projects/WEB").await.expect_status(204);
        api.post("/imports", json!({ "format": "trackside", "data": document.to_string() })).await.expect_status(200);
        assert_eq!(exported(&api, "WEB").await, document);
        assert_eq!(api.post("/projects/WEB/tasks", json!({ "title": "Next" })).await.expect_status(201).text("/key"), "WEB-6");
        // Into one that has tasks already: numbers that are taken are not.
        let into = api.post("/projects/WEB/import", json!({ "format": "trackside", "data": document })).await.expect_problem(422, "import_refused");
        assert!(messages(&into).iter().any(|message| message.contains("Two")), "{:#}", into.body);
        let mut tasks = document.clone();
        tasks["sprints"] = json!([]);
        for task in tasks["tasks"].as_array_mut().unwrap() { task["sprint"] = Value::Null; }
        let into = api.post("/projects/WEB/import", json!({ "format": "trackside", "data": tasks })).await.expect_status(200);
        assert_eq!(into.text("/made/0/key"), "WEB-7");
    }

    async fn a_table_speaks_the_words_of_the_project(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let statuses = json!([
            { "key": "backlog", "name": "Ideas", "category": "todo" },
            { "key": "qa", "name": "Being looked at", "category": "in_progress" },
            { "key": "done", "name": "Done", "category": "done" },
        ]);
        let flow = json!({ "statuses": statuses, "transitions": "any", "initial": "backlog" });
        api.put("/projects/WEB/workflow", flow).await.expect_status(200);
        // By the key, by the name, by what is meant, and by what means the same.
        let table = "title,status\na,qa\nb,Being looked at\nc,done\nd,Open\ne,Blocked\nf,closed\n";
        let made = api.post("/projects/WEB/import", json!({ "format": "csv", "data": table })).await.expect_status(200);
        assert_eq!((made.at("/problems"), made.at("/tasks")), (&json!([]), &json!(6)));
        for (number, status) in ["qa", "qa", "done", "backlog", "qa", "done"].iter().enumerate() {
            let task = api.get(&format!("/tasks/WEB-{}", number + 1)).await.expect_status(200);
            assert_eq!(task.text("/status"), *status, "WEB-{}", number + 1);
        }
        // What goes on and on is not looked at to its end.
        let mut document = api.get("/projects/WEB/export").await.expect_status(200).body;
        let pair = json!([{ "task": "WEB-1", "predecessor": "WEB-1", "type": "FS", "lag": 0 }]);
        document["dependencies"] = json!(std::iter::repeat_n(pair[0].clone(), 5_000).collect::<Vec<_>>());
        let body = json!({ "format": "trackside", "data": document, "create": { "key": "APP", "name": "App" } });
        let refused = api.post("/imports", body).await.expect_problem(422, "import_refused");
        assert_eq!(refused.at("/errors").as_array().unwrap().len(), 100);
        document["dependencies"] = json!(std::iter::repeat_n(pair[0].clone(), 20_001).collect::<Vec<_>>());
        let body = json!({ "format": "trackside", "data": document, "create": { "key": "APP", "name": "App" } });
        let refused = api.post("/imports", body).await.expect_problem(413, "import_too_large");
        assert!(refused.text("/detail").contains("20000 dependencies"));
    }

    async fn a_table_is_imported_and_its_faults_are_named_by_line(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let import = async |data: &str, more: Value| {
            let mut body = json!({ "format": "csv", "data": data });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            api.post("/projects/WEB/import", body).await
        };
        let table = "\u{feff}Key;Title;Status;Priority;Labels;Assignee;Due date;Parent;Sprint;Size;Odd\n\
            A;First, with comma;In Progress;High;\"x; y\";ADA@acme.example;2026-03-02;B;One;3;?\n\
            B;\"Second\nin two lines\";done;;;nobody@example.org;;;One;;\n";
        let tried = import(table, json!({ "dry_run": true, "mapping": { "Size": "custom.size", "Odd": null } })).await.expect_status(200);
        assert_eq!((tried.at("/tasks"), tried.at("/problems"), tried.at("/made/0/line")), (&json!(2), &json!([]), &json!(2)));
        assert!(tried.at("/notes").to_string().contains("nobody@example.org"));
        assert_eq!(api.get("/tasks?total=true").await.at("/total"), &json!(0));
        import(table, json!({ "mapping": { "Size": "custom.size", "Odd": null } })).await.expect_status(200);
        let first = api.get("/tasks/WEB-1").await.expect_status(200);
        let me = api.get("/me").await.text("/user/id");
        for (field, value) in [("title", json!("First, with comma")), ("status", json!("in_progress")), ("priority", json!("high")), ("labels", json!(["x", "y"])), ("assignees", json!([me])),
            ("due_at", json!("2026-03-02T00:00:00Z")), ("custom", json!({ "size": "3" }))] {
            assert_eq!(first.body[field], value, "{field}");
        }
        let second = api.get("/tasks/WEB-2").await.expect_status(200);
        assert_eq!((first.at("/parent"), second.text("/title"), second.at("/assignees")), (second.at("/id"), "Second\nin two lines".into(), &json!([])));
        assert!(first.at("/sprint").is_string() && first.at("/sprint") == second.at("/sprint"));

        let faulty = "title,status,due_at,parent\nGood,todo,,\n,todo,,\nBad,todo,someday,\nLost,todo,,Z\na,b,c,d,e\n";
        let refused = import(faulty, json!({})).await.expect_problem(422, "import_refused");
        let told = messages(&refused);
        for (line, word) in [("line 3 title", "empty"), ("line 4 due_at", "someday"), ("line 6", "5 cells")] {
            assert!(told.iter().any(|message| message.starts_with(line) && message.contains(word)), "{line}: {told:?}");
        }
        let refused = import("title,parent\nGood,\nLost,Z\n", json!({})).await.expect_problem(422, "import_refused");
        assert!(messages(&refused)[0].starts_with("line 3 parent"), "{:#}", refused.body);
        let refused = import("title,status\nBad,weird\n", json!({})).await.expect_problem(422, "import_refused");
        assert!(messages(&refused)[0].starts_with("line 2 status"), "{:#}", refused.body);
        let long = format!("title\n{}\nGood\n", "x".repeat(501));
        assert!(messages(&import(&long, json!({})).await.expect_problem(422, "import_refused"))[0].starts_with("line 2 title"));
        assert_eq!(api.get("/tasks?total=true").await.at("/total"), &json!(2), "nothing half-done");
        for (data, more, pointer) in [
            ("", json!({}), "/data"), ("name of it\nx\n", json!({}), "/data"), ("title\nx\n", json!({ "mapping": { "Nope": "title" } }), "/mapping/Nope"), ("title,x\n1,2\n", json!({ "mapping": { "x": "colour" } }), "/mapping/x"),
            ("title\nx\n", json!({ "delimiter": "ä" }), "/delimiter"), ("title\nx\u{0}\n", json!({}), "/data"), ("title\nx\n", json!({ "people": { "x": "y\u{0}" } }), "/people/x"), ("title\nx\n", json!({ "format": "xls" }), "/format"),
        ] {
            assert_eq!(import(data, more).await.expect_problem(422, "invalid_fields").text("/errors/0/pointer"), pointer, "{data}");
        }
        // What is no UTF-8 is refused before it is looked at.
        let bytes = b"{\"format\": \"csv\", \"data\": \"title\\nM\xfcll\"}".to_vec();
        api.send_bytes(reqwest::Method::POST, "/projects/WEB/import", Some("application/json"), bytes).await.expect_refusal();

        // Out as a table: no cell is a formula, and it comes in again.
        api.post("/projects/WEB/tasks", json!({ "title": "=HYPERLINK(\"http://x\")", "description": "+1", "labels": ["@a"] })).await.expect_status(201);
        let out = api.get("/projects/WEB/export?format=csv").await.expect_status(200);
        let text = out.body.as_str().unwrap();
        assert!(text.contains("\"'=HYPERLINK(\"\"http://x\"\")\"") && text.contains(",'+1") && text.contains(",'@a,"), "{text}");
        assert_eq!(import(text, json!({ "dry_run": true })).await.expect_status(200).at("/tasks"), &json!(3));
        // A quote that nothing closes and headings that say the same are refused by line and name, and nothing is made.
        for (table, words) in [
            ("title,labels\nGood,a\nOpen,\"b\nLost,c\n", "line 3 `labels`"), ("title,Status,status\na,todo,done\n", "the heading `status` stands there twice"),
            ("title,summary\na,b\n", "`title` and `summary` both fill `title`"),
        ] {
            let refused = import(table, json!({})).await.expect_problem(422, "invalid_fields");
            assert!(messages(&refused)[0].contains(words), "{:#}", refused.body);
        }
        assert_eq!(api.get("/tasks?total=true").await.at("/total"), &json!(3));
    }

    async fn a_table_that_goes_out_comes_in_as_it_was(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let me = api.get("/me").await.text("/user/id");
        for task in [
            json!({ "title": "=1+1", "description": "+a\r\n\"b\", c; d\n\n", "labels": ["-x", "a, b", "c;d", "5\" nail", "plain"], "assignees": [me], "due_at": "2026-03-02T09:00:00.25Z" }),
            json!({ "title": "'=already led", "description": "  @indented", "labels": ["'", "''-"], "type": "bug", "status": "completed", "priority": "critical" }),
            json!({ "title": "'quoted'", "description": "\tTab", "labels": ["@one"] }),
        ] {
            api.post("/projects/WEB/tasks", task).await.expect_status(201);
        }
        let out = api.get("/projects/WEB/export?format=csv").await.expect_status(200).body;
        let import = json!({ "format": "csv", "data": out, "create": { "key": "NEW", "name": "Website" } });
        assert_eq!(api.post("/imports", import).await.expect_status(200).at("/tasks"), &json!(3));
        let again = api.get("/projects/NEW/export?format=csv").await.expect_status(200).body;
        assert_eq!(again.as_str().unwrap().replace("NEW-", "WEB-"), out.as_str().unwrap());
        let tasks = async |project: &str| {
            let document = api.get(&format!("/projects/{project}/export")).await.expect_status(200).body;
            serde_json::from_str::<Value>(&document["tasks"].to_string().replace("NEW-", "WEB-")).unwrap()
        };
        assert_eq!(tasks("NEW").await, tasks("WEB").await);
    }

    async fn issues_of_jira_and_github_become_tasks(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let adf = json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "Cards " }, { "type": "text", "text": "fail." }] },
            { "type": "bulletList", "content": [{ "type": "listItem", "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "Visa" }] }] }] }] });
        let jira = json!({ "issues": [
            { "id": "1", "key": "OLD-7", "fields": { "summary": "Cards", "description": adf, "issuetype": { "name": "Bug" }, "status": { "name": "Triage", "statusCategory": { "key": "indeterminate" } }, "priority": { "name": "Highest" },
                "labels": ["pay"], "assignee": { "displayName": "Ada L.", "accountId": "x1" }, "duedate": "2026-03-02", "parent": { "key": "OLD-9" },
                "comment": { "comments": [{ "author": { "displayName": "Bob" }, "body": "Seen", "created": "2026-01-02T03:04:05.000+0000" }] } } },
            { "id": "2", "key": "OLD-9", "fields": { "summary": "Payments", "description": null, "issuetype": { "name": "Epic" }, "status": { "name": "To Do" }, "assignee": null } },
        ] });
        let done = api.post("/projects/WEB/import", json!({ "format": "jira", "data": jira, "people": { "Ada L.": "ada@acme.example" } })).await.expect_status(200);
        assert_eq!((done.at("/tasks"), done.at("/comments"), done.text("/made/0/key")), (&json!(2), &json!(1), "WEB-7".into()));
        let cards = api.get("/tasks/WEB-7").await.expect_status(200);
        assert_eq!((cards.text("/description"), cards.text("/type"), cards.text("/status"), cards.text("/priority")), ("Cards fail.\n\n- Visa".into(), "bug".into(), "in_progress".into(), "critical".into()));
        assert_eq!((cards.at("/parent"), cards.at("/assignees").as_array().unwrap().len()), (api.get("/tasks/WEB-9").await.at("/id"), 1));
        assert!(api.get("/tasks/WEB-7/comments").await.text("/items/0/body").starts_with("Bob wrote on 2026-01-02:\n\nSeen"));
        // What Jira says of links and parents is kept as far as both issues are there; what is lost is named.
        let issue = |key: &str, fields: Value| json!({ "key": key, "fields": fields });
        let ties = json!([
            { "type": { "name": "Blocks" }, "outwardIssue": { "key": "OLD-12" } }, { "type": { "name": "Duplicate" }, "inwardIssue": { "key": "OLD-12" } },
            { "type": { "name": "Rhymes" }, "outwardIssue": { "key": "OLD-10" } }, { "type": { "name": "Blocks" }, "outwardIssue": { "key": "FAR-1" } },
        ]);
        let jira = json!({ "issues": [
            issue("OLD-10", json!({ "summary": "Checkout", "issuetype": { "name": "Epic" }, "subtasks": [{ "key": "OLD-99" }], "votes": { "votes": 0 } })),
            issue("OLD-11", json!({ "summary": "Basket", "issuetype": { "name": "Story" }, "customfield_10014": "OLD-10", "issuelinks": ties, "fixVersions": [{ "name": "1.0" }], "timeoriginalestimate": 5400,
                "components": [{ "name": "shop" }], "watches": { "watchCount": 2 }, "comment": { "comments": [], "total": 3 } })),
            issue("OLD-12", json!({ "summary": "Pay", "issuetype": { "name": "Sub-task" }, "parent": { "key": "OLD-11" }, "issuelinks": [{ "type": { "name": "Blocks" }, "inwardIssue": { "key": "OLD-11" } }] })),
            issue("OLD-13", json!({ "summary": "Lost", "parent": { "key": "FAR-2" } })),
        ] });
        let done = api.post("/projects/WEB/import", json!({ "format": "jira", "data": jira })).await.expect_status(200);
        assert_eq!((done.at("/tasks"), done.at("/links"), done.at("/milestones")), (&json!(4), &json!(3), &json!(1)));
        let notes = done.at("/notes").to_string();
        for word in ["1 epics", "`rhymes`", "1 links to issues", "parents of 1 issues", "1 subtasks", "3 comments", "`components` (of 1)", "`watches` (of 1)"] {
            assert!(notes.contains(word), "{word}: {notes}");
        }
        assert!(!notes.contains("votes") && !notes.contains("customfield_10014"), "{notes}");
        let (epic, basket) = (api.get("/tasks/WEB-10").await.text("/id"), api.get("/tasks/WEB-11").await.expect_status(200));
        assert_eq!((basket.text("/parent"), basket.at("/estimate")), (epic, &json!(90)));
        assert_eq!(api.get("/tasks/WEB-12").await.text("/parent"), basket.text("/id"));
        let links = api.get("/tasks/WEB-11/links").await.expect_status(200);
        let kinds: std::collections::BTreeSet<_> = links.at("/items").as_array().unwrap().iter().map(|link| link["type"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds, ["blocks", "is_duplicated_by", "relates_to"].map(str::to_owned).into());
        let table = "Summary,Issue key,Issue id,Parent,Issue Type,Outward issue link (Blocks),Outward issue link (Blocks),Inward issue link (Cloners)\n\
            Top,OLD-41,9001,,Epic,OLD-42,FAR-3,OLD-42\nBelow,OLD-42,9002,9001,Story,,,\n";
        let done = api.post("/projects/WEB/import", json!({ "format": "jira", "data": table })).await.expect_status(200);
        assert_eq!((done.at("/links"), api.get("/tasks/WEB-42").await.at("/parent")), (&json!(2), api.get("/tasks/WEB-41").await.at("/id")));
        assert!(done.at("/notes").to_string().contains("1 links to issues"), "{:#}", done.body);
        let table = "Issue key,Issue Type,Summary,Status,Labels,Labels,Assignee,Due Date\nOLD-50,Story,From a table,Done,a,b,x,02/Mar/26 9:00 AM\n";
        let done = api.post("/projects/WEB/import", json!({ "format": "jira", "data": table })).await.expect_status(200);
        assert_eq!(done.text("/made/0/key"), "WEB-50");
        assert_eq!(api.get("/tasks/WEB-50").await.at("/labels"), &json!(["a", "b"]));

        let github = json!([
            { "number": 31, "title": "Crash", "body": "Trace", "state": "open", "labels": [{ "name": "bug" }, "ui"], "assignees": [{ "login": "octocat" }, { "login": "ghost" }], "milestone": { "title": "v1", "state": "closed", "due_on": "2026-05-01T07:00:00Z" }, "comments": 2 },
            { "number": 32, "title": "Merge", "state": "open", "pull_request": { "url": "x" } },
            { "number": 34, "title": "Part", "state": "open", "parent_issue_url": "https://api.github.com/repos/acme/hub/issues/31", "locked": true, "reactions": { "total_count": 2 }, "user": { "login": "octocat" } },
            { "number": 35, "title": "Alone", "state": "open", "parent_issue_url": "https://api.github.com/repos/acme/hub/issues/7" },
            { "number": 33, "title": "No", "state": "closed", "state_reason": "not_planned", "labels": [], "assignees": [], "body": null, "milestone": null },
        ]);
        let done = api.post("/imports", json!({ "format": "github", "data": github, "create": { "key": "GH", "name": "Hub" }, "people": { "octocat": "ada@acme.example" } })).await.expect_status(200);
        let notes = done.at("/notes").to_string();
        assert!(notes.contains("1 pull requests") && notes.contains("ghost") && notes.contains("comments"), "{notes}");
        for word in ["authors (of 1)", "that it is locked (of 1)", "reactions (of 1)", "the parents of 1 issues"] {
            assert!(notes.contains(word), "{word}: {notes}");
        }
        assert_eq!(api.get("/tasks/GH-34").await.at("/parent"), api.get("/tasks/GH-31").await.at("/id"));
        let crash = api.get("/tasks/GH-31").await.expect_status(200);
        assert_eq!((crash.text("/type"), crash.at("/labels"), crash.at("/assignees").as_array().unwrap().len()), ("bug".into(), &json!(["bug", "ui"]), 1));
        assert!(crash.at("/milestone").is_string());
        assert_eq!(api.get("/tasks/GH-33").await.text("/status"), "cancelled");
        for (format, data) in [("jira", json!({ "tasks": [] })), ("jira", json!("{")), ("github", json!({ "items": [] })), ("github", json!("nonsense")), ("trackside", json!({ "format": "other" })), ("trackside", json!([])),
            ("trackside", json!({ "format": "trackside.project", "version": 9, "project": { "key": "X", "name": "x", "status": "active" } })), ("csv", json!([1]))] {
            api.post("/projects/WEB/import", json!({ "format": format, "data": data })).await.expect_problem(422, "invalid_fields");
        }
        let bad = api.post("/projects/WEB/import", json!({ "format": "github", "data": [{ "title": "x" }] })).await.expect_problem(422, "import_refused");
        assert!(messages(&bad)[0].starts_with("line 1 title"));
    }

    async fn only_who_may_make_tasks_imports(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (viewer, worker) = (people.member(&server, &workspace, "Vic", Role::Viewer).await, people.member(&server, &workspace, "Wim", Role::TeamMember).await);
        let stranger = people.owner_elsewhere(&server, "Eve").await;
        people.leave().await;
        let table = json!({ "format": "csv", "data": "title\nOne\n" });
        viewer.post("/projects/WEB/import", table.clone()).await.expect_problem(403, "denied");
        stranger.post("/projects/WEB/import", table.clone()).await.expect_problem(404, "project_not_found");
        stranger.get("/projects/WEB/export").await.expect_problem(404, "project_not_found");
        worker.post("/projects/WEB/import", table).await.expect_status(200);
        let new = json!({ "format": "csv", "data": "title\nOne\n", "create": { "key": "NEW", "name": "New" } });
        worker.post("/imports", new).await.expect_problem(403, "denied");
        // What the table brings besides asks for its own permission.
        worker.post("/projects/WEB/import", json!({ "format": "csv", "data": "title,sprint\nTwo,One\n" })).await.expect_problem(403, "denied");
        assert_eq!(viewer.get("/projects/WEB/export").await.expect_status(200).at("/tasks").as_array().unwrap().len(), 1);
        api.patch("/projects/WEB", json!({ "status": "archived" })).await.expect_status(200);
        api.post("/projects/WEB/import", json!({ "format": "csv", "data": "title\nOne\n" })).await.expect_problem(409, "project_archived");
    }
}
