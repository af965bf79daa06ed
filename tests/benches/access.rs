//! What a question costs that is asked with every request: may this person do that here, with one assignment and with a
//! thousand, on a thousand projects and with a condition on each. See docs/benchmarks.md.

use std::hint::black_box;
use std::time::Instant;

use serde_json::json;
use trackside_engine::Source;
use trackside_engine::access::{self, Role, TaskEdit, Who};
use trackside_engine::db::{Db, Options};
use trackside_engine::handle::Handle;
use trackside_engine::ids::{UserId, WorkspaceId};
use trackside_engine::projects::{self, Project};
use trackside_tests::harness::{Api, Database, People};
use trackside_tests::measure::{self, Figures, Usage};

/// How many questions are asked.
const QUESTIONS: usize = 200_000;

pub async fn run(which: Option<&str>) {
    for (name, database) in measure::databases(which).await {
        measure_on(name, &database).await;
        database.close().await;
    }
}

async fn measure_on(name: &str, database: &Database) {
    let server = measure::server(database).start().await;
    let api = Api::set_up(&server).await;
    let workspace = api.get("/me").await.text("/workspace/id");
    let people = People::of(database).await;
    for (assignments, condition) in [(1, None), (1_000, None), (1_000, Some("project.status == \"active\""))] {
        let who = format!("Guest{assignments}{}", if condition.is_some() { "c" } else { "" });
        let guest = people.member(&server, &workspace, &who, Role::Guest).await.get("/me").await.text("/user/id");
        let key = |at: usize| format!("P{at}");
        for at in 0..assignments {
            if at > 0 || api.get(&format!("/projects/{}", key(0))).await.status == 404 {
                api.post("/projects", json!({ "key": key(at), "name": "One of many" })).await;
            }
            let new = json!({ "user": guest, "role": "team_member", "on": key(at), "condition": condition });
            api.post("/assignments", new).await.expect_status(201);
        }
        let (resolve, check) = ask(database, &workspace, &guest, &key(assignments / 2)).await;
        let figures = Figures::new("access", name)
            .with("assignments", assignments as f64)
            .and("condition", condition.is_some())
            .with("check_us", check)
            .with("resolve_us", resolve);
        measure::report(figures);
    }
    people.leave().await;
}

/// The cost, in microseconds of processor time, of reading the rights when they are known already, and of one question.
async fn ask(database: &Database, workspace: &str, guest: &str, key: &str) -> (f64, f64) {
    let db = Db::open(&Options::new(database.url())).await.expect("the database can be opened");
    let (workspace, id): (WorkspaceId, UserId) = (workspace.parse().expect("an id"), guest.parse().expect("an id"));
    let mut rx = db.read().await.expect("a reader");
    let key = Handle::Key(key.to_owned());
    let project: Project = projects::service::find(&mut rx, workspace, &key).await.expect("the project is there");
    let now = Source::default().now();
    let mut resolved = None;
    let (start, rounds) = (Instant::now(), 2_000);
    for _ in 0..rounds {
        let who = Who::User { id };
        resolved = access::service::acting(&mut rx, who, workspace, id, now).await.expect("the rights can be read");
    }
    let resolve = start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds);
    let actor = resolved.expect("the guest is a member");
    let before = Usage::of(std::process::id());
    for _ in 0..QUESTIONS {
        black_box(actor.may::<TaskEdit, _>(black_box(&project))).expect("the guest may");
    }
    let check = Usage::of(std::process::id()).cpu_us_since(&before, QUESTIONS as u64);
    drop(rx);
    db.close().await;
    (resolve, check)
}
