//! Real deaths: the worker is a process of its own, and a job ends it.

use std::process::{Command, Stdio};
use std::time::Duration;

use trackside_workers::queue::{Options, start};

use crate::place::{Do, Place, Probe, wait_for};

const VISIT: &str = "TRACKSIDE_TEST_VISIT";

/// Not a story by itself, and over at once: the process that dies in the one below.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_in_a_process_of_its_own() {
    let Ok(url) = std::env::var(VISIT) else { return };
    let place = Place::visit(url).await;
    let mut options = Options::new(Probe::default().handlers());
    options.queues.lease = Duration::from_secs(1);
    let _node = start(place.store.clone(), options).unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_its_worker_is_given_up_and_the_others_run() {
    let place = Place::sqlite(true).await;
    let poison = place.job(Do::Abort).max_attempts(3).priority(1);
    let id = poison.id;
    place.enqueue(vec![poison]).await;
    place.enqueue((0..20).map(|_| place.job(Do::Sleep(20))).collect()).await;
    for _ in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "death::a_node_in_a_process_of_its_own"])
            .env(VISIT, &place.url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_for(20, "the death of the worker", async || child.try_wait().unwrap().is_some()).await;
        assert!(!child.wait().unwrap().success());
    }
    let mut options = Options::new(Probe::default().handlers());
    options.queues.lease = Duration::from_secs(1);
    let node = start(place.store.clone(), options).unwrap();
    wait_for(10, "the end of all jobs", async || {
        let waiting = place.waiting("runs").await;
        (waiting.ready, waiting.delayed, waiting.running, waiting.dead) == (0, 0, 0, 1)
    })
    .await;
    let dead = place.dead().await.remove(0);
    assert_eq!((dead.id, dead.attempts), (id, 3));
    assert!(dead.reason.contains("worker died"), "{}", dead.reason);
    node.stop().await;
}
