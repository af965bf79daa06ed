//! REL-06: the database can be read and takes no writes. `/readyz` says so, nothing is lost or half-done, and all goes on by
//! itself.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, Database, Server, run_story};

/// A server whose files can be kept from growing. The kernel tells a writer that a file has its largest size as it tells
/// that a disk is full, and unlike a full disk that needs no rights.
async fn started(db: &Database) -> Server {
    let program = db.folder().join("bounded");
    let script = "#!/bin/sh\n# A write beyond the limit is an error and no signal.\ntrap '' XFSZ\nexec \"$TEST_PROGRAM\" \"$@\"\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let real = trackside_tests::harness::program().display().to_string();
    Server::on(db).program(&program).env("TEST_PROGRAM", real).start().await
}

/// Lets the database take no writes any more, or take them again.
async fn allow(db: &Database, server: &Server, allowed: bool) {
    if !db.is_postgres() {
        // Its log is a file, too, and is to find room.
        return bound(server, (!allowed).then_some(16_384));
    }
    let mut own = PgConnection::connect(db.url()).await.unwrap();
    let name = db.url().rsplit('/').next().unwrap();
    for sql in [
        "set default_transaction_read_only = off".to_owned(),
        format!("alter database {name} set default_transaction_read_only = {}", !allowed),
        // Sessions keep what they began with.
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()".to_owned(),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut own).await.unwrap();
    }
}

/// Lets no file of a server on SQLite grow beyond this size, or any again.
fn bound(server: &Server, size: Option<u64>) {
    let size = size.map_or("unlimited".to_owned(), |size| size.to_string());
    let (pid, limit) = (server.pid().to_string(), format!("--fsize={size}:unlimited"));
    assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
}

/// The answer of `/readyz` once it has this status.
async fn ready(api: &Api, status: u16) -> Answer {
    let start = Instant::now();
    loop {
        let answer = api.outside().get("/readyz").await;
        if answer.status == status {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "/readyz answers {}: {:#}", answer.status, answer.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn file(api: &Api) -> String {
    let sent =
        api.send_bytes(reqwest::Method::POST, "/tasks/WEB-1/attachments?name=a.txt", Some("text/plain"), "kept").await;
    sent.expect_status(201).text("/id")
}

both_databases! {
    async fn a_database_that_takes_no_writes_is_not_ready_and_loses_nothing(db) {
        let server = started(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "Before" })).await.expect_status(201);
        let attachment = format!("/attachments/{}", file(&api).await);
        ready(&api, 200).await;
        allow(&db, &server, false).await;
        // Refused in plain words, as often as it is tried; and what was to be deleted is there as it was.
        for _ in 0..30 {
            let refused = api.post("/projects/WEB/tasks", json!({ "title": "Refused" })).await.expect_status(503);
            assert!(refused.text("/type").starts_with("/problems/"), "{:#}", refused.body);
            assert!(refused.text("/detail").len() > 20 && refused.headers.contains_key("retry-after"));
        }
        api.delete(&attachment).await.expect_status(503);
        let not = ready(&api, 503).await;
        assert!(not.text("/missing/0").contains("nothing can be written"), "{:#}", not.body);
        api.outside().get("/healthz").await.expect_status(200);
        assert_eq!(api.get("/tasks").await.expect_status(200).at("/items").as_array().unwrap().len(), 1);
        allow(&db, &server, true).await;
        // Nobody has to write for it to be found out.
        ready(&api, 200).await;
        let log = server.log();
        let said = log.lines().filter(|line| line.contains("writes are refused")).count();
        assert!(db.is_postgres() || (1..=3).contains(&said), "told once for many:\n{log}");
        assert!(!log.contains("panicked"), "{log}");
        assert_eq!(api.get(&format!("{attachment}/content")).await.expect_status(200).body, "kept");
        api.delete(&attachment).await.expect_status(204);
        api.get(&attachment).await.expect_refusal().expect_status(404);
        api.post("/projects/WEB/tasks", json!({ "title": "After" })).await.expect_status(201);
    }
}

#[tokio::test]
async fn a_disk_on_which_only_a_little_finds_room_is_full() {
    run_story(Database::sqlite().await, async |db| {
        let server = started(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        db.quiet(Duration::from_secs(30)).await;
        let log = format!("{}-wal", db.url().trim_start_matches("sqlite://"));
        bound(&server, Some(std::fs::metadata(log).unwrap().len() + 100_000));
        let large = json!({ "title": "Large", "description": "x".repeat(60_000) });
        let start = Instant::now();
        while api.post("/projects/WEB/tasks", large.clone()).await.status == 201 {
            assert!(start.elapsed() < Duration::from_secs(20));
        }
        for _ in 0..3 {
            let not = api.outside().get("/readyz").await.expect_status(503);
            assert!(not.text("/missing/0").contains("nothing can be written"), "{:#}", not.body);
        }
        bound(&server, None);
        ready(&api, 200).await;
        api.post("/projects/WEB/tasks", large).await.expect_status(201);
    })
    .await;
}
