//! The audit log, as an administrator reads and exports it and an operator checks it.

use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People, Server, program};

/// What `trackside` prints and whether all is well.
async fn trackside(db: &Database, arguments: &[&str]) -> (bool, String) {
    let data = db.folder().join("data");
    let mut command = Command::new(program());
    command.args(arguments).current_dir(db.folder());
    if arguments[0] == "doctor" {
        command.args(["--database-url", db.url(), "--data"]).arg(data);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

/// The hash of a line as the documentation tells it, by nothing of Trackside's.
fn by_hand(line: &Value) -> String {
    let mut bytes = hex::decode(line["previous"].as_str().unwrap()).unwrap();
    let seq = line["seq"].to_string();
    let text = |name: &str| line[name].as_str().unwrap().to_owned();
    for field in [text("workspace_id"), seq, text("at"), text("actor"), text("action"), text("subject"), text("detail")]
    {
        bytes.extend((field.len() as u64).to_be_bytes());
        bytes.extend(field.as_bytes());
    }
    hex::encode(Sha256::digest(bytes))
}

both_databases! {
    async fn who_changed_who_may_what_is_written_down_exported_and_checked(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let me = api.get("/me").await;
        let (ada, workspace) = (me.text("/user/id"), me.text("/workspace/id"));
        let people = People::of(&db).await;
        let bob = people.member(&server, &workspace, "Bob", Role::TeamMember).await;
        people.leave().await;
        let bob_id = bob.get("/me").await.text("/user/id");
        let token = bob.post("/tokens", json!({ "name": "CI", "scopes": ["task.view"] })).await.expect_status(201);
        bob.delete(&format!("/tokens/{}", token.text("/id"))).await.expect_status(204);
        bob.delete(&format!("/tokens/{}", token.text("/id"))).await.expect_refusal();

        let page = api.get("/audit").await.expect_status(200);
        let said: Vec<_> = page.at("/items").as_array().unwrap().iter()
            .map(|entry| (entry["seq"].as_i64().unwrap(), entry["action"].as_str().unwrap())).collect();
        assert_eq!(said, [(4, "token.revoked"), (3, "token.created"), (2, "member.added"), (1, "workspace.created")]);
        assert_eq!(page.at("/items/3/actor"), &json!({ "type": "user", "id": ada }));
        assert_eq!((page.text("/items/3/subject"), page.at("/items/3/detail/after/role")), (workspace.clone(), &json!("admin")));
        assert_eq!((page.text("/items/2/subject"), page.at("/items/2/detail/after/role")), (bob_id.clone(), &json!("team_member")));
        assert!(!page.body.to_string().contains(&token.text("/token")), "no secret is written down");
        // Page by page, and narrowed.
        let first = api.get("/audit?limit=3").await.expect_status(200);
        let rest = api.get(&format!("/audit?limit=3&cursor={}", first.text("/next_cursor"))).await.expect_status(200);
        assert_eq!((rest.at("/items").as_array().unwrap().len(), rest.at("/next_cursor")), (1, &Value::Null));
        for (query, count) in [(format!("actor={bob_id}"), 2), ("actor=system".into(), 1), ("action=token.*".into(), 2), ("action=token.created".into(), 1),
            (format!("subject={bob_id}"), 1), ("from=2999-01-01T00:00:00Z".into(), 0), ("to=2999-01-01T00:00:00Z".into(), 4), ("to=1999-01-01T00:00:00Z".into(), 0)] {
            let found = api.get(&format!("/audit?{query}")).await.expect_status(200);
            assert_eq!(found.at("/items").as_array().unwrap().len(), count, "{query}");
        }
        for query in ["actor=%25", "actor=", "action=%25", "subject=%00", "from=yesterday", "to=1", "seq=1"] {
            api.get(&format!("/audit?{query}")).await.expect_refusal().expect_status(422);
        }
        for query in ["after=5", "after=-1", "after=x", "limit=2"] {
            api.get(&format!("/audit/export?{query}")).await.expect_refusal().expect_status(422);
        }
        for path in ["/audit", "/audit/export"] {
            bob.get(path).await.expect_problem(403, "denied");
        }

        // What is exported can be checked by anybody.
        let export = api.get("/audit/export").await.expect_status(200);
        assert_eq!(export.headers["content-type"], "application/x-ndjson");
        let text = export.body.as_str().unwrap().to_owned();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 4);
        for line in &lines {
            assert_eq!(line["hash"], by_hand(line));
        }
        assert_eq!(lines[1]["previous"], lines[0]["hash"]);
        let after = api.get("/audit/export?after=3").await.expect_status(200);
        assert_eq!(after.body, lines[3], "one line is JSON by itself");
        std::fs::write(db.folder().join("log"), &text).unwrap();
        let (fine, out) = trackside(&db, &["audit", "verify", "log"]).await;
        assert!(fine && out.contains(lines[3]["hash"].as_str().unwrap()), "{out}");
        std::fs::write(db.folder().join("log"), text.replace("team_member", "admin")).unwrap();
        let (fine, out) = trackside(&db, &["audit", "verify", "log"]).await;
        assert!(!fine && out.contains("entry 2 was changed"), "{out}");

        // So is what is stored.
        let (fine, out) = trackside(&db, &["doctor"]).await;
        assert!(fine && out.contains(&format!("{workspace} 4 {}", lines[3]["hash"].as_str().unwrap())), "{out}");
        tamper(&db, "update audit_entries set detail = '{}' where seq = 2").await;
        let (fine, out) = trackside(&db, &["doctor"]).await;
        assert!(!fine && out.contains(&format!("WRONG  audit: {workspace}: entry 2 was changed")), "{out}");
        assert!(out.contains("audit_entries_update"), "{out}");
    }

    async fn each_workspace_has_a_log_of_its_own(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let lab = api.post("/workspaces", json!({ "name": "Lab" })).await.expect_status(201).text("/id");
        let there = api.post("/auth/switch", json!({ "workspace_id": lab })).await.expect_status(200).text("/access_token");
        let page = api.with_token(&there).get("/audit").await.expect_status(200);
        assert_eq!(page.at("/items").as_array().unwrap().len(), 1);
        assert_eq!((page.text("/items/0/subject"), page.at("/items/0/seq")), (lab, &json!(1)));
        assert_eq!(api.get("/audit").await.at("/items").as_array().unwrap().len(), 1);
    }
}

/// Takes the guard away and changes what must not be changed.
async fn tamper(db: &Database, sql: &str) {
    match db.url().strip_prefix("sqlite://") {
        Some(file) => {
            let file = rusqlite::Connection::open(file).unwrap();
            file.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
            file.execute_batch(&format!("drop trigger audit_entries_update; {sql}")).unwrap();
        }
        None => {
            use sqlx::Connection as _;
            let mut owner = sqlx::PgConnection::connect(db.url()).await.unwrap();
            let sql = format!("drop trigger audit_entries_update on audit_entries; {sql}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
            owner.close().await.unwrap();
        }
    }
}
