//! Statements on a SQLite connection: direct calls, no awaiting.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement, ToSql, ffi};

use super::rows::Row;
use super::text::Texts;
use super::value::{Args, Value, no_list, storable, unwritable};
use crate::{Error, Result};

/// How long to wait for another program that holds the file's lock (a backup, the sqlite3 shell).
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection; all statements of the engine fit.
const STATEMENTS: usize = 1024;

/// A write that takes as much room as those of a busy moment do, and is taken back: a disk may be so full that a few bytes still
/// find room on it, and nothing that people send does.
pub(super) const PROBE: [&str; 4] =
    ["begin immediate", "insert into room values (zeroblob(1048576))", "commit", "delete from room"];

/// What takes the rows of a statement.
pub(super) type Take<'a> = dyn FnMut(&mut Row<'_>) -> Result<()> + Send + 'a;

/// A connection and SQLite's versions of the statements it has met.
pub(super) struct Sqlite {
    conn: Connection,
    texts: Texts,
}

impl Sqlite {
    /// The one connection that writes. Creates the file.
    pub(super) fn writer(path: &Path) -> Result<Self> {
        let conn = Connection::open(path).map_err(|error| cannot_open(path, error))?;
        Self::set_up(
            conn,
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma cache_size = -16000; \
             pragma journal_size_limit = 67108864;",
        )
    }

    /// A connection that cannot write.
    pub(super) fn reader(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, error))?;
        Self::set_up(conn, "pragma query_only = on; pragma cache_size = -4000;")
    }

    fn set_up(conn: Connection, pragmas: &str) -> Result<Self> {
        conn.busy_timeout(BUSY).map_err(failed)?;
        conn.execute_batch(pragmas).map_err(failed)?;
        conn.execute_batch("pragma temp_store = memory;").map_err(failed)?;
        // Otherwise SQLite looks at a bound `limit` when it plans, and so plans every such statement anew at each run.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        rusqlite::vtab::array::load_module(&conn).map_err(failed)?;
        Ok(Self { conn, texts: Texts::default() })
    }

    /// Runs a statement and hands over its rows.
    pub(super) fn query(&mut self, sql: &str, args: &dyn Args, take: &mut Take<'_>) -> Result<()> {
        let mut statement = self.conn.prepare_cached(self.texts.sqlite(sql)).map_err(failed)?;
        bind(&mut statement, args)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failed)? {
            take(&mut Row::sqlite(row))?;
        }
        Ok(())
    }

    /// Runs a statement and counts the rows it changed.
    pub(super) fn execute(&mut self, sql: &str, args: &dyn Args) -> Result<u64> {
        self.execute_many(sql, &[args])
    }

    /// Runs a statement once for each of `rows`.
    pub(super) fn execute_many(&mut self, sql: &str, rows: &[&dyn Args]) -> Result<u64> {
        let mut statement = self.conn.prepare_cached(self.texts.sqlite(sql)).map_err(failed)?;
        let mut changed = 0;
        for args in rows {
            bind(&mut statement, *args)?;
            if statement.column_count() == 0 {
                changed += statement.raw_execute().map_err(failed)? as u64;
            } else {
                let mut rows = statement.raw_query();
                while rows.next().map_err(failed)?.is_some() {}
                drop(rows);
                changed += self.conn.changes();
            }
        }
        Ok(changed)
    }

    /// Runs several statements without parameters, as they stand.
    pub(super) fn batch(&mut self, sql: &str) -> Result<()> {
        self.conn.execute_batch(sql).map_err(failed)
    }

    /// Runs one of the writer's own statements (`begin`, `commit`, `savepoint` …).
    pub(super) fn control(&self, sql: &str) -> Result<()> {
        self.conn.prepare_cached(sql).and_then(|mut statement| statement.raw_execute()).map(drop).map_err(failed)
    }

    /// Moves what stands in the write-ahead log into the database's file.
    pub(super) fn checkpoint(&self) -> Result<()> {
        self.conn.query_row("pragma wal_checkpoint(truncate)", (), |_| Ok(())).map_err(failed)
    }

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        self.conn.is_autocommit()
    }

    /// Checks that a statement can be prepared.
    pub(super) fn prepare(&mut self, sql: &str) -> Result<()> {
        self.conn.prepare(self.texts.sqlite(sql)).map(drop).map_err(failed)
    }
}

fn bind(statement: &mut Statement<'_>, args: &dyn Args) -> Result<()> {
    let wanted = statement.parameter_count();
    if wanted != args.count() {
        let given = args.count();
        return Err(Error::internal(format!(
            "The statement has {wanted} placeholders but {given} parameters were given."
        )));
    }
    let mut index = 0;
    args.each(&mut |value| {
        index += 1;
        storable(&value)?;
        statement.raw_bind_parameter(index, Bound(value)).map_err(failed)
    })
}

struct Bound<'a>(Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match &self.0 {
            Value::Null(_) => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Int(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Value::Bool(value) => ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(*value))),
            Value::Float(value) => ToSqlOutput::Borrowed(ValueRef::Real(*value)),
            Value::Text(value) | Value::Json(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Value::Uuid(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value.as_bytes())),
            Value::Time(value) => ToSqlOutput::Borrowed(ValueRef::Integer(value.timestamp_micros())),
            Value::Bytes(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Value::List(kind, values) => {
                let list: Option<Vec<Owned>> = values.iter().map(listed).collect();
                let list = list.ok_or_else(|| rusqlite::Error::ToSqlConversionFailure(Box::new(no_list(*kind))))?;
                ToSqlOutput::from_rc(Rc::new(list), c"rarray")
            }
            Value::Unwritable(reason) => {
                return Err(rusqlite::Error::ToSqlConversionFailure(Box::new(unwritable(reason))));
            }
        })
    }
}

fn listed(value: &Value<'_>) -> Option<Owned> {
    match value {
        Value::Int(value) => Some(Owned::Integer(*value)),
        Value::Text(value) => Some(Owned::Text(value.to_string())),
        Value::Uuid(value) => Some(Owned::Blob(value.as_bytes().to_vec())),
        _ => None,
    }
}

fn cannot_open(path: &Path, error: rusqlite::Error) -> Error {
    let detail = format!(
        "Cannot open the database file {}: {error}. Check that its folder exists and can be written.",
        path.display()
    );
    Error::internal(detail).with_code("database_unavailable").caused_by(error)
}

/// Makes an error of SQLite ours.
pub(super) fn failed(error: rusqlite::Error) -> Error {
    let (code, extended, message) = match &error {
        rusqlite::Error::SqliteFailure(code, message) => {
            (code.code, code.extended_code, message.as_deref().unwrap_or_default())
        }
        _ => return Error::internal(format!("SQLite refused the statement: {error}")).caused_by(error),
    };
    let ours = match (code, extended) {
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE) => {
            Error::conflict("already_exists", "This already exists.").with_constraint(unique_name(message))
        }
        (_, ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID) => {
            Error::conflict("already_exists", "This already exists.").with_constraint(primary_name(message))
        }
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => Error::conflict(
            "reference_broken",
            "Something that this refers to does not exist, or something still refers to this.",
        ),
        (_, ffi::SQLITE_CONSTRAINT_CHECK) => {
            Error::invalid("check_failed", "A value is outside of what the database allows.")
                .with_constraint(after_colon(message))
        }
        (_, ffi::SQLITE_CONSTRAINT_NOTNULL) => {
            Error::invalid("value_missing", "A value that must be given is missing.")
        }
        (ErrorCode::DiskFull, _) => {
            Error::busy("database_full", "The database's disk is full. Free some space and try again.")
        }
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => {
            Error::busy("database_busy", "Another program holds the database. Try again.")
        }
        (ErrorCode::SystemIoFailure, _) => {
            Error::busy("database_unavailable", "The database's disk does not answer. Try again.")
        }
        (ErrorCode::ReadOnly, _) => Error::busy(
            "database_read_only",
            "The database's file cannot be written. Check its owner, its disk and its folder, and try again.",
        ),
        _ => Error::internal(format!("SQLite refused the statement: {error}")),
    };
    ours.caused_by(error)
}

fn after_colon(message: &str) -> &str {
    message.split_once(": ").map_or(message, |(_, rest)| rest)
}

/// PostgreSQL's default name for the violated constraint, from `UNIQUE constraint failed: tasks.workspace_id, tasks.key`.
fn unique_name(message: &str) -> String {
    let named = after_colon(message);
    if let Some(index) = named.strip_prefix("index '") {
        return index.trim_end_matches('\'').to_owned();
    }
    let table = named.split('.').next().unwrap_or_default();
    let columns: Vec<&str> = named.split(", ").map(|column| column.rsplit('.').next().unwrap_or_default()).collect();
    default_name(table, &columns.join("_"), "key")
}

fn primary_name(message: &str) -> String {
    default_name(after_colon(message).split('.').next().unwrap_or_default(), "", "pkey")
}

/// PostgreSQL's `makeObjectName`: at most 63 bytes, the longer part is cut first.
fn default_name(table: &str, columns: &str, label: &str) -> String {
    let room = 63 - label.len() - 1 - usize::from(!columns.is_empty());
    let (mut first, mut second) = (table.len(), columns.len());
    while first + second > room {
        if first > second { first -= 1 } else { second -= 1 }
    }
    let cut = |name: &str, length| name.chars().take(length).collect::<String>();
    let parts = [cut(table, first), cut(columns, second), label.to_owned()];
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_have_postgresqls_names() {
        assert_eq!(
            unique_name("UNIQUE constraint failed: tasks.workspace_id, tasks.key"),
            "tasks_workspace_id_key_key"
        );
        assert_eq!(unique_name("UNIQUE constraint failed: index 'users_email_lower_key'"), "users_email_lower_key");
        assert_eq!(primary_name("UNIQUE constraint failed: tasks.id"), "tasks_pkey");
        let long = default_name(&"t".repeat(40), &"c".repeat(40), "key");
        assert_eq!(long, format!("{}_{}_key", "t".repeat(29), "c".repeat(29)));
    }
}
