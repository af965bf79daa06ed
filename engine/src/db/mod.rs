//! Storage: one SQL text for SQLite and PostgreSQL.
//!
//! A write is a closure, `db.write(async move |tx| store::update(tx, …).await).await`. On PostgreSQL it runs in its own
//! transaction. On SQLite it is sent to the one writer thread, which runs what is queued in one transaction, commits once
//! (WAL, `synchronous = full`) and only then answers; see [`writer`]. When `write` has answered `Ok`, the effects survive
//! a power cut. A read is `db.read().await?`, each statement for itself, or a call within a write.
//!
//! # How to write a store
//!
//! All SQL of an area stands in its `store.rs`: row types by [`row!`](crate::row), then *all* texts in one
//! [`statements!`](crate::statements) block, then functions over `&mut Rx` or `&mut Tx`. The block makes `ALL`, and one
//! test hands every store's `ALL` to [`Db::prepare_all`] on both databases.
//!
//! ```
//! use trackside_engine::{Result, db::{Rx, Tx}, row, statements};
//!
//! row! {
//!     /// A label.
//!     #[derive(Debug)]
//!     pub struct Label { pub id: i64, pub name: String }
//! }
//!
//! statements! {
//!     FIND = "select {Label} from labels where id = $1", Label;
//!     INSERT = "insert into labels (id, name) values ($1, $2)";
//! }
//!
//! pub async fn find(rx: &mut Rx, id: i64) -> Result<Option<Label>> {
//!     rx.opt(FIND, (id,)).await
//! }
//!
//! pub async fn insert_all(tx: &mut Tx, labels: &[(i64, String)]) -> Result<u64> {
//!     tx.execute_many(INSERT, labels).await
//! }
//! ```
//!
//! # Rules
//!
//! - Placeholders are `$1`; lists are `= any($1)` and `<> all($1)`; whole numbers are `i64` only; a sum is
//!   `cast(sum(x) as bigint)`; no `::cast`, `@>` or ILIKE; `lower()` around LIKE; a bare `$1 is null` needs
//!   `cast($1 as text) is null`. Money is in minor units.
//! - What is read in order to be written is read `for update`: PostgreSQL runs writes side by side.
//! - Nothing but statements is awaited inside a write; anything else is an error. What is slow (hashing, templates, big
//!   JSON) stays outside, since it stalls every write on SQLite.
//! - A failed statement spoils the write on both; what may collide says `on conflict`.
//! - Unique constraints and indexes bear PostgreSQL's default name (`tasks_workspace_id_key_key`), so that
//!   [`Error::constraint`](crate::Error::constraint) is the same on both.
//! - A caller that is dropped does not know the outcome: a queued write is skipped, a running one commits on SQLite and is
//!   rolled back on PostgreSQL.
//! - What a request, a socket or a job of a workspace does runs [`within`] it, and on PostgreSQL sees no other's rows. What is
//!   about several (one's memberships, the queues) is asked [`everywhere`]; a cache that all share is filled by a task of its own.
//! - Any `Busy` error may be tried again. `database_unavailable` at the commit leaves the outcome unknown, so what is tried
//!   again must be idempotent.

mod gather;
mod health;
pub mod migrations;
mod once;
mod pieces;
mod postgres;
mod readers;
mod rows;
mod signals;
mod sqlite;
mod tenant;
mod text;
mod transaction;
mod value;
mod walls;
mod words;
mod writer;

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use sqlx::PgPool;
use tokio::task::JoinHandle;

pub(crate) use self::gather::{Batch, Gather};
pub use self::migrations::Migration;
pub use self::once::{Once, carried};
pub use self::pieces::Piece;
pub use self::readers::Reader;
pub use self::rows::{Both, Cell, Column, FromRow, One, Row};
pub use self::signals::{Signal, Signals};
pub use self::tenant::{everywhere, must_see_all, poll_within, within};
#[doc(hidden)]
pub use self::text::{has_hole, splice};
pub use self::transaction::{Rx, Tx};
pub use self::value::{Args, Json, JsonText, Kind, Param, Value};
pub use self::walls::{OPEN, Walls};
pub use crate::{row, sql, statements};

use self::health::Health;
use self::postgres::Pg;
use self::readers::Readers;
use self::sqlite::Sqlite;
use self::transaction::{Conn, only_statements};
use self::writer::{Writer, panicked};
use crate::{Error, Result};

/// Where the database is and how it is used.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite:///path/to/file.db` or `postgres://user:password@host/name`.
    pub url: String,
    /// SQLite: connections that read.
    pub readers: usize,
    /// PostgreSQL: most connections.
    pub pool: u32,
    /// SQLite: writes that hold the writer for longer are named in the log.
    pub slow: Duration,
}

impl Options {
    /// Usual options for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), readers: 4, pool: 16, slow: Duration::from_millis(20) }
    }
}

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite, in this process.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    store: Store,
    signals: Signals,
    tasks: Vec<JoinHandle<()>>,
}

enum Store {
    Sqlite { writer: Writer, readers: Readers, scanners: Readers },
    Postgres { pool: PgPool, notices: PgPool, health: Mutex<Health> },
}

/// Connections for [`Db::scan`] on SQLite, apart from the readers, so that long reads do not keep out short ones.
const SCANNERS: usize = 2;

impl Drop for Inner {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Db {
    /// Opens the database; a SQLite file is created. Fails when it cannot be reached.
    pub async fn open(options: &Options) -> Result<Db> {
        let url = options.url.as_str();
        let signals = Signals::new();
        if let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            let path = Path::new(path);
            let writer = Writer::start(Sqlite::writer(path)?, options.slow, signals.clone())?;
            let (readers, scanners) = (Readers::open(path, options.readers)?, Readers::open(path, SCANNERS)?);
            let store = Store::Sqlite { writer, readers, scanners };
            return Ok(Db(Arc::new(Inner { store, signals, tasks: Vec::new() })));
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            let detail = "The database URL must begin with sqlite:// or postgres://.";
            return Err(Error::invalid("database_url", detail));
        }
        let (pool, notices) = (postgres::pool(url, options.pool)?, postgres::pool(url, 2)?);
        drop(pool.acquire().await.map_err(postgres::unreachable)?);
        let node = rand::random();
        let tasks = vec![
            tokio::spawn(signals::send(signals.clone(), notices.clone(), node)),
            tokio::spawn(signals::listen(signals.clone(), notices.clone(), node)),
        ];
        Ok(Db(Arc::new(Inner { store: Store::Postgres { pool, notices, health: Mutex::default() }, signals, tasks })))
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        match self.0.store {
            Store::Sqlite { .. } => Dialect::Sqlite,
            Store::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// A connection to read with. Each statement sees what was committed when it began. Read little and give it back.
    pub async fn read(&self) -> Result<Reader> {
        match &self.0.store {
            Store::Sqlite { readers, .. } => readers.take().await,
            Store::Postgres { pool, .. } => Ok(Reader::own(Box::pin(alone(pool)).await?)),
        }
    }

    /// Writes, all or nothing; see the module documentation.
    #[track_caller]
    pub fn write<T, F>(&self, closure: F) -> impl Future<Output = Result<T>> + use<'_, T, F>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.write_at(closure, Location::caller())
    }

    async fn write_at<T, F>(&self, closure: F, place: &'static Location<'static>) -> Result<T>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let due = once::due();
        let once = due.clone();
        let noting = async move |tx: &mut Tx| {
            let done = closure(tx).await?;
            Once::note(once.as_deref(), tx).await?;
            Ok(done)
        };
        let outcome = match &self.0.store {
            Store::Sqlite { writer, .. } => writer.write(noting, place).await,
            // Boxed: this future is many times as large as the one for SQLite, and every caller's would hold it.
            Store::Postgres { pool, health, .. } => {
                let outcome = Box::pin(self.write_alone(pool, noting, place)).await;
                if let Err(error) = &outcome {
                    health.lock().unwrap_or_else(PoisonError::into_inner).failed(error, 1);
                }
                outcome
            }
        };
        if let Some(once) = due.filter(|_| outcome.is_ok()) {
            once.committed();
        }
        outcome
    }

    /// Whether writes can be done now: by a look and, only after one has failed for a reason that is the database's, by a
    /// probe that is written.
    ///
    /// # Errors
    /// `database_full`, `database_read_only` or `database_unavailable`, as a write would have.
    pub async fn writable(&self) -> Result<()> {
        match &self.0.store {
            Store::Sqlite { writer, .. } => writer.check().await,
            Store::Postgres { pool, health, .. } => {
                let doubtful = health.lock().unwrap_or_else(PoisonError::into_inner).is_doubtful();
                let found = Box::pin(postgres::check(pool, doubtful)).await;
                let mut health = health.lock().unwrap_or_else(PoisonError::into_inner);
                match &found {
                    Ok(()) => health.worked(),
                    Err(error) => health.failed(error, 0),
                }
                found
            }
        }
    }

    /// A write in a transaction of its own on PostgreSQL.
    async fn write_alone<T, F>(&self, pool: &PgPool, closure: F, place: &'static Location<'static>) -> Result<T>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let begun = match tenant::current() {
            None => postgres::begin(pool, "begin".to_owned()).await?,
            Some(tenant) => postgres::begin(pool, tenant::begin(tenant)).await?,
        };
        let mut tx = Tx::new(Conn::Postgres(Pg::Within(begun)));
        let caught = AssertUnwindSafe(only_statements(closure(&mut tx))).catch_unwind().await;
        let outcome = caught.unwrap_or_else(|panic| Err(panicked(&*panic, place)));
        let outcome = tx.settle(outcome);
        let (wakes, later) = (tx.wakes, std::mem::take(&mut tx.later));
        let finished = tx.finish(outcome.is_ok()).await;
        if outcome.is_ok() {
            finished?;
            self.0.signals.fire_all(wakes);
            later.into_iter().for_each(|what| drop(tokio::spawn(what(self.clone()))));
        }
        outcome
    }

    /// [`write`](Self::write) for generic code and trait objects, where the closure's type is not known.
    #[track_caller]
    pub fn write_boxed<'a, T: Send + 'static>(
        &'a self,
        closure: BoxedWrite<T>,
    ) -> Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>> {
        Box::pin(self.write(async move |tx: &mut Tx| closure(tx).await))
    }

    /// Reads that may be long: exports, reports, sweeps. On SQLite the closure runs on a thread of its own.
    pub async fn scan<T, F>(&self, closure: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut Rx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        match &self.0.store {
            Store::Sqlite { scanners, .. } => {
                let mut reader = scanners.take().await?;
                let span = tracing::Span::current();
                let run = move || {
                    span.in_scope(|| closure(&mut reader).now_or_never().unwrap_or_else(|| Err(transaction::waited())))
                };
                let died = |error| Error::internal("A scan panicked.").caused_by(error);
                tokio::task::spawn_blocking(run).await.map_err(died)?
            }
            Store::Postgres { pool, .. } => closure(&mut alone(pool).await?).await,
        }
    }

    /// Checks that every statement can be prepared; for tests. All that cannot are named in one error.
    pub async fn prepare_all(&self, statements: &[&str]) -> Result<()> {
        let mut faults = Vec::new();
        for sql in statements {
            // A reader each: PostgreSQL has nothing to roll back outside of a transaction.
            if let Err(error) = self.read().await?.prepare(sql).await {
                faults.push(format!("{sql}: {}", error.detail));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::internal(faults.join("\n"))) }
    }

    /// The signals, fired after commits.
    pub fn signals(&self) -> &Signals {
        &self.0.signals
    }

    /// How many writes were slow since the start; tests may want none. Always 0 on PostgreSQL.
    pub fn slow_writes(&self) -> u64 {
        match &self.0.store {
            Store::Sqlite { writer, .. } => writer.slow_writes(),
            Store::Postgres { .. } => 0,
        }
    }

    /// Finishes what is queued and closes the connections. Later writes, also by clones, get `database_closed`.
    pub async fn close(self) {
        self.0.tasks.iter().for_each(JoinHandle::abort);
        match &self.0.store {
            Store::Sqlite { writer, readers, scanners } => {
                readers.close();
                scanners.close();
                writer.stop().await;
            }
            Store::Postgres { pool, notices, .. } => {
                notices.close().await;
                pool.close().await;
            }
        }
    }
}

/// A closure for [`Db::write_boxed`]: `Box::new(|tx| Box::pin(async move { … }))`.
pub type BoxedWrite<T> =
    Box<dyn for<'a> FnOnce(&'a mut Tx) -> Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>> + Send>;

/// A connection to read with. Within a workspace it is a transaction, which a setting can end with; each statement still
/// sees what was committed when it began, and nothing is left to be undone when it is dropped.
async fn alone(pool: &PgPool) -> Result<Rx> {
    let conn = match tenant::current() {
        None => Pg::Alone(pool.acquire().await.map_err(postgres::unreachable)?),
        Some(tenant) => Pg::Within(postgres::begin(pool, tenant::begin(tenant)).await?),
    };
    Ok(Rx::new(Conn::Postgres(conn), false))
}
