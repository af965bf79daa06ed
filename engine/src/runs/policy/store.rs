//! All SQL on `run_turns`.

use chrono::{DateTime, Utc};

use super::turns::{Policy, Turn};
use crate::Result;
use crate::db::{Rx, Tx};
use crate::ids::{RuleId, RunId, WorkspaceId};
use crate::{row, statements};

row! {
    /// A turn, as it is stored.
    #[derive(Debug, Clone)]
    pub(super) struct Stored {
        pub seq: i64,
        pub policy: Policy,
        pub key: String,
        pub passed: bool,
        pub at: DateTime<Utc>,
    }
}

row! {
    /// A turn that was given up.
    #[derive(Debug)]
    pub(super) struct Left {
        pub rule_id: RuleId,
        pub policy: Policy,
        pub key: String,
    }
}

statements! {
    /// A run that was left out, because its event had one, has no turns.
    INSERT = "insert into run_turns (workspace_id, run_id, rule_id, policy, key, passed, at) \
         select w.id, $2, $3, $4, $5, $6, $7 from workspaces w where w.id = $1 and exists (select 1 from runs where id = $2) \
         on conflict (run_id, policy) do nothing";
    PUT = "insert into run_turns (workspace_id, run_id, rule_id, policy, key, passed, at) \
         select w.id, $2, $3, $4, $5, $6, $7 from workspaces w where w.id = $1 and exists (select 1 from runs where id = $2) \
         on conflict (run_id, policy) do update set key = excluded.key, passed = excluded.passed, at = excluded.at";
    OF_RUN = "select {Stored} from run_turns where run_id = $1", Stored;
    PASS = "update run_turns set passed = true where run_id = $1 and policy = $2";
    /// Its place in line it keeps.
    RETRACT = "update run_turns set passed = false, at = $3 where run_id = $1 and policy = $2";
    DROP = "delete from run_turns where run_id = $1 and policy = $2";
    PASSED = "select run_id from run_turns where rule_id = $1 and policy = $2 and key = $3 and passed \
         and (at > $4 or cast($4 as text) is null) order by seq limit 1";
    BEFORE = "select run_id from run_turns where rule_id = $1 and policy = $2 and key = $3 and seq < $4 and not passed order by seq desc limit 1";
    AFTER = "select run_id from run_turns where rule_id = $1 and policy = $2 and key = $3 and seq > $4 order by seq desc limit 1";
    EARLIER = "select o.run_id from run_turns o join run_turns t on t.run_id = $3 and t.policy = 'concurrency' and t.seq > o.seq \
         where o.rule_id = $1 and o.policy = 'concurrency' and o.key = $2 order by o.seq";
    OTHERS = "select run_id from run_turns where rule_id = $1 and policy = 'concurrency' and key = $2 and run_id <> $3 order by seq";
    /// The first in line, unless somebody has the key.
    NEXT = "select run_id from run_turns t where rule_id = $1 and policy = 'concurrency' and key = $2 \
         and not exists (select 1 from run_turns o where o.rule_id = $1 and o.policy = 'concurrency' and o.key = $2 and o.passed) \
         order by seq limit 1";
    /// The first of those who wait for what becomes of the others.
    FIRST = "select run_id from run_turns where rule_id = $1 and policy = $2 and key = $3 and not passed order by seq limit 1";
    /// When the run before last, before that … began.
    NTH = "select at from run_turns where rule_id = $1 and policy = 'throttle' and passed order by at desc limit 1 offset $2";
    AHEAD = "select count(*) from (select 1 from run_turns where rule_id = $1 and policy = $2 and not passed \
         and (seq < $3 or cast($3 as text) is null) limit $4) as ahead";
    OF_DAY = "select count(*) from run_turns where rule_id = $1 and policy = 'day' and key = $2 and passed";
    PRUNE = "delete from run_turns where rule_id = $1 and policy = $2 and at < $3 and passed";
    /// Whoever never began gives back everything, and whoever failed the key of what was to be done once.
    LEAVE = "delete from run_turns where run_id = any($1) and (policy in ('concurrency', 'debounce') or not passed \
         or exists (select 1 from runs r where r.id = run_turns.run_id \
             and (not r.admitted or policy = 'dedupe' and r.state = 'failed'))) returning {Left}", Left;
}

pub(super) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    run: RunId,
    rule: RuleId,
    turn: &Turn,
    passed: bool,
    at: DateTime<Utc>,
) -> Result<()> {
    tx.execute(INSERT, (workspace, run, rule, turn.policy, turn.key.as_str(), passed, at)).await?;
    Ok(())
}

pub(super) async fn of_run(rx: &mut Rx, run: RunId) -> Result<Vec<Stored>> {
    rx.all(OF_RUN, (run,)).await
}

pub(super) async fn pass(tx: &mut Tx, run: RunId, policy: Policy) -> Result<()> {
    tx.execute(PASS, (run, policy)).await?;
    Ok(())
}

pub(super) async fn retract(tx: &mut Tx, run: RunId, policy: Policy, now: DateTime<Utc>) -> Result<()> {
    tx.execute(RETRACT, (run, policy, now)).await?;
    Ok(())
}

pub(super) async fn drop(tx: &mut Tx, run: RunId, policy: Policy) -> Result<()> {
    tx.execute(DROP, (run, policy)).await?;
    Ok(())
}

/// Writes a turn anew.
pub(super) async fn put(
    tx: &mut Tx,
    workspace: WorkspaceId,
    run: RunId,
    rule: RuleId,
    turn: &Turn,
    passed: bool,
    at: DateTime<Utc>,
) -> Result<()> {
    tx.execute(PUT, (workspace, run, rule, turn.policy, turn.key.as_str(), passed, at)).await?;
    Ok(())
}

/// The run that has the key; since `since`, if that is given.
pub(super) async fn passed(
    rx: &mut Rx,
    rule: RuleId,
    policy: Policy,
    key: &str,
    since: Option<DateTime<Utc>>,
) -> Result<Option<RunId>> {
    Ok(rx.opt::<(RunId,)>(PASSED, (rule, policy, key, since)).await?.map(|(run,)| run))
}

/// The last run of the same key that came before this one and is still to be decided on.
pub(super) async fn before(rx: &mut Rx, rule: RuleId, turn: &Stored) -> Result<Option<RunId>> {
    let found: Option<(RunId,)> = rx.opt(BEFORE, (rule, turn.policy, turn.key.as_str(), turn.seq)).await?;
    Ok(found.map(|(run,)| run))
}

/// The last run of the same key that came later.
pub(super) async fn after(rx: &mut Rx, rule: RuleId, turn: &Stored) -> Result<Option<RunId>> {
    let found: Option<(RunId,)> = rx.opt(AFTER, (rule, turn.policy, turn.key.as_str(), turn.seq)).await?;
    Ok(found.map(|(run,)| run))
}

/// All others that have a concurrency key or wait for it.
pub(super) async fn others(rx: &mut Rx, rule: RuleId, run: RunId, key: &str) -> Result<Vec<RunId>> {
    let rows: Vec<(RunId,)> = rx.all(OTHERS, (rule, key, run)).await?;
    Ok(rows.into_iter().map(|(run,)| run).collect())
}

/// Those of them that came before this one.
pub(super) async fn earlier(rx: &mut Rx, rule: RuleId, run: RunId, key: &str) -> Result<Vec<RunId>> {
    let rows: Vec<(RunId,)> = rx.all(EARLIER, (rule, key, run)).await?;
    Ok(rows.into_iter().map(|(run,)| run).collect())
}

pub(super) async fn next(rx: &mut Rx, rule: RuleId, key: &str) -> Result<Option<RunId>> {
    Ok(rx.opt::<(RunId,)>(NEXT, (rule, key)).await?.map(|(run,)| run))
}

/// The first run of the key that is still to be decided on.
pub(super) async fn first(rx: &mut Rx, rule: RuleId, policy: Policy, key: &str) -> Result<Option<RunId>> {
    Ok(rx.opt::<(RunId,)>(FIRST, (rule, policy, key)).await?.map(|(run,)| run))
}

/// When the run began that is `back` runs before the newest.
pub(super) async fn nth(rx: &mut Rx, rule: RuleId, back: i64) -> Result<Option<DateTime<Utc>>> {
    Ok(rx.opt::<(DateTime<Utc>,)>(NTH, (rule, back)).await?.map(|(at,)| at))
}

/// How many wait before this place, or at all; no more than `most` are counted.
pub(super) async fn ahead(rx: &mut Rx, rule: RuleId, policy: Policy, seq: Option<i64>, most: i64) -> Result<i64> {
    let (count,): (i64,) = rx.one(AHEAD, (rule, policy, seq, most)).await?;
    Ok(count)
}

pub(super) async fn of_day(rx: &mut Rx, rule: RuleId, day: &str) -> Result<i64> {
    let (count,): (i64,) = rx.one(OF_DAY, (rule, day)).await?;
    Ok(count)
}

pub(super) async fn prune(tx: &mut Tx, rule: RuleId, policy: Policy, before: DateTime<Utc>) -> Result<()> {
    tx.execute(PRUNE, (rule, policy, before)).await?;
    Ok(())
}

pub(super) async fn leave(tx: &mut Tx, runs: &[RunId]) -> Result<Vec<Left>> {
    tx.all(LEAVE, (runs,)).await
}
