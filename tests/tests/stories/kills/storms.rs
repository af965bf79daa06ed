//! Everything at once: kills at random moments under load, and a Redis that forgets.

use std::time::Duration;

use rand::Rng;
use trackside_tests::both_databases;
use trackside_tests::harness::{Database, Redis, run_story};

use crate::ledger::{Workshop, serve};

both_databases! {
    /// REL-01, REL-02: ten kills over 2,000 posts that were acknowledged.
    async fn ten_kills_at_random_under_load(db) {
        let mut server = serve(&db).start().await;
        let mut shop = Workshop::open(&db, &server).await;
        let load = shop.load();
        let posters = load.start(8);
        let mut kills = 0;
        // Posts take longer on PostgreSQL, and prove no more.
        let wanted = if db.is_postgres() { 500 } else { 2_000 };
        while kills < 10 || load.accepted() < wanted {
            let enough = load.accepted() + wanted / 10 * (10 - kills);
            let pause = Duration::from_millis(rand::rng().random_range(50..700));
            tokio::time::sleep(pause).await;
            // Spread over the whole of the load, not over its beginning.
            if kills < 10 && enough >= wanted {
                server.kill9();
                kills += 1;
                server.restart().await;
                load.go_to(&server);
            }
        }
        load.stop();
        for poster in posters {
            poster.await.unwrap();
        }
        shop.at(&server);
        shop.take(&load);
        assert!(shop.accepted.len() >= wanted);
        shop.balance().await;
    }
}

/// RUN-03: `FLUSHALL` in the middle of 1,000 runs, several times, on two nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_flushed_in_the_middle_of_1000_runs() {
    run_story(Database::postgres().await, |db| async move {
        let redis = Redis::start().await;
        let server = serve(&db).arg("--redis-url").arg(redis.url()).start().await;
        let _worker = serve(&db).worker().arg("--redis-url").arg(redis.url()).start().await;
        let mut shop = Workshop::open(&db, &server).await;
        for _ in 0..5 {
            assert_eq!(shop.post(200).await, 200);
            redis.flush().await;
        }
        assert!(db.count("jobs").await > 0, "the runs are in the middle");
        while db.count("jobs").await > 0 {
            redis.flush().await;
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        shop.balance().await;
        assert_eq!(shop.accepted.len(), 1_000);
    })
    .await;
}

/// RUN-03: Redis goes away in the middle, comes back empty, and goes again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_stopped_and_started_in_the_middle_of_600_runs() {
    run_story(Database::postgres().await, |db| async move {
        let mut redis = Redis::start().await;
        let server = serve(&db).arg("--redis-url").arg(redis.url()).start().await;
        let _worker = serve(&db).worker().arg("--redis-url").arg(redis.url()).start().await;
        let mut shop = Workshop::open(&db, &server).await;
        assert_eq!(shop.post(200).await, 200);
        redis.process().kill9();
        assert_eq!(shop.post(200).await, 200, "posts are taken without Redis");
        shop.balance().await;
        redis.restart().await;
        assert_eq!(shop.post(200).await, 200);
        redis.process().freeze();
        shop.balance().await;
        redis.process().thaw();
        assert_eq!(shop.post(50).await, 50);
        shop.balance().await;
    })
    .await;
}
