//! `Rx`, which reads, and `Tx`, which also writes: the same calls over either database.

#![expect(clippy::manual_async_fn, reason = "`+ Send` is promised here once, so that callers need not prove it again")]

use std::borrow::Cow;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::LazyLock;
use std::task::Poll;

use futures::future::BoxFuture;

use super::postgres::Pg;
use super::rows::FromRow;
use super::signals::{Signal, Wakes};
use super::sqlite::{Sqlite, Take};
use super::value::Args;
use super::{Db, Dialect};
use crate::{Class, Error, Result};

/// Every statement of this process. One handle, because looking a counter up costs more than a small statement. Used first
/// after `serve` has started counting; before that, nothing is counted.
static STATEMENTS: LazyLock<metrics::Counter> = LazyLock::new(|| metrics::counter!("trackside_statements_total"));

/// Reads. Every read of the engine takes `&mut Rx`, so that it can run alone and within a write.
pub struct Rx {
    pub(super) conn: Conn,
    /// Why the transaction cannot go on. Always `None` outside of one.
    spoilt: Option<Cow<'static, str>>,
    in_transaction: bool,
}

pub(super) enum Conn {
    Sqlite(Box<Sqlite>),
    Postgres(Pg),
}

impl Rx {
    pub(super) fn new(conn: Conn, in_transaction: bool) -> Self {
        Self { conn, spoilt: None, in_transaction }
    }

    /// Which database this is, for the few statements that must differ.
    pub fn dialect(&self) -> Dialect {
        match self.conn {
            Conn::Sqlite(_) => Dialect::Sqlite,
            Conn::Postgres(_) => Dialect::Postgres,
        }
    }

    /// All rows.
    pub fn all<T: FromRow>(&mut self, sql: &str, args: impl Args) -> impl Future<Output = Result<Vec<T>>> + Send {
        async move {
            let mut found = Vec::new();
            let mut take = |row: &mut super::Row<'_>| T::from_row(row).map(|row| found.push(row));
            self.query(sql, &args, &mut take).await?;
            Ok(found)
        }
    }

    /// [`all`](Self::all) for a statement whose best plan depends on its values: PostgreSQL plans it for these, each time.
    pub fn all_anew<T: FromRow>(&mut self, sql: &str, args: impl Args) -> impl Future<Output = Result<Vec<T>>> + Send {
        async move {
            let mut found = Vec::new();
            let mut take = |row: &mut super::Row<'_>| T::from_row(row).map(|row| found.push(row));
            self.start()?;
            let outcome = match &mut self.conn {
                Conn::Sqlite(conn) => conn.query(sql, &args, &mut take),
                Conn::Postgres(conn) => statement(Box::pin(conn.query_anew(sql, &args, &mut take))).await,
            };
            self.end(sql, outcome)?;
            Ok(found)
        }
    }

    /// The first row, if there is one.
    pub fn opt<T: FromRow>(&mut self, sql: &str, args: impl Args) -> impl Future<Output = Result<Option<T>>> + Send {
        async move {
            let mut found = None;
            let mut take = |row: &mut super::Row<'_>| {
                if found.is_none() {
                    found = Some(T::from_row(row)?);
                }
                Ok(())
            };
            self.query(sql, &args, &mut take).await?;
            Ok(found)
        }
    }

    /// The first row; that there is none would be a fault of ours (`row_missing`). Otherwise use [`opt`](Self::opt).
    pub fn one<T: FromRow>(&mut self, sql: &str, args: impl Args) -> impl Future<Output = Result<T>> + Send {
        async move {
            let found = self.opt(sql, args).await?;
            found.ok_or_else(|| {
                Error::internal("The statement found no row where one must be.").with_code("row_missing")
            })
        }
    }

    /// Each row as it arrives, for what need not fit into memory. Use within [`Db::scan`](super::Db::scan).
    pub fn each<T: FromRow>(
        &mut self,
        sql: &str,
        args: impl Args,
        mut visit: impl FnMut(T) -> Result<()> + Send,
    ) -> impl Future<Output = Result<()>> + Send {
        async move {
            let mut take = |row: &mut super::Row<'_>| visit(T::from_row(row)?);
            self.start()?;
            let outcome = match &mut self.conn {
                Conn::Sqlite(conn) => conn.query(sql, &args, &mut take),
                Conn::Postgres(conn) => statement(Box::pin(conn.stream(sql, &args, &mut take))).await,
            };
            self.end(sql, outcome)
        }
    }

    async fn query(&mut self, sql: &str, args: &dyn Args, take: &mut Take<'_>) -> Result<()> {
        self.start()?;
        let outcome = match &mut self.conn {
            Conn::Sqlite(conn) => conn.query(sql, args, take),
            Conn::Postgres(conn) => statement(Box::pin(conn.query(sql, args, take))).await,
        };
        self.end(sql, outcome)
    }

    /// Checks that a statement can be prepared.
    pub(super) async fn prepare(&mut self, sql: &str) -> Result<()> {
        match &mut self.conn {
            Conn::Sqlite(conn) => conn.prepare(sql),
            Conn::Postgres(conn) => conn.prepare(sql).await,
        }
    }

    /// Before a statement: refuses it after a failed one, and counts it as failed until it has ended, so that one
    /// dropped half way spoils the transaction too.
    fn start(&mut self) -> Result<()> {
        if let Some(why) = &self.spoilt {
            return Err(spoilt(why));
        }
        STATEMENTS.increment(1);
        if self.in_transaction {
            self.spoilt = Some(Cow::Borrowed("a statement was dropped before it ended"));
        }
        Ok(())
    }

    fn end<T>(&mut self, sql: &str, mut outcome: Result<T>) -> Result<T> {
        if let Err(error) = &mut outcome
            && error.class == Class::Internal
        {
            error.detail.push_str(&format!(" [{sql}]"));
        }
        self.spoilt = match &outcome {
            Err(error) if self.in_transaction => Some(Cow::Owned(error.to_string())),
            _ => None,
        };
        outcome
    }
}

/// Writes, all or nothing. Reads what [`Rx`] reads.
///
/// A failed statement spoils it: every further statement is refused and the transaction is rolled back even if the
/// closure answers `Ok`. What may collide says so (`on conflict do nothing`).
pub struct Tx {
    rx: Rx,
    pub(super) wakes: Wakes,
    pub(super) later: Vec<Later>,
}

/// What is to be done after the commit.
pub(super) type Later = Box<dyn FnOnce(Db) -> BoxFuture<'static, ()> + Send>;

impl Deref for Tx {
    type Target = Rx;
    fn deref(&self) -> &Rx {
        &self.rx
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Rx {
        &mut self.rx
    }
}

impl Tx {
    pub(super) fn new(conn: Conn) -> Self {
        Self { rx: Rx::new(conn, true), wakes: Wakes::default(), later: Vec::new() }
    }

    /// Runs a statement; the number of rows it changed.
    pub fn execute(&mut self, sql: &str, args: impl Args) -> impl Future<Output = Result<u64>> + Send {
        async move {
            let args: &dyn Args = &args;
            self.rx.start()?;
            let outcome = match &mut self.rx.conn {
                Conn::Sqlite(conn) => conn.execute(sql, args),
                Conn::Postgres(conn) => statement(Box::pin(conn.execute(sql, args))).await,
            };
            self.rx.end(sql, outcome)
        }
    }

    /// Runs a statement for each of `rows`; the number of rows changed. An `insert … values ($1, …)` goes to PostgreSQL
    /// in chunks of up to 128 rows (powers of two, so that the statement cache stays small); there, rows that collide with each
    /// other within one call are an error under `on conflict do update`, so keep their keys distinct.
    pub fn execute_many<A: Args>(&mut self, sql: &str, rows: &[A]) -> impl Future<Output = Result<u64>> + Send {
        async move {
            if rows.is_empty() {
                return Ok(0);
            }
            let rows: Vec<&dyn Args> = rows.iter().map(|row| row as &dyn Args).collect();
            self.rx.start()?;
            let outcome = match &mut self.rx.conn {
                Conn::Sqlite(conn) => conn.execute_many(sql, &rows),
                Conn::Postgres(conn) => statement(Box::pin(conn.execute_many(sql, &rows))).await,
            };
            self.rx.end(sql, outcome)
        }
    }

    /// Waits until no other transaction has this lock, and has it until this one ends. SQLite has one writer anyway.
    pub async fn lock(&mut self, key: i64) -> Result<()> {
        match self.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => self.execute("select pg_advisory_xact_lock($1)", (key,)).await.map(drop),
        }
    }

    /// [`execute_many`](Self::execute_many) with the values written here: `head` is `insert into t (a, b)`, `tail` nothing
    /// or an `on conflict …` without placeholders. Prefer `execute_many`, whose text a test can prepare.
    pub fn insert_many<A: Args>(
        &mut self,
        head: &str,
        tail: &str,
        rows: &[A],
    ) -> impl Future<Output = Result<u64>> + Send {
        let columns = rows.first().map_or(0, Args::count);
        let places: Vec<String> = (1..=columns).map(|number| format!("${number}")).collect();
        let sql = format!("{head} values ({}) {tail}", places.join(", "));
        async move { self.execute_many(&sql, rows).await }
    }

    /// Fires the signal once this has been committed.
    pub fn wake(&mut self, signal: Signal) {
        self.wakes.add(signal);
    }

    /// Does something once this has been committed, in a task of its own, which ends with the process: for what could not be done
    /// within it because another transaction was in the way. On SQLite none is, and nothing is done.
    pub fn afterwards(&mut self, what: impl FnOnce(Db) -> BoxFuture<'static, ()> + Send + 'static) {
        if self.dialect() == Dialect::Postgres {
            self.later.push(Box::new(what));
        }
    }

    /// Runs several statements without parameters, each in the database's own words.
    pub(super) async fn batch(&mut self, sql: &str) -> Result<()> {
        self.rx.start()?;
        let outcome = match &mut self.rx.conn {
            Conn::Sqlite(conn) => conn.batch(sql),
            Conn::Postgres(conn) => statement(Box::pin(conn.batch(sql))).await,
        };
        self.rx.end(sql, outcome)
    }

    /// The SQLite connection, `None` on PostgreSQL.
    pub(super) fn sqlite(&self) -> Option<&Sqlite> {
        match &self.rx.conn {
            Conn::Sqlite(conn) => Some(conn),
            Conn::Postgres(_) => None,
        }
    }

    /// Ends a transaction on PostgreSQL.
    pub(super) async fn finish(self, commit: bool) -> Result<()> {
        match self.rx.conn {
            Conn::Postgres(Pg::Within(transaction)) if commit => {
                transaction.commit().await.map_err(super::postgres::failed)
            }
            Conn::Postgres(Pg::Within(transaction)) => transaction.rollback().await.map_err(super::postgres::failed),
            _ => Ok(()),
        }
    }

    /// The closure's answer, unless a statement failed and the closure went on regardless. Makes ready for the next.
    pub(super) fn settle<T>(&mut self, outcome: Result<T>) -> Result<T> {
        match (outcome, self.rx.spoilt.take()) {
            (Ok(_), Some(why)) => Err(spoilt(&why)),
            (outcome, _) => outcome,
        }
    }
}

fn spoilt(why: &str) -> Error {
    let detail = format!(
        "A statement of this write had failed ({why}); return its error, or let it not fail (`on conflict do nothing`)."
    );
    Error::internal(detail).with_code("write_spoilt")
}

thread_local! {
    /// Set by a statement that has to wait, so that any other waiting within a write is found out.
    static WAITING: Cell<bool> = const { Cell::new(false) };
}

/// Marks the waiting of a statement.
async fn statement<T>(future: impl Future<Output = T> + Unpin) -> T {
    let mut future = future;
    poll_fn(|context| {
        let poll = pin!(&mut future).poll(context);
        WAITING.set(poll.is_pending());
        poll
    })
    .await
}

/// Refuses to wait for anything but statements.
pub(super) async fn only_statements<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        WAITING.set(false);
        match future.as_mut().poll(context) {
            Poll::Pending if !WAITING.get() => Poll::Ready(Err(waited())),
            poll => poll,
        }
    })
    .await
}

/// The error for awaiting something else within a write.
pub(super) fn waited() -> Error {
    let detail = "Something other than a statement was awaited inside a write; do it before the write or after it.";
    Error::internal(detail).with_code("write_waited")
}
