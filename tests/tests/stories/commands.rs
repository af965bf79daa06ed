//! The command line, as an operator and a pipeline use it: what it prints and how it ends.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, Server, program};

pub(super) const RULE: &str = "name: Say that work is blocked
trigger:
  on: task.status_changed
  match:
    to: blocked
condition: task.priority in [\"high\", \"critical\"]
steps:
- id: tell
  action: notify.send
  with:
    to: [owner]
    message: '{{ task.key }} is blocked'
";

/// What a command printed and its exit code.
pub(super) struct Ended {
    code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ended {
    #[track_caller]
    pub(super) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "it printed:\n{}{}", self.out, self.err);
        self
    }
}

/// `trackside` with these arguments and variables, in a folder where no configuration lies.
pub(super) fn trackside(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(program());
    command.current_dir(folder).args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRACKSIDE_") {
            command.env_remove(name);
        }
    }
    let Output { status, stdout, stderr } = command.envs(variables.iter().copied()).output().expect("trackside runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
    Ended { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// The same without holding up the story's own runtime.
pub(super) async fn run(db: &Database, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let folder = db.folder().to_owned();
    let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let variables: Vec<(String, String)> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        trackside(&folder, &arguments, &variables)
    })
    .await
    .unwrap()
}

both_databases! {
    async fn migrate_and_doctor_say_how_the_database_is(db) {
        let data = db.folder().join("data");
        let database = ["--database-url", db.url(), "--data", data.to_str().unwrap()];
        let command = |name| [&[name], &database[..]].concat();
        let sick = run(&db, &command("doctor"), &[]).await.expect(1);
        assert!(sick.out.contains("WRONG") && sick.out.contains("trackside migrate"), "{}", sick.out);
        let first = run(&db, &command("migrate"), &[]).await.expect(0);
        assert!(first.out.contains("applied 0001_spine"), "{}", first.out);
        let again = run(&db, &command("migrate"), &[]).await.expect(0);
        assert!(again.out.contains("up to date"), "{}", again.out);
        let well = run(&db, &command("doctor"), &[]).await.expect(0);
        assert!(!well.out.contains("WRONG") && well.out.contains("migrations"), "{}", well.out);
        assert_eq!(well.out.contains("row-level security stands between the workspaces"), db.is_postgres(), "{}", well.out);
        if db.is_postgres() {
            let url = db.url().rsplit_once('/').unwrap().0.to_owned() + "/no_such_database";
            let away = run(&db, &["doctor", "--database-url", &url, "--data", database[3]], &[]).await.expect(1);
            assert!(away.out.contains("WRONG  database"), "{}", away.out);
            let password = reqwest::Url::parse(&url).unwrap().password().unwrap_or("-none-").to_owned();
            assert!(!away.out.contains(&password) && !away.err.contains(&password), "a password was printed");
        } else {
            let file = db.url().strip_prefix("sqlite://").unwrap();
            for beside in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{file}{beside}"));
            }
            std::fs::write(file, b"this is no database at all, only some text that lies in its place").unwrap();
            let broken = run(&db, &command("doctor"), &[]).await.expect(1);
            assert!(broken.out.contains("WRONG  database"), "{}", broken.out);
            // Serving it is refused as well, with a plain word.
            let ended = Server::on(&db).try_start().await.err().expect("it does not start");
            assert!(ended.code.is_some_and(|code| code != 0) && !ended.log.contains("panicked"), "{}", ended.log);
        }
    }

    async fn what_stops_leaves_one_file_and_a_lost_key_is_not_replaced(db) {
        let mut server = Server::start(&db).await;
        Api::set_up(&server).await;
        assert!(server.stop().await.success(), "{}", server.log());
        if let Some(file) = db.url().strip_prefix("sqlite://") {
            let left = std::fs::metadata(format!("{file}-wal")).map_or(0, |wal| wal.len());
            assert_eq!(left, 0, "the file alone is the whole database");
        }
        let key = db.folder().join("data/secret.key");
        let copy = std::fs::read(&key).unwrap();
        std::fs::remove_file(&key).unwrap();
        let ended = Server::on(&db).try_start().await.err().expect("it does not start");
        assert!(ended.code == Some(2) && ended.log.contains("Put back your copy"), "{}", ended.log);
        assert!(!key.exists(), "no other key is made in its place");
        std::fs::write(&key, copy).unwrap();
        let first = Server::start(&db).await;
        let second = Server::start(&db).await;
        assert!(!first.log().contains("another trackside"), "{}", first.log());
        assert_eq!(second.log().contains("another trackside"), !db.is_postgres(), "{}", second.log());
    }
}

#[test]
fn a_wrong_configuration_is_named_and_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (arguments, variables, named) in [
        (&["serve", "--listen", "nowhere"][..], &[][..], "--listen"),
        (&["serve", "--lisen", "127.0.0.1:0"], &[], "--listen"),
        (&["serve", "--database-url", "mysql://u:geheim@h/d"], &[], "--database-url"),
        (&["serve"], &[("TRACKSIDE_RATE_LIMIT", "many")], "TRACKSIDE_RATE_LIMIT"),
        (&["serve"], &[("TRACKSIDE_RATE_LIMITS", "boss=3/m")], "TRACKSIDE_RATE_LIMITS"),
        (&["serve", "--rate-limits", "viewer=3"], &[], "--rate-limits"),
        (&["serve", "--cors-origins", "*"], &[], "--cors-origins"),
        (&["serve"], &[("TRACKSIDE_CORS_ORIGINS", "app.example.org")], "TRACKSIDE_CORS_ORIGINS"),
        (&["serve"], &[("TRACKSIDE_TRUSTED_PROXIES", "proxy.example.org")], "TRACKSIDE_TRUSTED_PROXIES"),
        (&["serve"], &[("TRACKSIDE_ALLOW_EGRESS", "everything")], "TRACKSIDE_ALLOW_EGRESS"),
        (&["serve"], &[("TRACKSIDE_ADMIN_EMAIL", "ada@acme.example")], "admin_password"),
        (
            &["serve"],
            &[("TRACKSIDE_ADMIN_EMAIL", "ada@acme.example"), ("TRACKSIDE_ADMIN_PASSWORD", "short")],
            "TRACKSIDE_ADMIN_PASSWORD",
        ),
        (&["serve"], &[("TRACKSIDE_REDIS_URL", "redis://127.0.0.1")], "TRACKSIDE_REDIS_URL"),
        (&["worker"], &[("TRACKSIDE_LOG", "x=y=z")], "TRACKSIDE_LOG"),
        (&["migrate", "--config", "missing.toml"], &[], "missing.toml"),
        (&["doctor", "--log-format", "pretty"], &[], "--log-format"),
        (&["dance"], &[], "dance"),
        (&["rules", "sing", "."], &[], "sing"),
    ] {
        let ended = trackside(here, arguments, variables).expect(2);
        assert!(ended.err.contains(named), "{arguments:?} {variables:?} printed: {}", ended.err);
        assert!(!ended.err.contains("geheim") && !ended.err.contains("panicked"), "{}", ended.err);
    }
    std::fs::write(here.join("trackside.toml"), "listne = \"127.0.0.1:0\"").unwrap();
    let ended = trackside(here, &["serve"], &[]).expect(2);
    assert!(ended.err.contains("trackside.toml") && ended.err.contains("did you mean `listen`"), "{}", ended.err);
    // A port that is taken is found before anything is made.
    std::fs::remove_file(here.join("trackside.toml")).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = trackside(here, &["serve", "--listen", &address], &[]).expect(2);
    assert!(ended.err.contains(&address), "{}", ended.err);
    assert_eq!(std::fs::read_dir(here).unwrap().count(), 0, "nothing was made");
}

#[test]
fn the_document_is_printed_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let printed = trackside(folder.path(), &["openapi"], &[]).expect(0);
    let document: Value = serde_json::from_str(&printed.out).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/api/v1/rules"]["post"].is_object());
    assert_eq!(trackside(folder.path(), &["--version"], &[]).expect(0).out.split(' ').next(), Some("trackside"));
    assert!(trackside(folder.path(), &["--help"], &[]).expect(0).out.contains("doctor"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

/// `trackside` with these arguments, read no further than its first bytes.
fn cut_off(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(program());
    command.current_dir(folder).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("trackside runs");
    drop(child.stdout.take());
    let Output { status, stderr, .. } = child.wait_with_output().expect("it ends");
    Ended { code: status.code(), out: String::new(), err: String::from_utf8(stderr).expect("it prints UTF-8") }
}

#[test]
fn whoever_has_read_enough_of_what_is_printed_may_go() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("blocked.yaml"), RULE).unwrap();
    std::fs::write(here.join("older.json"), r#"{ "paths": { "/api/v1/gone": { "get": {} } } }"#).unwrap();
    std::fs::write(here.join("export.ndjson"), "{}").unwrap();
    let database = format!("sqlite://{}/t.db", here.display());
    for (arguments, code) in [
        (&["openapi"][..], 0),
        (&["openapi", "--against", "older.json"], 1),
        (&["rules", "check", "."], 0),
        (&["migrate", "--database-url", &database], 0),
        (&["doctor", "--database-url", &database], 0),
        (&["audit", "verify", "export.ndjson"], 1),
        (&["--help"], 0),
    ] {
        let ended = cut_off(here, arguments);
        assert_eq!((ended.code, ended.err.as_str()), (Some(code), ""), "{arguments:?}");
    }
}

#[test]
fn what_breaks_clients_of_the_last_release_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let released = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.released.json");
    let kept = trackside(folder.path(), &["openapi", "--against", released], &[]).expect(0);
    assert_eq!(kept.out, "");
    // Had the last release had more, or asked for less, its clients would be stranded.
    let mut document: Value = serde_json::from_slice(&std::fs::read(released).unwrap()).unwrap();
    document["paths"]["/api/v1/wishes"] = json!({ "get": {} });
    let project = &mut document["components"]["schemas"]["NewProject"];
    project["required"] = json!([]);
    project["properties"]["colour"] = json!({ "type": "string" });
    let file = folder.path().join("released.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let broken = trackside(folder.path(), &["openapi", "--against", file.to_str().unwrap()], &[]).expect(1);
    for line in [
        "GET /api/v1/wishes is gone",
        "POST /api/v1/projects: body.colour: is gone",
        "POST /api/v1/projects: body.key: is required",
    ] {
        assert!(broken.out.contains(line), "{line}: {}", broken.out);
    }
}
