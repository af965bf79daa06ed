//! The server that benches measure, set up as workload W1 wants it.

use std::path::Path;

use serde_json::json;

use super::Sink;
use crate::harness::{Api, Database, Server, Setup};

/// A server on this database, not yet started, that may call the sink on loopback. `BENCH_PROGRAM` names another build
/// of the program than the one beside the benches, to compare two.
pub fn server(database: &Database) -> Setup {
    let setup = Server::on(database).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8");
    match std::env::var_os("BENCH_PROGRAM") {
        Some(program) => setup.program(Path::new(&program)),
        None => setup,
    }
}

/// Makes a hook without a signature and an enabled rule that posts on what it receives; the hook's path.
///
/// # Panics
/// When the server refuses.
pub async fn hook_and_rule(api: &Api, sink: &Sink) -> String {
    let hook = api.post("/hooks", json!({ "name": "Load", "scheme": "none" })).await.expect_status(201);
    let rule = json!({
        "name": "Pass on what is urgent",
        "trigger": { "on": "hook.received" },
        "condition": "body.priority == \"high\"",
        "steps": [{ "id": "pass", "action": "http.request", "with": {
            "method": "POST", "url": sink.url(), "body": { "seq": "{{ body.seq }}", "ts": "{{ body.ts }}" },
        } }],
    });
    let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
    api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
    hook.text("/path")
}
