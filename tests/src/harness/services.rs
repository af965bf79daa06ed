//! The databases and Redis that stories run on.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use super::Process;

/// A fresh, empty database of either kind, with a folder for what belongs beside it. Cheap to clone.
///
/// A SQLite file goes with its folder when the last clone is dropped; a PostgreSQL database goes with
/// [`Database::close`], which `both_databases!` calls for you.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    folder: TempDir,
    on_server: Option<OnServer>,
}

struct OnServer {
    admin_url: String,
    name: String,
}

impl Database {
    /// A SQLite database in a temporary folder. The file does not exist yet.
    pub async fn sqlite() -> Self {
        let folder = temporary_folder();
        let url = format!("sqlite://{}/trackside.db", folder.path().display());
        Self { inner: Arc::new(Inner { url, folder, on_server: None }) }
    }

    /// A database of its own on the PostgreSQL server that `TRACKSIDE_TEST_PG` names. It belongs to an ordinary role, made with
    /// it and for it alone: row-level security passes superusers by, and stories are to run with that wall standing.
    ///
    /// # Panics
    /// When the variable is not set, or the server cannot be reached.
    pub async fn postgres() -> Self {
        Self::on_server(service_url("TRACKSIDE_TEST_PG", "PostgreSQL")).await
    }

    /// The same on the server at this address, where it names a superuser.
    ///
    /// # Panics
    /// When the server cannot be reached.
    pub async fn on_server(admin_url: String) -> Self {
        let name = format!("trackside_test_{:016x}", rand::random::<u64>());
        // The name is made of letters and digits above, so it needs no quoting.
        let secret = format!("{:032x}", rand::random::<u128>());
        as_admin(&admin_url, format!("create role {name} login password '{secret}'")).await;
        as_admin(&admin_url, format!("create database {name} owner {name}")).await;
        let mut url = reqwest::Url::parse(&admin_url).expect("TRACKSIDE_TEST_PG is a URL");
        url.set_path(&name);
        url.set_username(&name).and_then(|()| url.set_password(Some(&secret))).expect("such a URL has a user");
        let url = url.to_string();
        let on_server = Some(OnServer { admin_url, name });
        Self { inner: Arc::new(Inner { url, folder: temporary_folder(), on_server }) }
    }

    /// What `--database-url` takes: `sqlite:///…` or `postgres://…`.
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// The same database as somebody whom row-level security passes by: for tests and benches that look past the product.
    pub fn admin_url(&self) -> String {
        match &self.inner.on_server {
            Some(OnServer { admin_url, name }) => {
                let mut url = reqwest::Url::parse(admin_url).expect("TRACKSIDE_TEST_PG is a URL");
                url.set_path(name);
                url.to_string()
            }
            None => self.inner.url.clone(),
        }
    }

    /// Whether this is PostgreSQL; otherwise it is SQLite.
    pub fn is_postgres(&self) -> bool {
        self.inner.on_server.is_some()
    }

    /// A temporary folder that lives as long as the database.
    pub fn folder(&self) -> &Path {
        self.inner.folder.path()
    }

    /// Removes the database from its server, cutting off whoever still uses it.
    pub async fn close(self) {
        if let Some(OnServer { admin_url, name }) = &self.inner.on_server {
            as_admin(admin_url, format!("drop database if exists {name} with (force)")).await;
            as_admin(admin_url, format!("drop role if exists {name}")).await;
        }
    }
}

/// Runs one story on `db` and removes the database afterwards, also when the story fails.
pub async fn run_story<F>(db: Database, story: impl FnOnce(Database) -> F)
where
    F: Future<Output = ()>,
{
    let outcome = AssertUnwindSafe(story(db.clone())).catch_unwind().await;
    db.close().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Makes two tests of each story, `name::sqlite` and `name::postgres`, each on a fresh [`Database`].
#[macro_export]
macro_rules! both_databases {
    ($( $(#[$meta:meta])* async fn $name:ident($db:ident) $body:block )+) => { $(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "a story may need nothing from around it")]
            use super::*;

            async fn story($db: $crate::harness::Database) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::harness::run_story($crate::harness::Database::sqlite().await, story).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::harness::run_story($crate::harness::Database::postgres().await, story).await;
            }
        }
    )+ };
}

/// A Redis server of the story's own, which it may flush, freeze and kill.
pub struct Redis {
    process: Process,
    port: u16,
    folder: TempDir,
}

impl Redis {
    /// The URL of the Redis that all tests share. Keep to keys of your own there, and never flush it.
    ///
    /// # Panics
    /// When `TRACKSIDE_TEST_REDIS` is not set.
    pub fn shared_url() -> String {
        service_url("TRACKSIDE_TEST_REDIS", "Redis")
    }

    /// Starts one that keeps nothing on disk.
    ///
    /// # Panics
    /// When `redis-server` is missing or does not start.
    pub async fn start() -> Self {
        let folder = temporary_folder();
        for _ in 0..10 {
            let port = free_port();
            if let Some(process) = start_redis(port, folder.path()).await {
                return Self { process, port, folder };
            }
        }
        panic!("redis-server did not start; see its log above");
    }

    /// Starts it again, empty, at the same address, after [`Process::kill9`].
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        self.process.kill9();
        let process = start_redis(self.port, self.folder.path()).await;
        self.process = process.expect("redis-server starts again on its port");
    }

    /// What `--redis-url` takes.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Forgets everything, as `FLUSHALL` does. Nothing happens when it is not there at this moment.
    pub async fn flush(&self) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let Ok(mut stream) = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await else { return };
        let mut answer = [0; 5];
        if stream.write_all(b"FLUSHALL\r\n").await.is_ok() && stream.read_exact(&mut answer).await.is_ok() {
            assert_eq!(&answer, b"+OK\r\n");
        }
    }

    /// To freeze, thaw or kill it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

async fn start_redis(port: u16, folder: &Path) -> Option<Process> {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
    command.arg("--dir").arg(folder);
    let mut process = Process::start("redis-server", &mut command, &folder.join("redis.log"));
    let ready = |log: &str| log.contains("Ready to accept connections").then_some(());
    process.wait_for_log("its ready line", Duration::from_secs(20), ready).await.map(|()| process)
}

/// A port that was free a moment ago. Only for programs that cannot be given port 0. It lies below those that systems hand out for
/// outgoing connections: one of these would have it while the program is restarted.
pub(super) fn free_port() -> u16 {
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(12_000..32_000)).find(free).expect("loopback has a free port")
}

pub(super) fn temporary_folder() -> TempDir {
    tempfile::Builder::new().prefix("trackside-test-").tempdir().expect("a temporary folder can be made")
}

fn service_url(variable: &str, service: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} is not set, so there is no {service} to test on. Run `make test`, or for a few tests \
             `make test ARGS=\"-E 'test(name)'\"`: both start one."
        )
    })
}

async fn as_admin(admin_url: &str, sql: String) {
    // The URL holds a password, so messages do without it.
    let mut admin = PgConnection::connect(admin_url)
        .await
        .unwrap_or_else(|error| panic!("the PostgreSQL of TRACKSIDE_TEST_PG does not answer: {error}"));
    if let Err(error) = sqlx::query(AssertSqlSafe(sql.clone())).execute(&mut admin).await {
        panic!("`{sql}` failed: {error}");
    }
    admin.close().await.ok();
}
