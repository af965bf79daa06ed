//! Chance decides: workers come, die, lie about old claims; whatever happens, each job ends exactly once.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use trackside_engine::ids::JobId;
use trackside_engine::jobs::{Job, Outcome, Ticket};

use crate::place::{Do, Place, on_each};

#[tokio::test]
async fn whatever_happens_each_job_ends_exactly_once() {
    on_each(false, async |place: &Place| {
        for seed in 0..6 {
            story(place, StdRng::seed_from_u64(seed)).await;
        }
    })
    .await;
}

async fn story(place: &Place, mut rng: StdRng) {
    let mut alive: HashSet<JobId> = HashSet::new();
    let mut epochs: HashMap<JobId, i64> = HashMap::new();
    let mut held: Vec<Job> = Vec::new();
    let mut stale: Vec<Ticket> = Vec::new();
    let mut ended = 0;
    let mut made = 0;
    for step in 0..400 {
        match rng.random_range(0..10) {
            0..3 if step < 300 => {
                let now = place.source.now();
                let new: Vec<_> = (0..rng.random_range(1..6))
                    .map(|_| {
                        let due = now + Duration::from_secs(rng.random_range(0..5) * 4);
                        place.job(Do::Nothing).due_at(due).priority(rng.random_range(-1..2)).max_attempts(1_000)
                    })
                    .collect();
                made += new.len();
                alive.extend(new.iter().map(|job| job.id));
                place.enqueue(new).await;
            }
            3..6 => {
                place.look().await;
                for job in place.claim(rng.random_range(1..8)).await {
                    assert!(alive.contains(&job.id), "a job that ended was handed out again");
                    assert!(job.due_at <= place.source.now(), "too early");
                    let before = epochs.insert(job.id, job.epoch).unwrap_or(0);
                    assert!(job.epoch > before, "the epoch goes up with each claim");
                    if let Some(at) = held.iter().position(|other| other.id == job.id) {
                        stale.push(held.swap_remove(at).ticket());
                    }
                    held.push(job);
                }
            }
            6..8 if !held.is_empty() => {
                let job = held.swap_remove(rng.random_range(0..held.len()));
                let outcome = match rng.random_range(0..4) {
                    0 => Outcome::Retry { after: Duration::from_secs(rng.random_range(1..20)), error: "chance".into() },
                    1 => Outcome::Released,
                    _ => Outcome::Done,
                };
                if outcome == Outcome::Done {
                    assert!(alive.remove(&job.id));
                    ended += 1;
                }
                place.store.finish(vec![(job.ticket(), outcome)]).await.unwrap();
            }
            8 if !stale.is_empty() => {
                let ticket = stale.swap_remove(rng.random_range(0..stale.len()));
                place.store.finish(vec![(ticket, Outcome::Done)]).await.unwrap();
                let renewed = place.store.renew(vec![ticket], Duration::from_secs(15)).await.unwrap();
                assert_eq!(renewed.lost, [ticket], "what is stale stays stale");
            }
            _ => place.advance(rng.random_range(1..8)),
        }
    }
    // Whoever still holds something dies; then everything is run to its end.
    for _ in 0..100 {
        place.advance(20);
        place.look().await;
        let claimed = place.claim(1_000).await;
        ended += claimed.len();
        for job in &claimed {
            assert!(alive.remove(&job.id), "ended twice");
        }
        place.store.finish(claimed.iter().map(|job| (job.ticket(), Outcome::Done)).collect()).await.unwrap();
    }
    assert!(alive.is_empty(), "lost: {alive:?}");
    assert_eq!(ended, made);
    let waiting = place.waiting("runs").await;
    assert_eq!((waiting.ready, waiting.delayed, waiting.running, waiting.dead), (0, 0, 0, 0));
}
