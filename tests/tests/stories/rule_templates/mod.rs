//! Templates of rules: found, filled in, tried and made into rules.

mod samples;

use boon::{Compiler, Schemas};
use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_engine::rule_templates::TEMPLATES;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People, Server};

/// A server with its owner and a project `WEB`.
async fn place(db: &Database) -> (Server, Api) {
    let server = Server::start(db).await;
    let api = Api::set_up(&server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    (server, api)
}

fn slugs(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap().to_owned()).collect()
}

/// The value fits the JSON schema.
fn fits(slug: &str, schema: &Value, value: &Value) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("parameters.json", schema.clone()).unwrap();
    let index = compiler.compile("parameters.json", &mut schemas).unwrap_or_else(|error| panic!("{slug}: {error}"));
    assert!(schemas.validate(value, index).is_ok(), "{slug}: {value} does not fit {schema:#}");
}

both_databases! {
    async fn templates_are_found_by_words_and_by_what_they_are_about(db) {
        let (_server, api) = place(&db).await;
        let all: Vec<String> = TEMPLATES.iter().map(|(slug, _)| (*slug).to_owned()).collect();
        assert!(all.len() >= 24);
        let whole = api.get("/rule-templates?limit=200&total=true").await.expect_status(200);
        assert_eq!((slugs(&whole.body), whole.at("/total"), whole.at("/next_cursor")), (all.clone(), &json!(all.len()), &Value::Null));
        let (mut seen, mut query) = (Vec::new(), "limit=10".to_owned());
        loop {
            let page = api.get(&format!("/rule-templates?{query}")).await.expect_status(200);
            seen.extend(slugs(&page.body));
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            query = format!("limit=10&cursor={cursor}");
        }
        assert_eq!(seen, all);
        let found = api.get("/rule-templates?q=blocked%20ESCALATE").await.expect_status(200);
        assert_eq!(slugs(&found.body), ["blocked-escalation"]);
        let item = found.at("/items/0");
        assert_eq!((&item["category"], &item["trigger"], &item["setup"]), (&json!("escalation"), &json!("task.status_changed"), &Value::Null));
        assert_eq!(item["permissions"], json!(["event.view", "notification.send", "task.comment", "task.view"]));
        let about = api.get("/rule-templates?category=integration").await.expect_status(200);
        assert_eq!(slugs(&about.body), ["bug-to-github", "github-merge-closes-task", "incident-intake", "jira-mirror", "slack-status"]);
        assert_eq!((about.at("/items/0/connections"), about.at("/items/2/connections")), (&json!(["github"]), &json!([])));
        assert_eq!(slugs(&api.get("/rule-templates?q=nothing%20of%20the%20kind").await.expect_status(200).body), Vec::<String>::new());
        api.get("/rule-templates?category=cooking").await.expect_refusal().expect_status(422);
        api.get("/rule-templates?limit=0").await.expect_problem(422, "invalid_parameter");
        api.get("/rule-templates?cursor=x").await.expect_problem(422, "invalid_cursor");
    }

    async fn a_template_says_what_it_asks_and_what_it_does(db) {
        let (_server, api) = place(&db).await;
        let shown = api.get("/rule-templates/blocked-escalation").await.expect_status(200);
        let names: Vec<&str> = shown.at("/parameters").as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["projects", "priorities", "after", "who"]);
        assert_eq!((shown.at("/parameters/2/type"), shown.at("/parameters/2/default"), shown.at("/parameters/2/required")), (&json!("duration"), &json!("24h"), &json!(false)));
        assert_eq!((shown.at("/schema/properties/priorities/items/enum/3"), shown.at("/schema/required")), (&json!("critical"), &json!([])));
        assert_eq!(shown.text("/rule/condition"), "task.priority in params.priorities");
        let told = shown.text("/preview");
        assert!(told.contains("and `to` is blocked") && told.contains("Wait for `task.status_changed`, at most 1d.") && told.contains("when the time is up:"), "{told}");
        let needs = api.get("/rule-templates/standup-digest").await.expect_status(200);
        assert_eq!((needs.at("/schema/required"), needs.at("/parameters/0/required")), (&json!(["project"]), &json!(true)));
        // What is shown for each fits its own schema: a form can be made of it.
        for (slug, _) in TEMPLATES {
            let shown = api.get(&format!("/rule-templates/{slug}")).await.expect_status(200);
            let example: serde_json::Map<String, Value> = shown.at("/parameters").as_array().unwrap().iter()
                .map(|item| (item["name"].as_str().unwrap().to_owned(), item.get("default").or(item.get("example")).unwrap().clone())).collect();
            fits(slug, shown.at("/schema"), &Value::Object(example));
        }
        let unknown = api.get("/rule-templates/block-escalation").await.expect_problem(404, "rule_template_not_found");
        assert!(unknown.text("/detail").contains("did you mean `blocked-escalation`?"), "{:#}", unknown.body);
        let unknown = api.post("/rule-templates/xyz/preview", json!({})).await.expect_problem(404, "rule_template_not_found");
        assert!(unknown.text("/detail").contains("GET /api/v1/rule-templates"), "{:#}", unknown.body);
    }

    async fn what_a_template_makes_is_seen_before_it_is_made(db) {
        let (_server, api) = place(&db).await;
        let given = json!({ "parameters": { "projects": ["WEB"], "after": "90m", "who": ["owner"] } });
        let seen = api.post("/rule-templates/blocked-escalation/preview", given.clone()).await.expect_status(200);
        assert_eq!((seen.at("/ok"), seen.at("/problems"), seen.at("/analysis/loops/can_loop")), (&json!(true), &json!([]), &json!(false)));
        assert_eq!((seen.at("/rule/scope/projects"), seen.at("/rule/steps/0/wait/event/timeout")), (&json!(["WEB"]), &json!("90m")));
        assert!(seen.text("/preview").starts_with("When (in WEB): "), "{}", seen.text("/preview"));
        assert_eq!(api.get("/rules").await.expect_status(200).at("/items"), &json!([]));

        // The YAML is the rule: a pipeline may keep it.
        let yaml = seen.text("/yaml").into_bytes();
        let saved = api.send_bytes(reqwest::Method::POST, "/rules", Some("application/yaml"), yaml).await.expect_status(201);
        assert_eq!(saved.at("/rule"), seen.at("/rule"));

        let made = api.post("/rule-templates/blocked-escalation/apply", given.clone()).await.expect_status(201);
        assert_eq!((made.text("/state"), made.text("/name"), made.at("/rule")), ("draft".into(), "Escalate blocked work".into(), seen.at("/rule")));
        assert!(made.text("/rule/description").ends_with("Made of the template `blocked-escalation`."));
        assert_eq!(made.headers["etag"], "\"1\"");
        for (state, name) in [("shadow", "Tried"), ("enabled", "At work")] {
            let wanted = json!({ "parameters": given["parameters"], "name": name, "state": state });
            let made = api.post("/rule-templates/blocked-escalation/apply", wanted).await.expect_status(201);
            assert_eq!((made.text("/state"), made.text("/name"), made.at("/version")), (state.into(), name.into(), &json!(1)));
        }
        // From here on it is a rule like any other.
        let id = made.text("/id");
        let mut rule = made.at("/rule").clone();
        rule["steps"][0]["wait"]["event"]["timeout"] = json!("2h");
        assert_eq!(api.put(&format!("/rules/{id}"), rule).await.expect_status(200).at("/version"), &json!(2));
    }

    async fn what_is_wrong_with_a_parameter_is_said_at_its_place(db) {
        let (server, api) = place(&db).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let lea = people.member(&server, &workspace, "Lea", Role::TeamMember).await;
        let zoe = people.owner_elsewhere(&server, "Zoe").await;
        let theirs = zoe.post("/projects", json!({ "key": "SECRET", "name": "Theirs" })).await.expect_status(201).text("/id");
        let stranger = zoe.get("/me").await.text("/user/id");
        for (slug, parameters, pointer, said) in [
            ("standup-digest", json!({}), "/parameters/project", "This is needed: Of which project."),
            ("standup-digest", json!({ "project": 7 }), "/parameters/project", "a project's key or id"),
            ("standup-digest", json!({ "project": "WEP" }), "/parameters/project", "There is no project `WEP`, or none that you may see"),
            ("standup-digest", json!({ "project": "SECRET" }), "/parameters/project", "There is no project `SECRET`"),
            ("standup-digest", json!({ "project": theirs }), "/parameters/project", "or none that you may see"),
            ("standup-digest", json!({ "project": "WEB", "whom": [] }), "/parameters/whom", "There is no parameter `whom`. Did you mean `who`?"),
            ("standup-digest", json!({ "project": "WEB", "who": [] }), "/parameters/who", "Give at least one."),
            ("standup-digest", json!({ "project": "WEB", "who": ["owner", "role:boss"] }), "/parameters/who/1", "project_manager"),
            ("standup-digest", json!({ "project": "WEB", "who": ["zoe@people.example"] }), "/parameters/who/0", "is no member of this workspace"),
            ("standup-digest", json!({ "project": "WEB", "who": [stranger] }), "/parameters/who/0", "is no member of this workspace"),
            ("standup-digest", json!({ "project": "WEB", "zone": "Mars/Olympus" }), "/parameters/zone", "IANA time zone"),
            ("standup-digest", json!({ "project": "WEB", "at": "25:00" }), "/parameters/at", "time of day"),
            ("critical-watchers", json!({ "people": ["user_01h455vb4pex5vsknk084sn02q"] }), "/parameters/people/0", "is no member"),
            ("critical-watchers", json!({ "people": ["lea@people.example"], "projects": ["WEB", "NONE"] }), "/parameters/projects/1", "There is no project `NONE`"),
            ("approval-to-release", json!({ "project": "WEB", "ready": "in_revue" }), "/parameters/ready", "`in_revue` is no status of WEB, which has todo, in_progress"),
            ("github-merge-closes-task", json!({ "hook": "github" }), "/parameters/hook", "There is no hook `github`; `POST /hooks` makes one"),
            ("github-merge-closes-task", json!({ "hook": "*" }), "/parameters/hook", "There is no hook `*`"),
            ("jira-mirror", json!({ "url": "file:///etc/passwd" }), "/parameters/url", "absolute http or https address"),
            ("budget-guard", json!({ "percent": 0 }), "/parameters/percent", "a whole number from 1 to 1000"),
        ] {
            for verb in ["preview", "apply"] {
                let refused = api.post(&format!("/rule-templates/{slug}/{verb}"), json!({ "parameters": parameters })).await.expect_problem(422, "invalid_fields");
                assert_eq!(refused.text("/errors/0/pointer"), pointer, "{parameters}: {:#}", refused.body);
                assert!(refused.text("/errors/0/message").contains(said) && refused.text("/detail").contains(said), "{parameters}: {:#}", refused.body);
            }
        }
        // All at once.
        let several = api.post("/rule-templates/standup-digest/preview", json!({ "parameters": { "at": "x", "zone": "y" } })).await.expect_problem(422, "invalid_fields");
        assert_eq!(several.at("/errors").as_array().unwrap().len(), 3);
        for (body, pointer) in [(json!({ "state": "paused" }), "/state"), (json!({ "state": "on" }), "/state"), (json!({ "names": "x" }), "/names"), (json!({ "name": " " }), "/name"), (json!({ "name": "x".repeat(201) }), "/name")] {
            let refused = api.post("/rule-templates/triage-new-tasks/apply", body).await.expect_status(422);
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{:#}", refused.body);
        }
        assert_eq!(api.get("/rules").await.expect_status(200).at("/items"), &json!([]));

        // Who may not make rules makes none of templates, either.
        lea.post("/rule-templates/triage-new-tasks/apply", json!({})).await.expect_problem(403, "denied");
        api.without_token().get("/rule-templates").await.expect_problem(401, "token_missing");
        // A token that may not do what the rule does keeps it as a draft; nothing is left when it is refused.
        let token = api.post("/tokens", json!({ "name": "ci", "scopes": ["rule.*", "project.view"] })).await.expect_status(201).text("/token");
        let limited = api.with_token(&token);
        let refused = limited.post("/rule-templates/triage-new-tasks/apply", json!({ "state": "enabled" })).await.expect_problem(403, "denied");
        assert!(refused.text("/detail").contains("Step `mark` needs `task.edit`"), "{:#}", refused.body);
        assert_eq!(api.get("/rules").await.expect_status(200).at("/items"), &json!([]));
        limited.post("/rule-templates/triage-new-tasks/apply", json!({})).await.expect_status(201);
        people.leave().await;
    }

    /// `task.list` is what digests are made of; a rule finds what its owner may see.
    async fn a_rule_lists_tasks(db) {
        let (_server, api) = place(&db).await;
        for (title, status) in [("One", "todo"), ("Two", "blocked"), ("Three", "todo")] {
            api.post("/projects/WEB/tasks", json!({ "title": title, "status": status })).await.expect_status(201);
        }
        let run = async |with: Value| {
            let rule = json!({ "name": "Lists", "trigger": { "on": "manual" }, "steps": [{ "id": "found", "action": "task.list", "with": with }] });
            let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
            api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
            let run = api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202).text("/id");
            loop {
                let run = api.get(&format!("/runs/{run}")).await.expect_status(200);
                if run.at("/finished_at").is_string() {
                    return run;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let found = run(json!({ "filter": { "project": "WEB", "status": ["todo", "in_progress"], "label": null, "priority": [] }, "sort": "key", "limit": 1 })).await;
        let output = found.at("/steps/0/output");
        assert_eq!((&output["count"], &output["tasks"][0]["title"], output["tasks"].as_array().unwrap().len()), (&json!(2), &json!("One"), 1));
        for (with, said) in [
            (json!({ "filter": { "status": { "x": 1 } } }), "must be a text, a number"), (json!({ "filter": { "limit": 5 } }), "is no filter"),
            (json!({ "limit": 101 }), "must be 1 to 100"), (json!({ "filter": { "statsu": "todo" } }), "statsu"),
        ] {
            let failed = run(with.clone()).await;
            assert_eq!(failed.text("/state"), "failed");
            assert!(failed.text("/error/message").contains(said), "{with}: {:#}", failed.body);
        }
    }
}
