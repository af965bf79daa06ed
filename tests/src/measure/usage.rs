//! Processor time and memory, from Linux's `/proc`; zero elsewhere.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::{Connection, PgConnection};

use crate::harness::Database;

/// What a process has used so far, with everything it started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Processor time of all of them.
    pub cpu: Duration,
    /// Resident memory of all of them, in bytes. What they share counts for each.
    pub resident: u64,
}

impl Usage {
    /// The use of a process and its descendants.
    pub fn of(pid: u32) -> Self {
        let all = processes();
        let mut usage = Self::default();
        let mut left = vec![pid];
        while let Some(pid) = left.pop() {
            if let Some(process) = all.get(&pid) {
                // Ticks are hundredths of a second (USER_HZ) on every Linux that Rust runs on.
                usage.cpu += Duration::from_millis(process.ticks * 10);
                usage.resident += resident(pid);
                left.extend(all.iter().filter(|(_, other)| other.parent == pid).map(|(child, _)| *child));
            }
        }
        usage
    }

    /// The use of this process.
    pub fn own() -> Self {
        Self::of(std::process::id())
    }

    /// Processor time since `before`, in microseconds for each of so many operations.
    pub fn cpu_us_since(&self, before: &Self, operations: u64) -> f64 {
        self.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e6 / operations.max(1) as f64
    }

    /// Resident memory in MiB.
    pub fn mib(&self) -> f64 {
        self.resident as f64 / (1024.0 * 1024.0)
    }
}

struct Process {
    parent: u32,
    ticks: u64,
}

fn processes() -> HashMap<u32, Process> {
    let folders = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    folders
        .filter_map(|folder| {
            let pid: u32 = folder.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(folder.path().join("stat")).ok()?;
            // Behind the name, which may hold anything: state, parent, …; then user and system time, own and of
            // children that have ended (proc_pid_stat(5), fields 14 to 17).
            let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
            let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
            Some((pid, Process { parent: fields.get(1)?.parse().ok()?, ticks }))
        })
        .collect()
}

fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// The process id of the PostgreSQL server behind a superuser's URL; it must run on this machine.
///
/// # Panics
/// When the server does not answer, or not to a superuser.
pub async fn postmaster(url: &str) -> u32 {
    let mut admin = PgConnection::connect(url).await.expect("PostgreSQL answers");
    let file: String = sqlx::query_scalar("select pg_read_file('postmaster.pid')")
        .fetch_one(&mut admin)
        .await
        .expect("a superuser may read the server's files");
    admin.close().await.ok();
    file.lines().next().and_then(|line| line.trim().parse().ok()).expect("the first line is the process id")
}

/// What a statement counts, asked of the database itself, past the server.
///
/// # Panics
/// When the database does not answer.
pub async fn count(database: &Database, sql: &'static str) -> i64 {
    if database.is_postgres() {
        let mut own = PgConnection::connect(&database.admin_url()).await.expect("PostgreSQL answers");
        let found = sqlx::query_scalar(sql).fetch_one(&mut own).await.expect("the statement is right");
        own.close().await.ok();
        return found;
    }
    let file = database.url().trim_start_matches("sqlite://");
    let own = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
    own.and_then(|own| own.query_row(sql, [], |row| row.get(0))).expect("SQLite answers")
}
