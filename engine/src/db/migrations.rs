//! Schema changes: forward only, embedded, one transaction each.
//!
//! A step is a pair of files `migrations/{sqlite,postgres}/NNNN_name.sql` and one line in [`ALL`]. Foreign keys are never
//! deferred: SQLite checks deferred ones only at the commit, where one bad write would undo its whole batch, so a schema
//! that has any is refused. Insert the side that is pointed at first, or fill in one side of a circle by an update.

use super::transaction::Tx;
use super::{Db, Dialect, One, walls};
use crate::{Error, Result};

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// `NNNN_name`.
    pub name: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static str,
    /// The statements for PostgreSQL.
    pub postgres: &'static str,
}

macro_rules! migration {
    ($name:literal) => {
        Migration {
            name: $name,
            sqlite: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// All steps, in order: `migration!("0001_spine"),`.
pub const ALL: &[Migration] = &[
    migration!("0001_spine"),
    migration!("0002_jobs"),
    migration!("0003_planning"),
    migration!("0004_access"),
    migration!("0005_audit"),
    migration!("0010_people"),
    migration!("0011_identity"),
    migration!("0012_files"),
    migration!("0013_search"),
    migration!("0014_watchers_links_fields"),
    migration!("0015_workflow"),
    migration!("0016_sprints"),
    migration!("0017_routines"),
    migration!("0018_time_and_money"),
    migration!("0019_resources"),
    migration!("0021_milestones"),
    migration!("0022_spans"),
    migration!("0023_schedules"),
    migration!("0024_sensitive"),
    migration!("0025_lists"),
    migration!("0027_rule_schedules"),
    migration!("0028_date_triggers"),
    migration!("0029_trials"),
    migration!("0030_approvals"),
    migration!("0031_notifications"),
    migration!("0032_run_turns"),
    migration!("0033_waits"),
    migration!("0034_reached"),
    migration!("0036_run_history"),
    migration!("0037_search_newest"),
    migration!("0038_variables_and_secrets"),
    migration!("0040_round_robins"),
    migration!("0041_step_events"),
    migration!("0042_approvals_told"),
    migration!("0043_slas"),
    migration!("0044_thresholds"),
    migration!("0045_operations"),
    migration!("0046_rule_hours"),
    migration!("0050_turns_kept"),
    migration!("0051_who_moved_dates"),
    migration!("0054_run_reruns"),
    migration!("0056_room"),
    migration!("0057_approvals_workspace"),
];

/// Held on PostgreSQL while a step runs, so that nodes starting together do not both do it. "trackside", cut to 8 bytes.
const LOCK: i64 = i64::from_be_bytes(*b"tracksid");

impl Db {
    /// Does the steps of [`ALL`] that have not been done; their names.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        self.migrate_by(ALL).await
    }

    /// [`migrate`](Self::migrate) by another list.
    pub async fn migrate_by(&self, steps: &'static [Migration]) -> Result<Vec<String>> {
        let done = self.write(async move |tx: &mut Tx| known(tx).await).await?;
        if let Some(unknown) = done.iter().find(|name| !steps.iter().any(|step| step.name == name.as_str())) {
            let detail =
                format!("The database is newer than this program: it has the step {unknown}. Start the newer program.");
            return Err(Error::internal(detail).with_code("database_newer"));
        }
        let mut applied = Vec::new();
        for step in steps.iter().filter(|step| !done.iter().any(|name| name == step.name)) {
            if self.write(async move |tx: &mut Tx| apply(tx, step).await).await? {
                tracing::info!(step = step.name, "the database was migrated");
                applied.push(step.name.to_owned());
            }
        }
        if self.dialect() == Dialect::Postgres {
            let raise = async move |tx: &mut Tx| {
                tx.lock(LOCK).await?;
                walls::raise(tx).await
            };
            self.write(raise).await?;
        }
        Ok(applied)
    }
}

/// The steps done so far; makes the table for them.
async fn known(tx: &mut Tx) -> Result<Vec<String>> {
    tx.lock(LOCK).await?;
    let time = match tx.dialect() {
        Dialect::Sqlite => "integer",
        Dialect::Postgres => "timestamptz",
    };
    tx.batch(&format!("create table if not exists migrations (name text primary key, applied_at {time} not null)"))
        .await?;
    let names: Vec<One<String>> = tx.all("select name from migrations order by name", ()).await?;
    Ok(names.into_iter().map(|name| name.0).collect())
}

/// Does a step unless another node has done it meanwhile.
async fn apply(tx: &mut Tx, step: &Migration) -> Result<bool> {
    tx.lock(LOCK).await?;
    if tx.opt::<One<String>>("select name from migrations where name = $1", (step.name,)).await?.is_some() {
        return Ok(false);
    }
    let (text, now) = match tx.dialect() {
        Dialect::Sqlite => (step.sqlite, "cast(unixepoch('subsec') * 1000000 as integer)"),
        Dialect::Postgres => (step.postgres, "now()"),
    };
    let failed = |error: Error| {
        Error::internal(format!("The step {} failed: {error}", step.name))
            .with_code("migration_failed")
            .caused_by(error)
    };
    tx.batch(text).await.map_err(failed)?;
    refuse_deferred(tx).await.map_err(failed)?;
    tx.execute(&format!("insert into migrations (name, applied_at) values ($1, {now})"), (step.name,)).await?;
    Ok(true)
}

async fn refuse_deferred(tx: &mut Tx) -> Result<()> {
    let sql = match tx.dialect() {
        Dialect::Sqlite => "select name from sqlite_schema where lower(sql) like '%initially%deferred%'",
        Dialect::Postgres => "select conname from pg_constraint where condeferrable",
    };
    match tx.opt::<One<String>>(sql, ()).await? {
        None => Ok(()),
        Some(One(name)) => Err(Error::internal(format!("{name} has a deferred constraint; make it immediate."))),
    }
}
