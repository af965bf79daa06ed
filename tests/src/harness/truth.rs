//! What stands in the database, read past the program: the books that promises are checked against.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::Database;

/// How often the database is asked while something is waited for.
const GLANCE: Duration = Duration::from_millis(50);

impl Database {
    /// The rows of a statement that both databases understand and whose columns are `(text, bigint)`.
    ///
    /// # Panics
    /// When the statement fails, except that a database that cuts off connections is asked again.
    pub async fn rows(&self, sql: &str) -> Vec<(String, i64)> {
        if self.is_postgres() {
            for _ in 0..20 {
                if let Ok(mut connection) = PgConnection::connect(self.url()).await
                    && let Ok(rows) = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await
                {
                    return rows.iter().map(|row| (row.get(0), row.get(1))).collect();
                }
                tokio::time::sleep(GLANCE).await;
            }
            panic!("PostgreSQL does not answer `{sql}`");
        }
        let path = self.url().strip_prefix("sqlite://").expect("a SQLite database has such a URL");
        let connection = rusqlite::Connection::open(path).expect("the database file can be opened");
        connection.busy_timeout(Duration::from_secs(10)).expect("a time-out can be set");
        let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("`{sql}`: {error}"));
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        let rows = rows.unwrap_or_else(|error| panic!("`{sql}`: {error}"));
        rows.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("`{sql}`: {error}"))
    }

    /// `select count(*) from <what>`.
    ///
    /// # Panics
    /// As [`Database::rows`].
    pub async fn count(&self, what: &str) -> i64 {
        self.rows(&format!("select '', count(*) from {what}")).await[0].1
    }

    /// Waits until every event is dispatched and no job is left: nothing will happen any more by itself.
    ///
    /// # Panics
    /// When it is not quiet `within` that time; the message says what is left.
    pub async fn quiet(&self, within: Duration) {
        let start = Instant::now();
        loop {
            let left = self
                .rows(
                    "select 'undispatched events', count(*) from events where position is null \
                     union all select 'jobs', count(*) from jobs",
                )
                .await;
            if left.iter().all(|(_, count)| *count == 0) {
                return;
            }
            if start.elapsed() > within {
                let jobs = self
                    .rows("select cast(last_error as text), attempts from jobs where last_error is not null limit 5")
                    .await;
                panic!("not quiet after {within:?}: {left:?}; errors: {jobs:?}");
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
}
