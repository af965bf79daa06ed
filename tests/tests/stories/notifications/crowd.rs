//! Many are told at once (NTF-02): all of them, each once, whenever the process dies, and nobody waits for it.

use std::time::{Duration, Instant};

use serde_json::json;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People, Server};

/// A rule that tells all viewers.
async fn rule(api: &Api) -> String {
    let rule = json!({ "name": "Town crier", "trigger": { "on": "manual" },
        "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["role:viewer"], "message": "Hear ye" } }] });
    let id = api.post("/rules", rule).await.expect_status(201).text("/id");
    api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
    id
}

/// How many were told, and how many times in all.
async fn told(db: &Database) -> (i64, i64) {
    let people = db.count("(select distinct user_id from notifications where message = 'Hear ye') told").await;
    (people, db.count("notifications where message = 'Hear ye'").await)
}

async fn wait(db: &Database, count: i64) {
    let start = Instant::now();
    while told(db).await.0 < count {
        assert!(start.elapsed() < Duration::from_secs(60), "{:?} of {count}", told(db).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

both_databases! {
    async fn ten_thousand_are_told_while_everybody_else_works_on(db) {
        // As many as a test has time for; by hand, TRACKSIDE_TEST_CROWD=10000.
        let crowd: i64 = std::env::var("TRACKSIDE_TEST_CROWD").map_or(1_000, |count| count.parse().expect("a number"));
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let people = People::of(&db).await;
        people.crowd(&api.get("/me").await.text("/workspace/id"), "viewer", crowd as usize).await;
        people.leave().await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let rule = rule(&api).await;
        api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202);
        let (start, mut worst) = (Instant::now(), Duration::ZERO);
        while told(&db).await.0 < crowd {
            let asked = Instant::now();
            api.post("/projects/WEB/tasks", json!({ "title": "Meanwhile" })).await.expect_status(201);
            worst = worst.max(asked.elapsed());
            assert!(start.elapsed() < Duration::from_secs(60), "{:?}", told(&db).await);
        }
        println!("{crowd} were told after {:?}; nobody waited longer than {worst:?}", start.elapsed());
        db.quiet(Duration::from_secs(30)).await;
        assert_eq!(told(&db).await, (crowd, crowd));
        assert!(worst < Duration::from_secs(5), "{worst:?}");
    }

    /// Dies while people are told; nobody is forgotten, and nobody is told twice.
    async fn a_crowd_is_told_once_through_kills(db) {
        const CROWD: i64 = 450;
        let start = async |at: Option<&str>| {
            let setup = Server::on(&db).arg("--lease").arg("2s");
            match at {
                Some(at) => setup.env("TRACKSIDE_CRASH_AT", at).start().await,
                None => setup.start().await,
            }
        };
        let server = start(None).await;
        let mut api = Api::set_up(&server).await;
        let people = People::of(&db).await;
        people.crowd(&api.get("/me").await.text("/workspace/id"), "viewer", CROWD as usize).await;
        people.leave().await;
        let rule = rule(&api).await;
        drop(server);
        for (round, point) in ["tell.before_commit:1", "tell.people_before_commit:2", "tell.people_committed:1"].into_iter().enumerate() {
            let mut server = start(Some(point)).await;
            api = api.at(&server);
            if round == 0 {
                api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202);
            }
            server.wait_for_end(Duration::from_secs(30)).await;
            assert!(round == 2 || told(&db).await.1 < CROWD, "it died at {point} with all of them told");
        }
        let server = start(None).await;
        api = api.at(&server);
        wait(&db, CROWD).await;
        db.quiet(Duration::from_secs(60)).await;
        assert_eq!(told(&db).await, (CROWD, CROWD));
        assert_eq!(db.count("told where channel = 'app'").await, CROWD);
        api.get("/notifications").await.expect_status(200);
    }
}
