//! PRO-06, REL-03 with the settings people have: the work of a dead worker is taken over within 30 seconds.
//! Apart from the other kills, because it waits most of the time and keeps no processor busy.

use std::time::{Duration, Instant};

use trackside_tests::both_databases;
use trackside_tests::harness::{Database, Server, Setup};

use crate::ledger::Workshop;

/// The promise.
const PROMISED: Duration = Duration::from_secs(30);

fn with_the_usual_lease(db: &Database) -> Setup {
    Server::on(db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8")
}

both_databases! {
    async fn the_work_of_a_dead_worker_is_taken_over_within_30_seconds(db) {
        let mut first = with_the_usual_lease(&db).start().await;
        let mut shop = Workshop::open(&db, &first).await;
        shop.sink.dawdle(Duration::from_secs(20));
        assert_eq!(shop.post(20).await, 20);
        while shop.sink.hits_on("/tell").len() < 20 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        shop.sink.dawdle(Duration::ZERO);
        // A second node where there can be one, the same one again where there cannot.
        let mut second = None;
        if db.is_postgres() {
            second = Some(with_the_usual_lease(&db).worker().start().await);
            first.kill9();
        }
        let killed = Instant::now();
        if second.is_none() {
            first.restart().await;
        }
        while shop.sink.hits_on("/tell").len() < 40 {
            assert!(killed.elapsed() < PROMISED, "{} of 20 were taken over", shop.sink.hits_on("/tell").len() - 20);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        shop.balance().await;
    }
}
