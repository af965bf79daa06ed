//! What foreign tools make of the OpenAPI document (see `tests/contract/`): a fuzzer that asks every operation and holds
//! each answer against what is documented, a linter, and a generated TypeScript client.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Server};

/// Seconds that the fuzzer takes: about a half to look at every field of every operation, the rest to try at random.
const FUZZING: &str = "120";

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract");
    assert!(
        folder.join("node_modules").is_dir(),
        "the tools of tests/contract are not installed; run `make test`, or scripts/install-test-tools.sh before the tests"
    );
    folder
}

/// The folder of the fuzzer's programs, where the set-up has put it.
fn fuzzer() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache"))).expect("there is a home");
    let program = cache.join("trackside/tools/contract/bin/schemathesis");
    assert!(program.is_file(), "{} is missing; run scripts/install-test-tools.sh", program.display());
    program
}

#[track_caller]
fn went_well(what: &str, output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().rev().take(20_000).collect::<Vec<_>>();
    let shown = |bytes: &[u8]| text(bytes).into_iter().rev().collect::<String>();
    assert!(output.status.success(), "{what}:\n{}\n{}", shown(&output.stdout), shown(&output.stderr));
}

/// A token that nothing the fuzzer does can end, in a workspace with a little of everything.
async fn token(api: &Api) -> String {
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
    api.post("/tokens", json!({ "name": "fuzzer" })).await.expect_status(201).text("/token")
}

both_databases! {
    async fn every_operation_answers_as_documented(db) {
        let server = Server::on(&db).env("TRACKSIDE_RATE_LIMIT", "off").start().await;
        let token = token(&Api::set_up(&server).await).await;
        let place = tempfile::tempdir().unwrap();
        let (url, bearer, home) = (format!("{}/api/openapi.json", server.url()), format!("Authorization: Bearer {token}"), place.path().to_owned());
        let run = move || {
            let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance";
            // What would end the fuzzer's own access is walked by the stories of its area.
            let own = "^/api/v1/(auth|setup|tokens|members|me|service-accounts|second-factor)";
            // One worker: the way Python 3.11 counts its depth does not bear several.
            Command::new(fuzzer())
                .args(["run", &url, "-H", &bearer, "--phases", "examples,coverage,fuzzing,stateful", "-c", checks, "--exclude-path-regex", own])
                .args(["--continue-on-failure", "--request-timeout", "20", "--no-color", "-w", "1", "--max-time", FUZZING])
                .current_dir(home)
                .output()
                .expect("the fuzzer starts")
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        went_well("an answer is not what the document says", &output);
        assert!(!server.log().contains("panicked"), "{}", server.log());
    }

    async fn a_generated_client_compiles_and_drives_a_story(db) {
        let server = Server::start(&db).await;
        let token = token(&Api::set_up(&server).await).await;
        let (url, database) = (server.url().to_owned(), if db.is_postgres() { "postgres" } else { "sqlite" });
        let run = move || {
            let folder = folder();
            // Beside the sources, because the compiler looks for packages upwards from there; one for each database.
            let place = folder.join(format!("generated-{database}"));
            std::fs::create_dir_all(place.join("generated")).unwrap();
            for file in ["story.ts", "tsconfig.json", "package.json"] {
                std::fs::copy(folder.join(file), place.join(file)).unwrap();
            }
            let tool = |name: &str| folder.join("node_modules/.bin").join(name);
            let document = folder.join("../../docs/openapi.json");
            let generate = Command::new(tool("openapi-typescript")).arg(document).args(["-o", "generated/schema.d.ts", "--default-non-nullable", "false"]).current_dir(&place).output();
            went_well("no client can be generated", &generate.unwrap());
            went_well("the client does not compile", &Command::new(tool("tsc")).args(["-p", "."]).current_dir(&place).output().unwrap());
            let story = Command::new("node").arg("generated/story.js").env("TRACKSIDE_URL", &url).env("TRACKSIDE_TOKEN", &token).current_dir(&place).output();
            std::fs::remove_dir_all(&place).unwrap();
            story.unwrap()
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        went_well("the story went wrong", &output);
        assert!(String::from_utf8_lossy(&output.stdout).contains("the story went well"));
    }
}

#[test]
fn a_foreign_linter_finds_no_error() {
    let folder = folder();
    let output = Command::new(folder.join("node_modules/.bin/redocly"))
        .args(["lint", "../../docs/openapi.json", "--extends", "recommended", "--max-problems", "1000"])
        .current_dir(&folder)
        .output();
    went_well("the document has errors", &output.unwrap());
}
