//! The harness itself: fresh databases, programs that are killed, frozen and started again, and the client.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, Process, Redis, Server};

both_databases! {
    async fn each_story_has_a_database_of_its_own(db) {
        if db.is_postgres() {
            let other = Database::postgres().await;
            assert_ne!(other.url(), db.url());
            let mut connection = PgConnection::connect(other.url()).await.unwrap();
            sqlx::query("create table only_there (id bigint)").execute(&mut connection).await.unwrap();
            // Still connected, as a server that was killed would be.
            other.clone().close().await;
            assert!(PgConnection::connect(other.url()).await.is_err(), "the database outlived its test");

            let mut connection = PgConnection::connect(db.url()).await.unwrap();
            assert!(sqlx::query("select id from only_there").execute(&mut connection).await.is_err());
        } else {
            let path = PathBuf::from(db.url().strip_prefix("sqlite://").unwrap());
            assert_eq!(path.parent(), Some(db.folder()));
            rusqlite::Connection::open(&path).unwrap().execute("create table here (id integer)", []).unwrap();
            let folder = db.folder().to_owned();
            drop(db);
            // The harness still holds it.
            assert!(folder.exists());
        }
    }

    async fn a_server_is_started_killed_frozen_and_stopped(db) {
        let mut server = Server::on(&db)
            .program(&stand_in(&db, "echo listening on http://127.0.0.1:4$#; trap 'exit 3' TERM; while :; do sleep 0.02; done"))
            .arg("--no-workers")
            .start()
            .await;
        assert_eq!(server.url(), "http://127.0.0.1:48", "the address is read from the ready line");
        let first = server.pid();

        server.freeze();
        until_stopped(first, true).await;
        server.thaw();
        until_stopped(first, false).await;

        server.kill9();
        server.restart().await;
        assert_ne!(server.pid(), first);
        assert_eq!(server.stop().await.code(), Some(3), "it was asked to end, and ended in its own way");

        server.restart().await;
        let last = server.pid();
        drop(server);
        assert!(!PathBuf::from(format!("/proc/{last}")).exists(), "a server ends with the story that started it");
    }

    async fn a_server_that_ends_at_once_tells_why(db) {
        let program = stand_in(&db, "echo \"no such setting: $TRACKSIDE_ODD$TRACKSIDE_TEST_PG\" >&2; exit 2");
        let ended = Server::on(&db).program(&program).env("TRACKSIDE_ODD", "x").try_start().await.err().unwrap();
        assert_eq!(ended.code, Some(2));
        assert_eq!(ended.log, "no such setting: x\n", "variables of the surroundings are not passed on");
    }
}

#[tokio::test]
async fn a_redis_of_ones_own_can_be_killed_and_comes_back_at_the_same_address() {
    let mut redis = Redis::start().await;
    let url = redis.url();
    let address = url.strip_prefix("redis://").unwrap().to_owned();
    assert!(tokio::net::TcpStream::connect(&address).await.is_ok());
    redis.process().kill9();
    assert!(tokio::net::TcpStream::connect(&address).await.is_err());
    redis.restart().await;
    assert_eq!(redis.url(), url);
    assert!(tokio::net::TcpStream::connect(&address).await.is_ok());
    assert_ne!(Redis::shared_url(), url);
}

#[tokio::test]
async fn what_a_process_prints_can_be_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "sleep 0.05; echo ready 7; exec sleep 60"]);
    let mut process = Process::start("sh", &mut command, &folder.path().join("log"));
    let found = process.wait_for_log("a number", Duration::from_secs(20), |log| {
        log.strip_prefix("ready ")?.trim().parse::<u32>().ok()
    });
    assert_eq!(found.await, Some(7));
    assert!(process.ended().is_none());
    process.terminate();
    assert_eq!(process.wait_for_end(Duration::from_secs(20)).await.code(), None, "a signal ended it");
}

#[tokio::test]
async fn the_client_speaks_below_the_prefix_with_its_token() {
    let echo = |headers: axum::http::HeaderMap, Json(body): Json<Value>| async move {
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        (
            axum::http::StatusCode::CREATED,
            Json(json!({ "authorization": header("authorization"), "key": header("idempotency-key"), "body": body })),
        )
    };
    let app = Router::new().route("/api/v1/echo", post(echo)).route("/healthz", get(|| async { "well" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });

    let api = Api::at_url(&url).with_token("secret").with_header("idempotency-key", "once");
    let answer = api.post("/echo", json!({ "n": 1 })).await.expect_status(201);
    assert_eq!(answer.text("/authorization"), "Bearer secret");
    assert_eq!(answer.text("/key"), "once");
    assert_eq!(answer.at("/body/n"), 1);

    let stranger = api.without_token().post("/echo", json!({})).await.expect_status(201);
    assert_eq!(stranger.at("/authorization"), &Value::Null);
    assert_eq!(api.outside().get("/healthz").await.expect_status(200).body, "well");
    assert_eq!(api.delete("/nothing").await.expect_status(404).body, Value::Null);

    serving.abort();
    serving.await.unwrap_err();
    assert!(api.try_send(reqwest::Method::GET, "/echo", None).await.is_err(), "a dead server is an error, no panic");
}

/// A shell script in place of the program.
fn stand_in(db: &Database, script: &str) -> PathBuf {
    let path = db.folder().join("stand-in");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Waits for the kernel to have acted on a signal: the state letter T is "stopped" (proc(5)).
async fn until_stopped(pid: u32, stopped: bool) {
    for _ in 0..2000 {
        let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let state = line.rsplit_once(')').unwrap().1.split_whitespace().next().unwrap().to_owned();
        if (state == "T") == stopped {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the process is not {}", if stopped { "frozen" } else { "running again" });
}
