//! Who may do what where: roles, groups and assignments, as people meet them.

mod bounds;
mod conditions;
mod hidden;
mod names;
mod refusals;
mod runs;
mod sensitive;
mod sharing;

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::harness::{Api, Database, People, Server};

/// A workspace with two projects, `WEB` with three tasks and `OPS` with two, and people of every kind.
struct Firm {
    server: Server,
    /// May everything.
    ada: Api,
    /// May nothing but what is assigned.
    gus: Api,
    gus_id: String,
    /// Works on tasks.
    tom: Api,
    tom_id: String,
    web: String,
    ops: String,
}

impl Firm {
    async fn open(db: &Database) -> Self {
        let server = Server::start(db).await;
        let ada = Api::set_up(&server).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(db).await;
        let gus = people.member(&server, &workspace, "Gus", Role::Guest).await;
        let tom = people.member(&server, &workspace, "Tom", Role::TeamMember).await;
        people.leave().await;
        let mut ids = Vec::new();
        for (key, tasks) in [("WEB", 3), ("OPS", 2)] {
            ids.push(ada.post("/projects", json!({ "key": key, "name": key })).await.expect_status(201).text("/id"));
            for at in 1..=tasks {
                let new = json!({ "title": format!("{key} task {at}") });
                ada.post(&format!("/projects/{key}/tasks"), new).await.expect_status(201);
            }
        }
        let (gus_id, tom_id) = (gus.get("/me").await.text("/user/id"), tom.get("/me").await.text("/user/id"));
        let ops = ids.pop().unwrap();
        Self { server, ada, gus, gus_id, tom, tom_id, web: ids.pop().unwrap(), ops }
    }

    /// Ada assigns something; the assignment's id.
    async fn assign(&self, new: Value) -> String {
        self.ada.post("/assignments", new).await.expect_status(201).text("/id")
    }

    async fn task(&self, key: &str) -> String {
        self.ada.get(&format!("/tasks/{key}")).await.expect_status(200).text("/id")
    }
}

/// The keys of the tasks that somebody sees, and their number as the list counts it.
async fn seen(api: &Api, query: &str) -> (Vec<String>, i64) {
    let page = api.get(&format!("/tasks?sort=key&total=true{query}")).await.expect_status(200);
    let keys = page.at("/items").as_array().unwrap().iter().map(|task| task["key"].as_str().unwrap().to_owned());
    let keys: Vec<String> = keys.collect();
    (keys, page.at("/total").as_i64().unwrap())
}

/// The keys of the tasks that somebody finds by a word, and their number as the search counts it. Page by page, of two.
async fn found(api: &Api, word: &str) -> (Vec<String>, i64) {
    let (mut keys, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/search?q={word}&total=true&limit=2{cursor}")).await.expect_status(200);
        keys.extend(page.at("/items").as_array().unwrap().iter().map(|hit| hit["key"].as_str().unwrap().to_owned()));
        let total = page.at("/total").as_i64().unwrap();
        match page.at("/next_cursor").as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => {
                keys.sort();
                return (keys, total);
            }
        }
    }
}

/// Everything that the log shows somebody.
async fn log(api: &Api) -> Vec<Value> {
    let (mut events, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let page = api.get(&format!("/events?limit=200&after={after}")).await.expect_status(200);
        let items = page.at("/items").as_array().unwrap().clone();
        if items.is_empty() {
            return events;
        }
        events.extend(items);
        after = page.text("/next_cursor");
    }
}
