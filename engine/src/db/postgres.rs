//! Statements on a PostgreSQL connection.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::encode::IsNull;
use sqlx::error::{BoxDynError, ErrorKind};
use sqlx::pool::PoolConnection;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgConnectOptions, PgConnection, PgPoolOptions, PgTypeInfo};
use sqlx::{
    Arguments as _, AssertSqlSafe, Connection as _, Encode, Executor as _, PgPool, Postgres, Transaction, Type,
};

use super::rows::Row;
use super::sqlite::Take;
use super::text::repeat_values;
use super::value::{Args, Kind, Value, no_list, storable, unwritable};
use crate::{Error, Result};

/// How long a transaction may be silent. A process that hangs or is frozen in the middle of one holds its locks, and with
/// the lock on the log's head it would hold up every dispatcher; PostgreSQL ends it after this.
const SILENT: &str = "10s";
/// How long a request waits for a connection before it is told to come back later.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long connections are doubted after one of them was found to be cut.
const DOUBT: Duration = Duration::from_secs(30);
/// Prepared statements kept per connection; all statements of the engine fit.
const STATEMENTS: usize = 1024;
/// Most rows in one `insert`; a power of two, since chunks are halved down from it.
const MOST_ROWS: usize = 128;
/// Most parameters of one statement; the protocol allows 65,535.
const MOST_PARAMETERS: usize = 32_768;

/// A connection, alone or in a transaction.
pub(super) enum Pg {
    /// Each statement for itself.
    Alone(PoolConnection<Postgres>),
    /// A transaction.
    Within(Transaction<'static, Postgres>),
}

/// A pool of at most `size` connections.
pub(super) fn pool(url: &str, size: u32) -> Result<PgPool> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| Error::internal(format!("The database URL is not understood: {error}.")))?
        .application_name("trackside")
        .options([("idle_in_transaction_session_timeout", SILENT)])
        .statement_cache_capacity(STATEMENTS);
    let pool = PgPoolOptions::new().max_connections(size).acquire_timeout(ACQUIRE).test_before_acquire(false);
    // Asking every connection whether it lives, before each use, costs a third of the throughput. But where one was cut,
    // the others that are as old were probably cut with it, and each would fail a request of its own.
    let pool = pool.before_acquire(|conn, about| {
        let doubtful = breaks::since_last().is_some_and(|since| since < DOUBT && about.age > since);
        Box::pin(async move {
            if doubtful {
                conn.ping().await?;
            }
            Ok(true)
        })
    });
    Ok(pool.connect_lazy_with(options))
}

/// Begins a transaction.
pub(super) async fn begin(pool: &PgPool, statement: String) -> Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    let begin = async move { pool.begin_with(AssertSqlSafe(statement)).await };
    Beginning(Some(Box::pin(begin))).await.map_err(unreachable)
}

/// A transaction that is being begun. When nobody waits for it any more it is still begun to its end, and rolled back then: dropped
/// in between, its connection would go back to the pool with the transaction open, because sqlx counts it only when the
/// server has answered. What used the connection next would be part of it, and undone with it.
struct Beginning(Option<BoxFuture<'static, sqlx::Result<Transaction<'static, Postgres>>>>);

impl Future for Beginning {
    type Output = sqlx::Result<Transaction<'static, Postgres>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(begin) = &mut self.0 else { return Poll::Ready(Err(sqlx::Error::PoolClosed)) };
        let poll = begin.as_mut().poll(context);
        if poll.is_ready() {
            self.0 = None;
        }
        poll
    }
}

impl Drop for Beginning {
    fn drop(&mut self) {
        if let (Some(begin), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { drop(begin.await) });
        }
    }
}

/// Whether writes can be done: not on a standby, nor where they are switched off. With `doubtful` a few pages are written,
/// in a table that is gone again at once.
pub(super) async fn check(pool: &PgPool, doubtful: bool) -> Result<()> {
    let mut transaction = begin(pool, "begin".to_owned()).await?;
    let setting = sqlx::query_scalar::<_, String>("select current_setting('transaction_read_only')");
    if setting.fetch_one(&mut *transaction).await.map_err(failed)? == "on" {
        return Err(read_only());
    }
    if doubtful {
        // Room for a row is found on the disk when the row is made, and not only at the commit.
        let probe = "create temporary table trackside_probe on commit drop as select repeat('x', 1000) from generate_series(1, 64)";
        sqlx::raw_sql(probe).execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

fn read_only() -> Error {
    Error::busy(
        "database_read_only",
        "The database takes no writes now: it is a standby, or was set to read-only. Connect to the primary, and try again.",
    )
}

impl Pg {
    fn conn(&mut self) -> &mut PgConnection {
        match self {
            Self::Alone(conn) => conn,
            Self::Within(transaction) => transaction,
        }
    }

    /// Runs a statement and hands over its rows.
    pub(super) async fn query(&mut self, sql: &str, args: &dyn Args, take: &mut Take<'_>) -> Result<()> {
        let arguments = arguments(&[args])?;
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(self.conn()).await.map_err(failed)?;
        rows.iter().try_for_each(|row| take(&mut Row::postgres(row)))
    }

    /// The same, planned for these values. What is kept prepared is planned once, for any.
    pub(super) async fn query_anew(&mut self, sql: &str, args: &dyn Args, take: &mut Take<'_>) -> Result<()> {
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments(&[args])?).persistent(false);
        let rows = query.fetch_all(self.conn()).await.map_err(failed)?;
        rows.iter().try_for_each(|row| take(&mut Row::postgres(row)))
    }

    /// Runs a statement and hands over its rows as they arrive, without holding them all.
    pub(super) async fn stream(&mut self, sql: &str, args: &dyn Args, take: &mut Take<'_>) -> Result<()> {
        use futures::TryStreamExt;
        let arguments = arguments(&[args])?;
        let mut rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch(self.conn());
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            take(&mut Row::postgres(&row))?;
        }
        Ok(())
    }

    /// Runs a statement and counts the rows it changed.
    pub(super) async fn execute(&mut self, sql: &str, args: &dyn Args) -> Result<u64> {
        self.send(sql, arguments(&[args])?).await
    }

    async fn send(&mut self, sql: &str, arguments: PgArguments) -> Result<u64> {
        let done = sqlx::query_with(AssertSqlSafe(sql), arguments).execute(self.conn()).await.map_err(failed)?;
        Ok(done.rows_affected())
    }

    /// Runs a statement for each of `rows`, several rows at once where the text allows it.
    pub(super) async fn execute_many(&mut self, sql: &str, mut rows: &[&dyn Args]) -> Result<u64> {
        let columns = rows.first().map_or(0, |row| row.count());
        let mut size = MOST_ROWS;
        let mut changed = 0;
        while !rows.is_empty() {
            while size > rows.len() || size * columns > MOST_PARAMETERS {
                size /= 2;
            }
            let text = if size == 1 { None } else { repeat_values(sql, columns, size) };
            let taken = if text.is_some() { size } else { 1 };
            let (chunk, rest) = rows.split_at(taken);
            let arguments = arguments(chunk)?;
            changed += self.send(text.as_deref().unwrap_or(sql), arguments).await?;
            rows = rest;
        }
        Ok(changed)
    }

    /// Runs several statements without parameters, as they stand.
    pub(super) async fn batch(&mut self, sql: &str) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(self.conn()).await.map(drop).map_err(failed)
    }

    /// Checks that a statement can be prepared.
    pub(super) async fn prepare(&mut self, sql: &str) -> Result<()> {
        self.conn().prepare(sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(sql))).await.map_err(failed)?;
        // Without parameters the server guessed their types; what runs later must not take these for its own.
        self.conn().clear_cached_statements().await.map_err(failed)
    }
}

fn arguments(rows: &[&dyn Args]) -> Result<PgArguments> {
    let mut arguments = PgArguments::default();
    for row in rows {
        row.each(&mut |value| {
            storable(&value)?;
            add(&mut arguments, value)?
                .map_err(|error| Error::internal(format!("A parameter cannot be sent: {error}.")))
        })?;
    }
    Ok(arguments)
}

fn add(to: &mut PgArguments, value: Value<'_>) -> Result<Result<(), BoxDynError>> {
    Ok(match value {
        Value::Null(Kind::Int) => to.add(None::<i64>),
        Value::Null(Kind::Bool) => to.add(None::<bool>),
        Value::Null(Kind::Float) => to.add(None::<f64>),
        Value::Null(Kind::Text) => to.add(None::<String>),
        Value::Null(Kind::Uuid) => to.add(None::<uuid::Uuid>),
        Value::Null(Kind::Time) => to.add(None::<chrono::DateTime<chrono::Utc>>),
        Value::Null(Kind::Json) => to.add(None::<JsonAsIs<'_>>),
        Value::Null(Kind::Bytes) => to.add(None::<Vec<u8>>),
        Value::Int(value) => to.add(value),
        Value::Bool(value) => to.add(value),
        Value::Float(value) => to.add(value),
        Value::Text(value) => to.add(&*value),
        Value::Uuid(value) => to.add(value),
        Value::Time(value) => to.add(value),
        Value::Json(value) => to.add(JsonAsIs(value)),
        Value::Bytes(value) => to.add(&*value),
        Value::List(Kind::Int, list) => {
            to.add(each(&list, |value| if let Value::Int(it) = value { Some(*it) } else { None }))
        }
        Value::List(Kind::Text, list) => {
            to.add(each(&list, |value| if let Value::Text(it) = value { Some(&**it) } else { None }))
        }
        Value::List(Kind::Uuid, list) => {
            to.add(each(&list, |value| if let Value::Uuid(it) = value { Some(*it) } else { None }))
        }
        Value::List(kind, _) => return Err(no_list(kind)),
        Value::Unwritable(reason) => return Err(unwritable(&reason)),
    })
}

fn each<'a, T>(list: &'a [Value<'a>], one: impl Fn(&'a Value<'a>) -> Option<T>) -> Vec<Option<T>> {
    list.iter().map(one).collect()
}

/// JSON text, sent as `json` and not as `jsonb`: a column of `json` then keeps it to the letter, and one of `jsonb`
/// makes its own form of it.
struct JsonAsIs<'a>(Cow<'a, str>);

impl Type<Postgres> for JsonAsIs<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(JSON)
    }
}

/// What `json` is called in every PostgreSQL (pg_type.dat).
const JSON: Oid = Oid(114);

impl Encode<'_, Postgres> for JsonAsIs<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

/// Makes an error of sqlx ours, where no statement of ours has been sent yet: whatever the database says then, it is not
/// to be had.
pub(super) fn unreachable(error: sqlx::Error) -> Error {
    breaks::note();
    match error {
        sqlx::Error::Database(_) => unavailable().caused_by(error),
        other => failed(other),
    }
}

/// When a connection was last found to be cut.
mod breaks {
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    static LAST: Mutex<Option<Instant>> = Mutex::new(None);

    pub(super) fn note() {
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn since_last() -> Option<Duration> {
        LAST.lock().unwrap_or_else(PoisonError::into_inner).map(|last| last.elapsed())
    }
}

/// Makes an error of sqlx ours.
pub(super) fn failed(error: sqlx::Error) -> Error {
    let ours = match &error {
        sqlx::Error::Database(refusal) => {
            let constraint = refusal.constraint();
            let named = |error: Error| match constraint {
                Some(name) => error.with_constraint(name),
                None => error,
            };
            match (refusal.kind(), refusal.code().as_deref().unwrap_or_default()) {
                (ErrorKind::UniqueViolation, _) => named(Error::conflict("already_exists", "This already exists.")),
                // No name: SQLite has none to give.
                (ErrorKind::ForeignKeyViolation, _) => Error::conflict(
                    "reference_broken",
                    "Something that this refers to does not exist, or something still refers to this.",
                ),
                (ErrorKind::CheckViolation, _) => {
                    named(Error::invalid("check_failed", "A value is outside of what the database allows."))
                }
                (ErrorKind::NotNullViolation, _) => {
                    Error::invalid("value_missing", "A value that must be given is missing.")
                }
                // serialization_failure, deadlock_detected, lock_not_available
                (_, "40001" | "40P01" | "55P03") => {
                    Error::busy("database_conflict", "Someone else was changing the same things. Try again.")
                }
                (_, "57014") => Error::busy("database_timeout", "The database took too long. Try again."),
                (_, "53100") => {
                    Error::busy("database_full", "The database's disk is full. Free some space and try again.")
                }
                (_, "25006") => read_only(),
                // connection exceptions (but not 08P01, which means wrong parameters), shutdown, crash, starting up, too
                // many connections, a transaction that was silent for too long
                (_, code)
                    if (code.starts_with("08") && code != "08P01")
                        || code.starts_with("57P")
                        || matches!(code, "53300" | "25P03") =>
                {
                    unavailable()
                }
                _ => Error::internal(format!("PostgreSQL refused the statement: {refusal}")),
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => unavailable(),
        _ => Error::internal(format!("PostgreSQL was not understood: {error}")),
    };
    ours.caused_by(error)
}

fn unavailable() -> Error {
    breaks::note();
    Error::busy("database_unavailable", "The database does not answer. Try again.")
}
