//! The examples of the documents, run as they stand there.

use std::process::Command;

use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Server, program};

/// The documents whose examples follow on each other, from a workspace that was just set up.
const DOCUMENTS: &[&str] = &[
    "rules-as-files.md",
    "access.md",
    "api.md",
    "rule-templates.md",
    "testing-rules.md",
    "time-and-budgets.md",
    "variables-and-secrets.md",
];

/// The examples of a document, one behind the other.
fn examples(document: &str) -> String {
    let file = format!("{}/../docs/{document}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let blocks = text.split("```bash\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    blocks.collect::<Vec<_>>().join("\n")
}

both_databases! {
    async fn the_examples_of_the_documents_work(db) {
        let mut server = Server::start(&db).await;
        Api::set_up(&server).await;
        for document in DOCUMENTS {
            let script = examples(document);
            assert!(script.contains("http://127.0.0.1:8080"), "{document} has examples");
            let script = script.replace("http://127.0.0.1:8080", server.url());
            // Where they call the program, it is the one that is tested; what they write lies beside the database.
            let path = format!("{}:{}", program().parent().unwrap().display(), std::env::var("PATH").unwrap());
            let here = db.folder().to_owned();
            let ran = tokio::task::spawn_blocking(move || {
                let mut bash = Command::new("bash");
                bash.current_dir(here).env("PATH", path).args(["-euxo", "pipefail", "-c", &script]).env("NO_PROXY", "*").env("no_proxy", "*");
                bash.output().expect("bash runs")
            });
            let ran = ran.await.unwrap();
            let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert!(ran.status.success(), "{document}:\n{}\n{}", said(&ran.stderr), said(&ran.stdout));
        }
        assert!(server.stop().await.success());
    }
}
