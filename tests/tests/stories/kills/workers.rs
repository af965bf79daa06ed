//! Several nodes on one database: they race, one of them freezes, one of them dies.

use std::time::Duration;

use trackside_tests::both_databases;
use trackside_tests::harness::{Database, Server, run_story};

use crate::ledger::{Workshop, serve};

/// A figure of `/metrics`, all its labels summed up.
async fn metric(server: &Server, name: &str) -> f64 {
    let page = trackside_tests::harness::Api::new(server).outside().get("/metrics").await.expect_status(200);
    let page = page.body.as_str().expect("metrics are text").to_owned();
    let figures = page.lines().filter(|line| line.starts_with(name)).filter_map(|line| line.rsplit(' ').next());
    figures.filter_map(|figure| figure.parse::<f64>().ok()).sum()
}

/// PRO-02: one run per (event, rule), whoever dispatches.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_dispatchers_race_over_500_events() {
    run_story(Database::postgres().await, |db| async move {
        let (one, two) = (serve(&db).start().await, serve(&db).start().await);
        let _three = serve(&db).worker().start().await;
        let mut shop = Workshop::open(&db, &one).await;
        for round in 0..5 {
            shop.at(if round % 2 == 0 { &one } else { &two });
            assert_eq!(shop.post(100).await, 100);
        }
        shop.balance().await;
        assert_eq!(shop.accepted.len(), 500);
        for server in [&one, &two] {
            let taken = metric(server, "trackside_events_dispatched_total").await;
            assert!(taken > 0.0, "both took part in the race");
        }
    })
    .await;
}

/// PRO-05: a worker that slept past its lease finds that others have its work, and what it still says is not written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_slept_past_its_lease_is_refused() {
    run_story(Database::postgres().await, |db| async move {
        let server = serve(&db).arg("--no-workers").start().await;
        let mut shop = Workshop::open(&db, &server).await;
        let mut sleeper = serve(&db).worker().start().await;
        shop.sink.dawdle(Duration::from_secs(2));
        assert_eq!(shop.post(30).await, 30);
        while shop.sink.hits_on("/tell").len() < 30 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Its calls are on their way: the answers come while it sleeps, and it reads them when it wakes.
        sleeper.freeze();
        shop.sink.dawdle(Duration::ZERO);
        let mut other = serve(&db).worker().start().await;
        // Between half and all of the work is done by the other one when the sleeper wakes.
        db.quiet(Duration::from_secs(30)).await;
        let written = db.count("run_steps").await;
        sleeper.thaw();
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(db.count("run_steps").await, written, "the sleeper wrote nothing");
        shop.balance().await;
        assert!(shop.sink.hits_on("/tell").len() >= 60, "what the sleeper had sent was sent again");
        // It is none the worse for it.
        other.kill9();
        assert_eq!(shop.post(10).await, 10);
        shop.balance().await;
    })
    .await;
}

/// PRO-05, while others are still at it: the sleeper wakes in the middle of what it lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_wakes_among_those_who_took_over_does_nothing_twice() {
    run_story(Database::postgres().await, |db| async move {
        let server = serve(&db).arg("--no-workers").start().await;
        let mut shop = Workshop::open(&db, &server).await;
        let (mut one, mut two) = (serve(&db).worker().start().await, serve(&db).worker().start().await);
        shop.sink.dawdle(Duration::from_millis(150));
        assert_eq!(shop.post(200).await, 200);
        for _ in 0..2 {
            one.freeze();
            tokio::time::sleep(Duration::from_millis(2_600)).await;
            one.thaw();
            two.freeze();
            tokio::time::sleep(Duration::from_millis(2_600)).await;
            two.thaw();
        }
        shop.balance().await;
    })
    .await;
}

both_databases! {
    /// PRO-05 with nobody else there: a node that slept meets its own newer claims.
    async fn a_node_that_slept_past_its_lease_does_nothing_twice(db) {
        let mut server = serve(&db).start().await;
        let mut shop = Workshop::open(&db, &server).await;
        shop.sink.dawdle(Duration::from_millis(300));
        assert_eq!(shop.post(60).await, 60);
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            server.freeze();
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            server.thaw();
        }
        shop.balance().await;
    }

    /// Told to stop in the middle of its work (REL-04), a node leaves nothing that anybody has to wait for.
    async fn a_node_that_is_told_to_stop_gives_its_work_back(db) {
        let mut server = serve(&db).start().await;
        let mut shop = Workshop::open(&db, &server).await;
        shop.sink.dawdle(Duration::from_millis(200));
        shop.post_together(150).await;
        assert!(server.stop().await.success(), "{}", server.log());
        assert_eq!(db.count("jobs where lease_until is not null").await, 0, "no claim is left behind");
        let server = serve(&db).start().await;
        shop.at(&server);
        shop.sink.dawdle(Duration::ZERO);
        shop.balance().await;
        let repeated = shop.sink.hits_on("/tell").len() - 150;
        assert_eq!(repeated, 0, "what was under way was finished, not cut off");
    }
}
