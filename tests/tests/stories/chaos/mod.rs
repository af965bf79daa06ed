//! PRO-01 to PRO-09 all at once: fifty rules of every kind of step and policy, thousands of events, people who answer, and
//! meanwhile processes killed and frozen, the database crashed, Redis emptied. In the end [`checker`] holds everything that was
//! done against what the rules say.
//!
//! `make test` runs a short form of some seconds. `TRACKSIDE_CHAOS=180s make test ARGS="-E 'test(chaos)'"` runs the whole: 5,000
//! events over so long. `TRACKSIDE_CHAOS_SEED` repeats the same events, and the same trouble in the same order.

mod checker;
mod crowd;
mod rules;
mod trouble;

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use trackside_tests::fakes::sink::Sink;
use trackside_tests::harness::{Api, Database, Postgres, Redis, Server, Setup, run_story};

use self::checker::Books;
use self::crowd::Crowd;
use self::rules::Kind;
use self::trouble::{Machines, Told};

/// How long it may take until all is at rest. Whoever answered when the process died must wait for two minutes: so long their
/// request is taken for one that is still under way.
const REST: Duration = Duration::from_secs(240);

/// Longer than a database takes to come back: what it keeps from renewing a lease counts as a death.
const LEASE: Duration = Duration::from_secs(5);

/// How much, how long, and how often something breaks.
#[derive(Debug, Clone, Copy)]
struct Scale {
    events: i64,
    over: Duration,
    pause: Duration,
    /// How long it may take until all is at rest.
    rest: Duration,
    seed: u64,
}

impl Scale {
    fn asked() -> Self {
        let seed = std::env::var("TRACKSIDE_CHAOS_SEED").ok().map(|seed| seed.parse().expect("a seed is a number"));
        let seed = seed.unwrap_or_else(rand::random);
        match std::env::var("TRACKSIDE_CHAOS") {
            Ok(long) => {
                let over =
                    long.trim_end_matches('s').parse().expect("TRACKSIDE_CHAOS is a number of seconds, such as 180s");
                let (over, pause) = (Duration::from_secs(over), Duration::from_secs(3));
                Self { events: 5_000, over, pause, rest: REST, seed }
            }
            Err(_) => {
                let (over, pause) = (Duration::from_secs(10), Duration::from_millis(900));
                Self { events: 250, over, pause, rest: REST, seed }
            }
        }
    }
}

fn node(db: &Database) -> Setup {
    Server::on(db).arg("--lease").arg(format!("{}s", LEASE.as_secs())).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8")
}

/// The whole story.
async fn storm(db: Database, nodes: Vec<Server>, postgres: Option<Postgres>, redis: Option<Redis>) {
    let scale = Scale::asked();
    println!("TRACKSIDE_CHAOS_SEED={} repeats this: {scale:?}", scale.seed);
    let mut machines = Machines { nodes, postgres, redis, told: Told::default() };
    let sink = Sink::start().await;
    let api = Api::set_up(&machines.nodes[0]).await;
    api.post("/projects", json!({ "key": "KIL", "name": "Killed" })).await.expect_status(201);
    let hook = api.post("/hooks", json!({ "name": "numbers", "scheme": "none" })).await.expect_status(201);
    let cast = rules::cast();
    for rule in rules::called() {
        enable(&api, rule).await;
    }
    let mut clocks = Vec::new();
    for (kind, name) in &cast {
        if *kind == Kind::Shaky {
            sink.stumble(&format!("/{name}/shaky"), 2);
        }
        let id = enable(&api, rules::rule(*kind, name, &sink)).await;
        if *kind == Kind::Clock {
            clocks.push(id);
        }
    }

    let crowd = Crowd::new(&api, hook.text("/path"), scale.seed);
    let people = [tokio::spawn(crowd.clone().answer()), tokio::spawn(crowd.clone().comment())];
    let named: Vec<String> =
        cast.iter().filter(|(kind, _)| *kind != Kind::Clock).map(|(_, name)| name.clone()).collect();
    let mut books = Books::new(&db, cast);
    let posting = {
        let crowd = crowd.clone();
        tokio::spawn(async move { crowd.post(&named, scale.events, scale.over).await })
    };
    let mut dice = StdRng::seed_from_u64(scale.seed);
    let began = Instant::now();
    // On a machine that is slow there is no more trouble than on another: it would meet one run again and again.
    let mut left = scale.over.div_duration_f64(scale.pause * 2) as usize;
    while !posting.is_finished() || began.elapsed() < scale.over {
        tokio::time::sleep(scale.pause).await;
        if left > 0 {
            machines.trouble(&mut dice, &crowd).await;
            left -= 1;
        }
        books.glance().await;
    }
    posting.await.unwrap();
    let unrest = began.elapsed();
    // Whoever switches a rule off drops what has not begun: so it is done when nothing is on its way.
    let since = Instant::now();
    while db.count("runs where finished_at is null").await > 0 {
        if since.elapsed() > scale.rest {
            let left = books.left().await;
            panic!("seed {}, {}: there are always runs that are not over:\n{left}", scale.seed, machines.told);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for id in clocks {
        crowd.api().post(&format!("/rules/{id}/pause"), json!({})).await.expect_status(200);
    }
    db.quiet(scale.rest).await;
    crowd.stop();
    for person in people {
        person.await.unwrap();
    }
    let findings = books.check(&crowd.posted(), &sink.hits()).await;
    println!(
        "{} events, {}, {} requests sent again, {:?} of trouble and {:?} until rest; {}; {} findings",
        crowd.posted().len(),
        machines.told,
        crowd.repeated(),
        unrest,
        began.elapsed() - unrest,
        books.figures(),
        findings.len()
    );
    if !findings.is_empty() {
        let mut told = String::new();
        for finding in findings.iter().take(12) {
            told += &format!("- {}\n", finding.what);
        }
        if let Some(about) = findings.iter().find_map(|finding| finding.about.as_deref()) {
            told += &books.story(about, &sink.hits()).await;
        }
        panic!("seed {}: {} findings:\n{told}", scale.seed, findings.len());
    }
}

async fn enable(api: &Api, rule: serde_json::Value) -> String {
    let id = api.post("/rules", rule).await.expect_status(201).text("/id");
    api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
    id
}

/// One process over one file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    run_story(Database::sqlite().await, |db| async move {
        let server = node(&db).start().await;
        storm(db, vec![server], None, None).await;
    })
    .await;
}

/// A server and two workers, a PostgreSQL that crashes and a Redis that forgets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    let (postgres, redis) = (Postgres::start().await, Redis::start().await);
    // It goes with its server.
    let db = Database::on_server(postgres.url()).await;
    let mut nodes = Vec::new();
    for at in 0..3 {
        let setup = node(&db).arg("--redis-url").arg(redis.url());
        nodes.push(if at == 0 { setup.start().await } else { setup.worker().start().await });
    }
    storm(db, nodes, Some(postgres), Some(redis)).await;
}
