//! The web app in a real browser: each file of `web/stories` is a test here, with a server of its own, at the widths of a
//! desk and of a phone. What Playwright says of a story that failed is the failure.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Server, program};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../web")
}

async fn play(file: &str) {
    let folder = folder();
    assert!(
        folder.join("node_modules").is_dir() && folder.join("dist/index.html").is_file(),
        "the web app is not built; run `make test`, or scripts/install-test-tools.sh and scripts/build-web.sh before the tests"
    );
    let output = Command::new("npx")
        .args(["--no-install", "playwright", "test", &format!("stories/{file}.story.ts")])
        // Several run at once, and each throws away what lay in its own before it begins.
        .arg(format!("--output=test-results/{file}"))
        .current_dir(&folder)
        .env("TRACKSIDE_BIN", program())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("npx can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

both_databases! {
    /// WEB-01: the app comes with the program, compressed, and is asked for again only when it is another.
    async fn the_app_is_handed_out(db) {
        let server = Server::start(&db).await;
        let browser = Api::new(&server).outside().with_header("accept", "text/html,*/*").with_header("accept-encoding", "gzip, br");
        let page = browser.get("/tasks/WEB-1").await.expect_status(200);
        let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
        assert_eq!((header("content-type"), header("cache-control")), ("text/html; charset=utf-8".to_owned(), "no-cache".to_owned()));
        assert_eq!(header("content-encoding"), "br");
        browser.with_header("if-none-match", &header("etag")).get("/tasks/WEB-1").await.expect_status(304);
        let plain = Api::new(&server).outside().with_header("accept", "text/html").get("/").await.expect_status(200);
        assert!(!plain.headers.contains_key("content-encoding"));
        let text = plain.body.as_str().unwrap();
        let script = text.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".js")).unwrap();
        let script = browser.get(script).await.expect_status(200);
        assert_eq!(script.headers["cache-control"], "public, max-age=31536000, immutable");
        browser.get("/assets/gone.js").await.expect_problem(404, "route_not_found");
        browser.get("/api/v1/nothing").await.expect_problem(404, "route_not_found");
        browser.post("/tasks/WEB-1", serde_json::json!({})).await.expect_problem(404, "route_not_found");
    }
}

/// A test for each file, and one that none is missing.
macro_rules! stories {
    ($($file:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $file() {
            play(stringify!($file)).await;
        })*

        #[test]
        fn every_file_of_stories_is_played() {
            let mut there: Vec<String> = std::fs::read_dir(folder().join("stories"))
                .expect("there are stories")
                .filter_map(|file| Some(file.ok()?.file_name().to_str()?.strip_suffix(".story.ts")?.to_owned()))
                .collect();
            there.sort();
            assert_eq!(there, [$(stringify!($file)),*]);
        }
    };
}

stories! {
    account, allocations, board, builder, calendar, firstminute, list, money, offline, projects, recurring, task,
    templates, timesheets, trouble,
}
