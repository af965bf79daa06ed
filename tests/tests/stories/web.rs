//! The web app in a real browser: each file of `web/stories` is a test here, with a server of its own, at the widths of a
//! desk and of a phone. What Playwright says of a story that failed is the failure.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use trackside_tests::harness::program;

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

stories! { account }
