//! What the table promises, with a clock that is set by hand.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use trackside_engine::ids::Id as _;
use trackside_engine::jobs::{self, Outcome, Renewed};
use trackside_workers::queue::run_jobs;

use crate::place::{Do, LEASE, Place, Probe, on_each};

#[tokio::test]
async fn a_stale_worker_cannot_write() {
    on_each(false, async |place: &Place| {
        place.enqueue(vec![place.job(Do::Nothing)]).await;
        let stale = place.claim(1).await.remove(0).ticket();
        place.advance(14);
        place.look().await;
        assert!(place.claim(1).await.is_empty(), "the lease still runs");
        place.advance(2);
        place.look().await;
        let job = place.claim(1).await.remove(0);
        assert_eq!((job.epoch, job.attempts), (2, 2), "the crash counts as an attempt");

        for outcome in
            [Outcome::Done, Outcome::retry("late"), Outcome::Released, Outcome::Dead { reason: "late".into() }]
        {
            place.store.finish(vec![(stale, outcome)]).await.unwrap();
        }
        let error = place.db.write(async move |tx| jobs::service::complete(tx, stale).await).await.unwrap_err();
        assert_eq!(error.code, "lease_lost");
        let error = place.db.write(async move |tx| jobs::service::hold(tx, stale).await).await.unwrap_err();
        assert_eq!(error.code, "lease_lost");
        let due = place.source.now();
        let error = place.db.write(async move |tx| jobs::service::reschedule(tx, stale, due).await).await.unwrap_err();
        assert_eq!(error.code, "lease_lost");
        let renewed = place.store.renew(vec![stale, job.ticket()], LEASE).await.unwrap();
        assert_eq!(renewed, Renewed { kept: vec![job.ticket()], lost: vec![stale] });
        assert_eq!(place.waiting("runs").await.running, 1);

        let ticket = job.ticket();
        place
            .db
            .write(async move |tx| {
                jobs::service::hold(tx, ticket).await?;
                jobs::service::complete(tx, ticket).await
            })
            .await
            .unwrap();
        let waiting = place.waiting("runs").await;
        assert_eq!((waiting.ready, waiting.delayed, waiting.running, waiting.dead), (0, 0, 0, 0));
    })
    .await;
}

/// A run that waits for another's lock has its job locked meanwhile.
#[tokio::test]
async fn leases_are_renewed_beside_a_job_that_somebody_is_writing_about() {
    on_each(false, async |place: &Place| {
        if place.url.starts_with("sqlite") {
            return;
        }
        place.enqueue((0..3).map(|_| place.job(Do::Nothing)).collect()).await;
        let tickets: Vec<_> = place.claim(3).await.iter().map(jobs::Job::ticket).collect();
        let mut other = PgConnection::connect(&place.url).await.unwrap();
        let mut busy = other.begin().await.unwrap();
        sqlx::query("select 1 from jobs where id = $1 for update")
            .bind(tickets[1].id.uuid())
            .execute(&mut *busy)
            .await
            .unwrap();
        let mut renewed = place.store.renew(tickets.clone(), LEASE).await.unwrap();
        renewed.kept.sort_by_key(|ticket| ticket.id);
        assert_eq!(renewed, Renewed { kept: vec![tickets[0], tickets[2]], lost: vec![] });
        busy.rollback().await.unwrap();
        let renewed = place.store.renew(vec![tickets[1]], LEASE).await.unwrap();
        assert_eq!(renewed, Renewed { kept: vec![tickets[1]], lost: vec![] });
        other.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_job_that_only_waited_when_its_worker_died_again_is_not_to_blame() {
    on_each(false, async |place: &Place| {
        place.enqueue(vec![place.job(Do::Nothing).max_attempts(2)]).await;
        assert!(!place.claim(1).await.remove(0).suspect);
        for _ in 0..5 {
            place.advance(16);
            place.look().await;
            let job = place.claim(1).await.remove(0);
            assert_eq!((job.suspect, job.attempts), (true, 2), "the second death comes before it began");
        }
        place.advance(16);
        place.look().await;
        let job = place.claim(1).await.remove(0);
        assert!(place.store.begin(job.ticket()).await.unwrap());
        place.advance(16);
        place.look().await;
        assert_eq!(place.dead().await.len(), 1, "this death counts");
        assert!(!place.store.begin(job.ticket()).await.unwrap(), "a dead letter cannot begin");
    })
    .await;
}

/// A machine that freezes, or a database that is away for longer than a lease, is no death of those who worked there.
#[tokio::test]
async fn a_worker_that_outlives_its_lease_did_not_die_of_the_job() {
    on_each(false, async |place: &Place| {
        place.enqueue(vec![place.job(Do::Nothing).max_attempts(3)]).await;
        let mut stale = place.claim(1).await.remove(0).ticket();
        for _ in 0..6 {
            place.advance(16);
            place.look().await;
            let job = place.claim(1).await.remove(0);
            assert!(place.store.begin(job.ticket()).await.unwrap());
            place.store.finish(vec![(stale, Outcome::Released)]).await.unwrap();
            stale = job.ticket();
        }
        assert!(place.dead().await.is_empty());

        // Said before anybody else has claimed it, it is as good; said of a job that is still held, it gives it back.
        place.advance(16);
        place.look().await;
        place.store.finish(vec![(stale, Outcome::Released)]).await.unwrap();
        let job = place.claim(1).await.remove(0);
        assert_eq!(job.attempts, 1);
        place.store.finish(vec![(job.ticket(), Outcome::Released)]).await.unwrap();
        assert_eq!(place.claim(1).await.remove(0).attempts, 1);
    })
    .await;
}

#[tokio::test]
async fn a_job_that_kills_its_worker_ends_among_the_dead_letters_and_blocks_nothing() {
    on_each(false, async |place: &Place| {
        let poison = place.job(Do::Nothing).max_attempts(3).priority(9);
        let id = poison.id;
        place.enqueue(vec![poison, place.job(Do::Nothing)]).await;
        for attempt in 1..=3 {
            let job = place.claim(1).await.remove(0);
            assert_eq!((job.id, job.attempts), (id, attempt));
            assert_eq!(job.suspect, attempt > 1, "it was there when a worker died");
            if job.suspect {
                assert!(place.store.begin(job.ticket()).await.unwrap());
            }
            // The worker dies here: nobody says anything.
            place.advance(16);
            place.look().await;
        }
        let dead = place.dead().await;
        assert_eq!(dead.len(), 1);
        assert_eq!((dead[0].id, dead[0].attempts), (id, 3));
        assert!(dead[0].reason.contains("worker died"), "{}", dead[0].reason);
        assert_eq!(run_jobs(&*place.store, &Probe::default().handlers()).await.unwrap(), 1, "the other job runs");

        // Put back, it starts afresh, but a worker of its first life is still refused.
        let now = place.source.now();
        let revived = place.db.write(async move |tx| jobs::service::requeue_dead(tx, &[id], now).await).await.unwrap();
        assert_eq!(revived, 1);
        place.look().await;
        let job = place.claim(1).await.remove(0);
        assert_eq!((job.id, job.attempts, job.epoch), (id, 1, 4));
        assert!(place.dead().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn failures_are_retried_later_and_later_and_then_given_up() {
    on_each(false, async |place: &Place| {
        let probe = Probe::default();
        let handlers = probe.handlers();
        let (heals, fails, panics) =
            (place.job(Do::Fail(2)), place.job(Do::Fail(99)).max_attempts(4), place.job(Do::Panic).max_attempts(1));
        let (heals_id, fails_id) = (heals.id, fails.id);
        place.enqueue(vec![heals, fails, panics]).await;
        assert_eq!(run_jobs(&*place.store, &handlers).await.unwrap(), 3);
        assert_eq!(run_jobs(&*place.store, &handlers).await.unwrap(), 0, "nothing is retried before its time");
        // With no chance in it the pauses are 1, 2 and 4 seconds.
        for (seconds, ran) in [(1, 2), (1, 0), (1, 2), (3, 0), (1, 1), (100, 0)] {
            place.advance(seconds);
            assert_eq!(run_jobs(&*place.store, &handlers).await.unwrap(), ran, "after {seconds} s more");
        }
        assert_eq!((probe.times(heals_id), probe.times(fails_id)), (3, 4));
        let reasons: Vec<String> = place.dead().await.into_iter().map(|dead| dead.reason).collect();
        assert_eq!(reasons.len(), 2);
        assert!(reasons.iter().any(|reason| reason.contains("failure 4")), "{reasons:?}");
        assert!(reasons.iter().any(|reason| reason.contains("a probe panics")), "{reasons:?}");
    })
    .await;
}

#[tokio::test]
async fn a_delayed_job_waits_for_its_time_and_the_poll_knows_when() {
    on_each(false, async |place: &Place| {
        let due = place.source.now() + Duration::from_secs(600);
        place.enqueue(vec![place.job(Do::Nothing).due_at(due)]).await;
        let look = place.look().await;
        assert_eq!(look.next, Some(due));
        assert!(look.queues.iter().all(|queue| !queue.ready));
        let handlers = Probe::default().handlers();
        place.advance(599);
        assert_eq!(run_jobs(&*place.store, &handlers).await.unwrap(), 0);
        place.advance(1);
        assert_eq!(run_jobs(&*place.store, &handlers).await.unwrap(), 1);
        assert_eq!(place.look().await.next, None);
    })
    .await;
}

#[tokio::test]
async fn a_paused_queue_hands_out_nothing() {
    on_each(false, async |place: &Place| {
        place.enqueue(vec![place.job(Do::Nothing)]).await;
        place.db.write(async |tx| jobs::service::pause(tx, "runs").await).await.unwrap();
        assert!(place.claim(10).await.is_empty());
        assert!(place.store.ready_ids("runs", 10).await.unwrap().is_empty());
        assert!(place.waiting("runs").await.paused);
        place.db.write(async |tx| jobs::service::resume(tx, "runs").await).await.unwrap();
        assert_eq!(place.claim(10).await.len(), 1);
        let error = place.db.write(async |tx| jobs::service::pause(tx, "nonsense").await).await.unwrap_err();
        assert_eq!(error.code, "queue_not_found");
    })
    .await;
}

#[tokio::test]
async fn a_flood_from_one_workspace_does_not_starve_another() {
    on_each(false, async |place: &Place| {
        let (loud, quiet) = (place.workspace(), place.workspace());
        let of = |workspace, n: usize| {
            (0..n).map(|_| jobs::NewJob { workspace_id: Some(workspace), ..place.job(Do::Nothing) }).collect::<Vec<_>>()
        };
        place.enqueue(of(loud, 10_000)).await;
        let finish = async |claimed: Vec<jobs::Job>| {
            place.store.finish(claimed.iter().map(|job| (job.ticket(), Outcome::Done)).collect()).await.unwrap();
        };
        // The flood is served for a while before the other one comes.
        for _ in 0..5 {
            let claimed = place.claim(100).await;
            assert_eq!(claimed.len(), 100);
            finish(claimed).await;
        }
        place.enqueue(of(quiet, 10)).await;
        let claimed = place.claim(25).await;
        let first = claimed.iter().filter(|job| job.workspace_id == Some(quiet)).count();
        assert_eq!(first, 10, "all ten are among the next 25");
        finish(claimed).await;
        // Higher priority goes before all turns; many delayed jobs that come due at once take turns too.
        let due = place.source.now() + Duration::from_secs(1);
        place.enqueue(of(loud, 400).into_iter().map(|job| job.due_at(due)).collect()).await;
        place.enqueue(vec![place.job(Do::Nothing).priority(5)]).await;
        place.advance(2);
        place.look().await;
        place.enqueue(of(quiet, 1)).await;
        let claimed = place.claim(40).await;
        assert_eq!(claimed[0].priority, 5);
        assert_eq!(claimed.iter().filter(|job| job.workspace_id == Some(quiet)).count(), 1);
        assert_eq!(place.waiting("runs").await.running, 40);
    })
    .await;
}

#[tokio::test]
async fn of_one_kind_and_key_there_is_one_and_asking_while_it_runs_runs_it_once_more() {
    on_each(false, async |place: &Place| {
        let keyed = || place.job(Do::Nothing).key("k");
        place.enqueue(vec![keyed(), keyed(), place.job(Do::Nothing).key("other")]).await;
        place.enqueue(vec![keyed()]).await;
        assert_eq!(place.waiting("runs").await.ready, 2);
        let claimed = place.claim(10).await;
        place.enqueue(vec![keyed()]).await;
        assert_eq!(place.waiting("runs").await.ready, 0, "it runs already");
        place.store.finish(claimed.iter().map(|job| (job.ticket(), Outcome::Done)).collect()).await.unwrap();
        let waiting = place.waiting("runs").await;
        assert_eq!((waiting.ready, waiting.running), (1, 0), "asked for while it ran");
        let again = place.claim(10).await.remove(0);
        assert_eq!((again.key.as_deref(), again.attempts), (Some("k"), 1));
        let ticket = again.ticket();
        place.db.write(async move |tx| jobs::service::complete(tx, ticket).await).await.unwrap();
        place.enqueue(vec![keyed()]).await;
        assert_eq!(place.waiting("runs").await.ready, 1, "a finished one is forgotten");
    })
    .await;
}

#[tokio::test]
async fn a_job_lives_and_ends_with_the_transactions_that_hold_its_effects() {
    on_each(false, async |place: &Place| {
        let new = place.job(Do::Nothing);
        let failed: trackside_engine::Result<()> = place
            .db
            .write(async move |tx| {
                jobs::service::enqueue(tx, &new).await?;
                Err(trackside_engine::Error::internal("changed my mind"))
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(place.waiting("runs").await.ready, 0);

        place.enqueue(vec![place.job(Do::Nothing)]).await;
        let job = place.claim(1).await.remove(0);
        let (ticket, due) = (job.ticket(), place.source.now() + Duration::from_secs(60));
        place.db.write(async move |tx| jobs::service::reschedule(tx, ticket, due).await).await.unwrap();
        let waiting = place.waiting("runs").await;
        assert_eq!((waiting.delayed, waiting.running), (1, 0));
        place.advance(61);
        place.look().await;
        let job = place.claim(1).await.remove(0);
        assert_eq!((job.attempts, job.epoch), (1, 2), "it waited, it did not fail");
        place.store.finish(vec![(job.ticket(), Outcome::Released)]).await.unwrap();
        let job = place.claim(1).await.remove(0);
        assert_eq!((job.attempts, job.epoch), (1, 3), "given back, not tried");
    })
    .await;
}
