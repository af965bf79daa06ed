//! Comments that are edited, taken back and mention people; and what happened to a task.

use reqwest::Method;
use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People, Server};

/// A project `WEB` with a task, its owner Ada, and Wim who works and Vic who looks on.
struct Place {
    ada: Api,
    wim: Api,
    vic: Api,
}

impl Place {
    async fn of(server: &Server, db: &Database) -> Self {
        let ada = Api::set_up(server).await;
        ada.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        ada.post("/projects/WEB/tasks", json!({ "title": "Door" })).await.expect_status(201);
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(db).await;
        let wim = people.member(server, &workspace, "Wim", Role::TeamMember).await;
        let vic = people.member(server, &workspace, "Vic", Role::Viewer).await;
        people.leave().await;
        Self { ada, wim, vic }
    }
}

async fn id(api: &Api) -> String {
    api.get("/me").await.expect_status(200).text("/user/id")
}

async fn say(api: &Api, body: &str) -> String {
    api.post("/tasks/WEB-1/comments", json!({ "body": body })).await.expect_status(201).text("/id")
}

/// What somebody was told, oldest first, once there is so much of it.
async fn told(api: &Api, count: usize) -> Vec<String> {
    let start = std::time::Instant::now();
    loop {
        let page = api.get("/notifications").await.expect_status(200);
        let items = page.at("/items").as_array().unwrap();
        if items.len() >= count {
            return items.iter().rev().map(|note| note["message"].as_str().unwrap().to_owned()).collect();
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:#}", page.body);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn kinds(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect()
}

/// Without what planning says of it, which comes when it is through.
fn done(kinds: Vec<&str>) -> Vec<&str> {
    kinds.into_iter().filter(|kind| *kind != "task.rescheduled").collect()
}

both_databases! {
    async fn a_comment_is_edited_and_taken_back(db) {
        let server = Server::start(&db).await;
        let Place { ada, wim, .. } = Place::of(&server, &db).await;
        let first = wim.post("/tasks/WEB-1/comments", json!({ "body": "one" })).await.expect_status(201);
        assert_eq!((first.at("/version"), &first.headers["etag"], first.at("/edited_at"), first.at("/mentions")), (&json!(1), &"\"1\"".parse().unwrap(), &Value::Null, &json!([])));
        let path = format!("/comments/{}", first.text("/id"));
        assert_eq!(wim.get(&path).await.expect_status(200).body, first.body);

        let edited = wim.with_header("if-match", "\"1\"").patch(&path, json!({ "body": "two" })).await.expect_status(200);
        assert_eq!((edited.text("/body"), edited.at("/version"), edited.headers["etag"].to_str().unwrap()), ("two".into(), &json!(2), "\"2\""));
        assert!(edited.at("/edited_at").is_string());
        wim.with_header("if-match", "\"1\"").patch(&path, json!({ "body": "three" })).await.expect_problem(412, "stale");
        wim.with_header("if-match", "\"1\"").delete(&path).await.expect_problem(412, "stale");
        assert_eq!(wim.patch(&path, json!({ "body": "two" })).await.expect_status(200).body, edited.body, "nothing changed");
        assert_eq!(wim.patch(&path, json!({})).await.expect_status(200).body, edited.body);

        // Ada may moderate; Wim sees only that it was done.
        ada.patch(&path, json!({ "body": "three" })).await.expect_status(200);
        ada.delete(&path).await.expect_status(204);
        ada.delete(&path).await.expect_status(204);
        let gone = wim.get(&path).await.expect_status(200);
        assert_eq!((gone.text("/body"), gone.at("/version"), gone.text("/author")), (String::new(), &json!(4), id(&wim).await));
        assert!(gone.at("/deleted_at").is_string());
        say(&wim, "four").await;
        let list = wim.get("/tasks/WEB-1/comments").await.expect_status(200);
        assert_eq!((list.at("/items/0"), list.text("/items/1/body")), (&gone.body, "four".into()), "its place is kept");
        wim.patch(&path, json!({ "body": "five" })).await.expect_problem(409, "comment_deleted");

        let history = ada.get(&format!("{path}/history")).await.expect_status(200);
        let told: Vec<_> = history.at("/items").as_array().unwrap().iter().map(|item| (item["version"].clone(), item["body"].clone(), item["replaced_by"].clone())).collect();
        let (ada_id, wim_id) = (id(&ada).await, id(&wim).await);
        assert_eq!(told, [(json!(1), json!("one"), json!(wim_id)), (json!(2), json!("two"), json!(ada_id)), (json!(3), json!("three"), json!(ada_id))]);
        wim.get(&format!("{path}/history")).await.expect_problem(403, "denied");
        // With the task goes all of it.
        ada.delete("/tasks/WEB-1").await.expect_status(204);
        ada.get(&path).await.expect_problem(404, "comment_not_found");
        ada.get(&format!("{path}/history")).await.expect_problem(404, "comment_not_found");
    }

    async fn only_ones_own_comments_are_changed(db) {
        let server = Server::start(&db).await;
        let Place { ada, wim, vic } = Place::of(&server, &db).await;
        let path = format!("/comments/{}", say(&ada, "mine").await);
        wim.patch(&path, json!({ "body": "yours" })).await.expect_problem(403, "denied");
        wim.delete(&path).await.expect_problem(403, "denied");
        vic.patch(&path, json!({ "body": "yours" })).await.expect_problem(403, "denied");
        assert_eq!(vic.get(&path).await.expect_status(200).text("/body"), "mine");
        let token = ada.post("/tokens", json!({ "name": "narrow", "scopes": ["task.view", "task.comment"] })).await.expect_status(201).text("/token");
        let narrow = ada.with_token(&token);
        narrow.patch(&path, json!({ "body": "still mine" })).await.expect_status(200);
        narrow.get(&format!("{path}/history")).await.expect_problem(403, "denied");
        let theirs = format!("/comments/{}", say(&wim, "theirs").await);
        narrow.delete(&theirs).await.expect_problem(403, "denied");

        for (body, pointer) in [(json!({ "body": null }), "/body"), (json!({ "body": "" }), "/body"), (json!({ "body": " \n" }), "/body"), (json!({ "body": "x".repeat(64 * 1024 + 1) }), "/body"),
            (json!({ "body": "a\u{0}" }), "/body"), (json!({ "body": 1 }), "/body"), (json!({ "body": "x", "author": "me" }), "/author"), (json!({ "bodi": "x" }), "/bodi")] {
            let refused = ada.patch(&path, body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}");
        }
        for path in ["/comments/cmt_01h455vb4pex5vsknk084sn02q", "/comments/nonsense", "/comments/%00", "/comments/WEB-1"] {
            ada.get(path).await.expect_refusal().expect_status(404);
            ada.patch(path, json!({ "body": "x" })).await.expect_refusal().expect_status(404);
            ada.delete(path).await.expect_refusal().expect_status(404);
            ada.get(&format!("{path}/history")).await.expect_refusal().expect_status(404);
        }
        ada.with_header("if-match", "one").patch(&path, json!({ "body": "x" })).await.expect_problem(400, "invalid_if_match");
        assert_eq!(ada.get(&path).await.text("/body"), "still mine");
    }

    async fn whoever_is_mentioned_is_told_once(db) {
        let server = Server::start(&db).await;
        let Place { ada, wim, vic } = Place::of(&server, &db).await;
        let (ada_id, wim_id, vic_id) = (id(&ada).await, id(&wim).await, id(&vic).await);
        let body = format!("@{wim_id} and @Wim@people.example, @nobody@people.example, @user_01h455vb4pex5vsknk084sn02q, @{ada_id}; `@{vic_id}`");
        let said = ada.post("/tasks/WEB-1/comments", json!({ "body": body })).await.expect_status(201);
        assert_eq!(said.at("/mentions"), &json!([wim_id, ada_id]));
        let note = "Ada mentioned you in a comment on WEB-1: Door";
        assert_eq!((told(&wim, 1).await, told(&vic, 0).await, told(&ada, 0).await), (vec![note.to_owned()], vec![], vec![]), "nobody tells themselves");
        let path = format!("/comments/{}", said.text("/id"));
        let edited = ada.patch(&path, json!({ "body": format!("@{wim_id} @vic@people.example") })).await.expect_status(200);
        assert_eq!(edited.at("/mentions"), &json!([wim_id, vic_id]).as_array().map(|people| json!(people)).unwrap());
        assert_eq!((told(&vic, 1).await, told(&wim, 1).await.len()), (vec![note.to_owned()], 1));
        let activity = ada.get("/tasks/WEB-1/activity?order=oldest").await.expect_status(200);
        assert_eq!(kinds(&activity.body), ["task.created", "task.commented", "task.mentioned", "task.comment_edited", "task.mentioned"]);
        assert_eq!((activity.at("/items/2/details/mentioned"), activity.at("/items/4/details/mentioned")), (&json!([wim_id, ada_id]), &json!([vic_id])));
        let many: String = (0..51).map(|at| format!("@p{at}@people.example ")).collect();
        let refused = ada.post("/tasks/WEB-1/comments", json!({ "body": many })).await.expect_problem(422, "invalid_fields");
        assert_eq!(refused.text("/errors/0/pointer"), "/body");
    }

    async fn a_rule_comments_edits_and_deletes(db) {
        let server = Server::start(&db).await;
        let Place { ada, wim, .. } = Place::of(&server, &db).await;
        let rule = json!({ "name": "Polite", "trigger": { "on": "task.commented" }, "condition": "comment.body.contains(\"damn\")",
            "steps": [
                { "id": "soften", "action": "task.edit_comment", "with": { "comment": "{{ comment.id }}", "body": "(removed)" } },
                { "id": "say", "action": "task.comment", "with": { "task": "{{ task.id }}", "body": "@{{ comment.author }}, please." } },
                { "id": "away", "action": "task.delete_comment", "with": { "comment": "{{ steps.say.output.id }}" } },
            ] });
        let rule = ada.post("/rules", rule).await.expect_status(201).text("/id");
        ada.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        say(&wim, "damn it").await;
        let start = std::time::Instant::now();
        let list = loop {
            let list = ada.get("/tasks/WEB-1/comments").await.expect_status(200);
            if list.body.pointer("/items/1/deleted_at").is_some_and(Value::is_string) { break list; }
            assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:#}", list.body);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        assert_eq!((list.text("/items/0/body"), list.text("/items/1/body")), ("(removed)".into(), String::new()));
        assert_eq!(told(&wim, 1).await.len(), 1);
    }

    async fn what_happened_to_a_task_is_read_in_either_order(db) {
        let server = Server::start(&db).await;
        let Place { ada, wim, vic } = Place::of(&server, &db).await;
        ada.post("/projects/WEB/tasks", json!({ "title": "Before" })).await.expect_status(201);
        let wim_id = id(&wim).await;
        ada.patch("/tasks/WEB-1", json!({ "title": "Gate", "status": "in_progress", "assignees": [wim_id] })).await.expect_status(200);
        let said = say(&wim, "secret words").await;
        wim.delete(&format!("/comments/{said}")).await.expect_status(204);
        ada.post("/tasks/WEB-1/dependencies", json!({ "predecessor": "WEB-2" })).await.expect_status(201);
        ada.delete("/tasks/WEB-1/dependencies/WEB-2").await.expect_status(204);
        ada.patch("/tasks/WEB-2", json!({ "title": "Elsewhere" })).await.expect_status(200);

        let whole = vic.get("/tasks/WEB-1/activity").await.expect_status(200);
        let mut newest = ["task.created", "task.updated", "task.status_changed", "task.assigned", "task.commented", "task.comment_deleted", "task.dependency_added", "task.dependency_removed"];
        newest.reverse();
        let items: Vec<Value> = whole.at("/items").as_array().unwrap().iter().filter(|item| item["kind"] != "task.rescheduled").cloned().collect();
        assert_eq!((done(kinds(&whole.body)), whole.at("/next_cursor")), (newest.to_vec(), &Value::Null));
        assert_eq!(&items[6]["details"]["change"]["title"], &json!({ "from": "Door", "to": "Gate" }));
        assert_eq!(&items[3]["details"]["comment"], &json!({ "id": said, "author": wim_id }));
        assert_eq!((&items[3]["actor"], &items[1]["details"]["predecessor"]["key"]), (&json!({ "type": "user", "id": wim_id }), &json!("WEB-2")));
        assert_eq!(&items[7]["details"], &json!({}), "what the task shows itself is left out");
        assert!(!whole.body.to_string().contains("secret words"), "what was taken back is not shown here");

        for order in ["newest", "oldest"] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = ada.get(&format!("/tasks/WEB-1/activity?order={order}&limit=3{cursor}")).await.expect_status(200);
                seen.extend(done(kinds(&page.body)).into_iter().map(str::to_owned));
                let Some(next) = page.body["next_cursor"].as_str() else { break };
                let other = if order == "newest" { "oldest" } else { "newest" };
                ada.get(&format!("/tasks/WEB-1/activity?order={other}&cursor={next}")).await.expect_problem(422, "cursor_of_another_sort");
                cursor = format!("&cursor={next}");
            }
            if order == "oldest" { seen.reverse(); }
            assert_eq!(seen, newest);
        }
        for (query, code) in [("order=latest", "invalid_parameter"), ("limit=0", "invalid_parameter"), ("limit=201", "invalid_parameter"), ("cursor=x", "invalid_cursor"), ("cursor=e30", "invalid_cursor"), ("kind=task.created", "unknown_parameter")] {
            ada.get(&format!("/tasks/WEB-1/activity?{query}")).await.expect_problem(422, code);
        }
        ada.get("/tasks/WEB-9/activity").await.expect_problem(404, "task_not_found");
        ada.send(Method::POST, "/tasks/WEB-1/activity", Some(json!({}))).await.expect_problem(405, "method_not_allowed");
    }
}
