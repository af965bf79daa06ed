//! Real workers on real time: apalis over the table.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::Instant;
use trackside_engine::Result;
use trackside_engine::ids::JobId;
use trackside_engine::jobs::{Ask, Job, JobStore, Look, Outcome, Renewed, Setting, Ticket};
use trackside_workers::queue::{Options, Queues, Rate, Running, drain_queue, start};

use crate::place::{Do, Place, Probe, on_each, wait_for};

fn node(place: &Place, probe: &Probe, change: impl FnOnce(&mut Queues)) -> Running {
    let mut options = Options::new(probe.handlers());
    change(&mut options.queues);
    start(place.store.clone(), options).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_a_thousand_jobs_and_each_runs_once() {
    on_each(true, async |place: &Place| {
        let probe = Probe::default();
        let nodes = [node(place, &probe, |_| {}), node(place, &probe, |_| {})];
        for _ in 0..10 {
            place.enqueue((0..100).map(|_| place.job(Do::Nothing)).collect()).await;
        }
        wait_for(30, "the end of all jobs", async || probe.ran() >= 1_000).await;
        for node in nodes {
            node.stop().await;
        }
        assert_eq!(probe.ran(), 1_000);
        let waiting = place.waiting("runs").await;
        assert_eq!((waiting.ready, waiting.delayed, waiting.running, waiting.dead), (0, 0, 0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn panics_and_time_outs_are_failures_and_the_worker_goes_on() {
    on_each(true, async |place: &Place| {
        let probe = Probe::default();
        let node = node(place, &probe, |queues| queues.get_mut("runs").unwrap().timeout = Duration::from_millis(200));
        let (panics, hangs) = (place.job(Do::Panic).max_attempts(1), place.job(Do::Sleep(60_000)).max_attempts(1));
        place.enqueue(vec![panics, hangs, place.job(Do::Nothing)]).await;
        wait_for(10, "two dead letters", async || place.waiting("runs").await.dead == 2).await;
        place.enqueue(vec![place.job(Do::Nothing)]).await;
        wait_for(10, "the end of the others", async || probe.ran() >= 3).await;
        let reasons: Vec<String> = place.dead().await.into_iter().map(|dead| dead.reason).collect();
        assert!(reasons.iter().any(|reason| reason.contains("a probe panics")), "{reasons:?}");
        assert!(reasons.iter().any(|reason| reason.contains("time-out")), "{reasons:?}");
        assert_eq!(probe.dropped.load(Ordering::SeqCst), 1, "the one that hung was cancelled");
        node.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_while_the_job_runs_and_its_loss_cancels_the_handler() {
    on_each(true, async |place: &Place| {
        let probe = Probe::default();
        let nodes = [(); 2].map(|()| node(place, &probe, |queues| queues.lease = Duration::from_secs(1)));
        let long = place.job(Do::Sleep(2_500));
        let id = long.id;
        place.enqueue(vec![long]).await;
        wait_for(10, "the end of the long job", async || probe.times(id) == 1).await;
        assert_eq!(probe.started.load(Ordering::SeqCst), 1, "nobody took it over");

        let doomed = place.job(Do::Sleep(60_000));
        place.enqueue(vec![doomed]).await;
        wait_for(10, "the start", async || probe.started.load(Ordering::SeqCst) == 2).await;
        // Another node has claimed it, say: the epoch has moved on.
        place
            .db
            .write(async |tx| tx.execute("update jobs set epoch = epoch + 1, max_attempts = 1", ()).await)
            .await
            .unwrap();
        wait_for(5, "the cancellation", async || probe.dropped.load(Ordering::SeqCst) == 1).await;
        for node in nodes {
            node.stop().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_finishes_what_runs_and_gives_back_the_rest() {
    on_each(true, async |place: &Place| {
        let probe = Probe::default();
        let node = node(place, &probe, |queues| queues.get_mut("runs").unwrap().concurrency = 4);
        place.enqueue((0..40).map(|_| place.job(Do::Sleep(300))).collect()).await;
        wait_for(10, "the start", async || probe.started.load(Ordering::SeqCst) >= 4).await;
        let before = Instant::now();
        node.stop().await;
        assert!(before.elapsed() < Duration::from_secs(5));
        assert_eq!(probe.dropped.load(Ordering::SeqCst), 0);
        let (ran, waiting) = (probe.ran(), place.waiting("runs").await);
        assert_eq!((waiting.running, waiting.ready), (0, 40 - ran as i64), "{ran} ran");
        assert!((4..40).contains(&ran), "{ran}");
        assert!(place.claim(100).await.iter().all(|job| job.attempts == 1), "giving back is no attempt");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_of_the_grace_period_jobs_are_cancelled_and_given_back() {
    let place = Place::sqlite(true).await;
    let probe = Probe::default();
    let options = Options { grace: Duration::from_millis(200), ..Options::new(probe.handlers()) };
    let node = start(place.store.clone(), options).unwrap();
    place.enqueue(vec![place.job(Do::Sleep(60_000))]).await;
    wait_for(10, "the start", async || probe.started.load(Ordering::SeqCst) == 1).await;
    node.stop().await;
    wait_for(5, "the cancellation", async || probe.dropped.load(Ordering::SeqCst) == 1).await;
    let waiting = place.waiting("runs").await;
    assert_eq!((waiting.ready, waiting.running), (1, 0), "nobody has to wait for its lease");
}

#[tokio::test(flavor = "multi_thread")]
async fn delayed_jobs_start_on_time_and_idle_nodes_start_jobs_at_once() {
    on_each(true, async |place: &Place| {
        let probe = Probe::default();
        let node = node(place, &probe, |_| {});
        tokio::time::sleep(Duration::from_millis(100)).await;
        let due = place.source.now() + Duration::from_millis(700);
        place.enqueue(vec![place.job(Do::Nothing).due_at(due)]).await;
        wait_for(5, "the delayed job", async || probe.ran() == 1).await;
        let late = place.source.now() - due;
        assert!(late >= chrono::Duration::zero() && late < chrono::Duration::milliseconds(250), "{late}");

        let mut took = Vec::new();
        for n in 2..32 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            place.enqueue(vec![place.job(Do::Nothing)]).await;
            let since = Instant::now();
            while probe.ran() < n {
                tokio::time::sleep(Duration::from_micros(200)).await;
                assert!(since.elapsed() < Duration::from_secs(5));
            }
            took.push(since.elapsed());
        }
        took.sort();
        assert!(took[15] < Duration::from_millis(50), "median {:?}", took[15]);
        node.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_together_does_not_come_back_together() {
    on_each(true, async |place: &Place| {
        let probe = Probe::default();
        let before = place.source.now();
        let node = node(place, &probe, |_| {});
        place.enqueue((0..60).map(|_| place.job(Do::Fail(99))).collect()).await;
        wait_for(10, "every failure", async || place.waiting("runs").await.delayed == 60).await;
        node.stop().await;
        let due: Vec<(DateTime<Utc>,)> = {
            let mut rx = place.db.read().await.unwrap();
            rx.all("select due_at from jobs where attempts = 1 order by due_at", ()).await.unwrap()
        };
        // Between half of the pause and all of it, each somewhere else.
        assert!(due.iter().all(|(due,)| *due - before >= chrono::Duration::milliseconds(500)), "{due:?}");
        let places: std::collections::BTreeSet<i64> = due.iter().map(|(due,)| due.timestamp_millis() / 10).collect();
        assert!(places.len() > 15, "{due:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_drains_and_is_given_other_limits_while_it_works() {
    on_each(true, async |place: &Place| {
        let probe = Probe::default();
        let node = node(place, &probe, |queues| queues.get_mut("runs").unwrap().concurrency = 4);
        let panel = node.panel();
        panel.drain(true);
        place.enqueue((0..10).map(|_| place.job(Do::Nothing)).collect()).await;
        assert!(node.starter("runs").unwrap().reserve(&[place.workspace()]).is_none());
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!((probe.ran(), place.waiting("runs").await.ready), (0, 10), "nothing new is taken");
        panel.drain(false);
        wait_for(10, "the rest", async || probe.ran() == 10).await;
        let setting = Setting {
            name: "runs".to_owned(),
            concurrency: Some(20),
            timeout_ms: Some(1_000),
            rate_jobs: None,
            rate_ms: None,
            priority: None,
        };
        panel.set(&[setting]);
        assert!(panel.figures().contains(&("runs", 20, 10)), "{:?}", panel.figures());
        place.enqueue((0..12).map(|_| place.job(Do::Sleep(60_000)).max_attempts(1)).collect()).await;
        // More than there were places before; and each is cancelled at the new time-out.
        wait_for(10, "the start", async || probe.started.load(Ordering::SeqCst) == 22).await;
        wait_for(10, "the time-outs", async || probe.dropped.load(Ordering::SeqCst) == 12).await;
        wait_for(5, "the dead letters", async || place.dead().await.len() == 12).await;
        assert!(place.dead().await.iter().all(|dead| dead.reason.contains("time-out of its queue")));
        node.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_holds_back_and_a_drained_queue_is_quiet() {
    let place = Place::sqlite(true).await;
    let probe = Probe::default();
    let node = node(&place, &probe, |queues| {
        queues.get_mut("runs").unwrap().rate = Some(Rate { jobs: 10, per: Duration::from_secs(1) });
    });
    place.enqueue((0..100).map(|_| place.job(Do::Nothing)).collect()).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let ran = probe.ran();
    assert!((15..=27).contains(&ran), "{ran} ran in 1.5 s at 10 per second after a burst of 10");
    assert!(drain_queue(&place.db, "runs", Duration::from_secs(5)).await.unwrap());
    let ran = probe.ran();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(probe.ran(), ran);
    node.stop().await;
}

/// Counts what is asked of the table, and how much of that is claims of given ids.
pub struct Counted(pub Arc<dyn JobStore>, pub AtomicUsize, pub AtomicUsize);

impl Counted {
    fn one(&self) -> &dyn JobStore {
        self.1.fetch_add(1, Ordering::SeqCst);
        &*self.0
    }
}

impl JobStore for Counted {
    fn claim(&self, ask: Ask) -> BoxFuture<'_, Result<Vec<Job>>> {
        self.one().claim(ask)
    }
    fn begin(&self, ticket: Ticket) -> BoxFuture<'_, Result<bool>> {
        self.0.begin(ticket)
    }
    fn claim_ids(&self, ask: Ask, ids: Vec<JobId>) -> BoxFuture<'_, Result<Vec<Job>>> {
        self.2.fetch_add(1, Ordering::SeqCst);
        self.one().claim_ids(ask, ids)
    }
    fn ready_ids<'a>(&'a self, queue: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<JobId>>> {
        self.one().ready_ids(queue, limit)
    }
    fn finish(&self, outcomes: Vec<(Ticket, Outcome)>) -> BoxFuture<'_, Result<()>> {
        self.one().finish(outcomes)
    }
    fn renew(&self, tickets: Vec<Ticket>, lease: Duration) -> BoxFuture<'_, Result<Renewed>> {
        self.one().renew(tickets, lease)
    }
    fn look<'a>(&'a self, queues: &'a [String]) -> BoxFuture<'a, Result<Look>> {
        self.one().look(queues)
    }
    fn wakes(&self) -> watch::Receiver<u64> {
        self.0.wakes()
    }
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
}

#[tokio::test]
async fn an_idle_node_asks_almost_nothing() {
    let place = Place::sqlite(true).await;
    let counted = Arc::new(Counted(place.store.clone(), AtomicUsize::new(0), AtomicUsize::new(0)));
    let node = start(counted.clone(), Options::new(Probe::default().handlers())).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = counted.1.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(12)).await;
    let asked = counted.1.load(Ordering::SeqCst) - before;
    assert!(asked <= 3, "{asked} queries in 12 idle seconds: less than 30 a minute are wanted, of all that polls");
    node.stop().await;
}
