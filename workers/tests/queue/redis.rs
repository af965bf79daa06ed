//! Many nodes through a Redis that is started for the story: it may forget everything, and it may go away.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::redis::AsyncCommands;
use tempfile::TempDir;
use trackside_engine::jobs::JobStore;
use trackside_workers::queue::{Options, Running, start};

use crate::nodes::Counted;
use crate::place::{Do, Place, Probe, wait_for};

/// A Redis of our own on a free port; ended with the story.
struct Redis {
    server: Child,
    port: u16,
    _folder: TempDir,
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Redis {
    /// None unless `TRACKSIDE_TEST_REDIS` is set; `redis-server` must be there then.
    async fn start() -> Option<Self> {
        std::env::var_os("TRACKSIDE_TEST_REDIS")?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Some(Self::on(port).await)
    }

    async fn on(port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is needed for TRACKSIDE_TEST_REDIS");
        let redis = Self { server, port, _folder: folder };
        wait_for(10, "the start of Redis", async || redis.conn().await.is_some()).await;
        redis
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    async fn conn(&self) -> Option<::redis::aio::MultiplexedConnection> {
        let client = ::redis::Client::open(self.url()).unwrap();
        client.get_multiplexed_async_connection().await.ok()
    }

    fn node(&self, store: Arc<dyn JobStore>, probe: &Probe) -> Running {
        let options = Options { redis: Some(self.url()), ..Options::new(probe.handlers()) };
        start(store, options).unwrap()
    }
}

async fn fed(redis: &Redis) -> bool {
    let mut conn = redis.conn().await.unwrap();
    conn.exists::<_, bool>("trackside:feeder").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn flushall_in_the_middle_loses_nothing_and_runs_nothing_twice() {
    let Some(redis) = Redis::start().await else { return };
    let place = Place::sqlite(true).await;
    let probe = Probe::default();
    let counted = Arc::new(Counted(place.store.clone(), AtomicUsize::new(0), AtomicUsize::new(0)));
    let nodes = [redis.node(counted.clone(), &probe), redis.node(counted.clone(), &probe)];
    wait_for(10, "a feeder", async || fed(&redis).await).await;
    place.enqueue((0..1_000).map(|_| place.job(Do::Sleep(20))).collect()).await;
    wait_for(20, "the first jobs", async || probe.ran() > 100).await;
    let mut conn = redis.conn().await.unwrap();
    ::redis::cmd("FLUSHALL").exec_async(&mut conn).await.unwrap();
    wait_for(60, "the end of all jobs", async || probe.ran() >= 1_000).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(probe.ran(), 1_000);
    let waiting = place.waiting("runs").await;
    assert_eq!((waiting.ready, waiting.running, waiting.dead), (0, 0, 0));
    assert!(counted.2.load(Ordering::SeqCst) >= 10, "the jobs went through Redis");
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_away_jobs_run_and_afterwards_it_is_used_and_kept_clean() {
    let Some(redis) = Redis::start().await else { return };
    let place = Place::sqlite(true).await;
    let probe = Probe::default();
    let node = redis.node(place.store.clone(), &probe);
    wait_for(10, "a feeder", async || fed(&redis).await).await;
    place.enqueue((0..50).map(|_| place.job(Do::Nothing)).collect()).await;
    wait_for(10, "jobs through Redis", async || probe.ran() == 50).await;

    let port = redis.port;
    drop(redis);
    place.enqueue((0..50).map(|_| place.job(Do::Nothing)).collect()).await;
    wait_for(20, "jobs without Redis", async || probe.ran() == 100).await;

    let redis = Redis::on(port).await;
    wait_for(20, "a feeder again", async || fed(&redis).await).await;
    place.enqueue((0..50).map(|_| place.job(Do::Nothing)).collect()).await;
    wait_for(10, "jobs through the new Redis", async || probe.ran() == 150).await;
    let mut conn = redis.conn().await.unwrap();
    wait_for(15, "a clean Redis", async || {
        let kept: usize = conn.hlen("trackside:runs:data").await.unwrap();
        let done: usize = conn.scard("trackside:runs:done").await.unwrap();
        kept + done == 0
    })
    .await;
    node.stop().await;
}
