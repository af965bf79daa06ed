//! All SQL on `jobs`, `dead_jobs` and `queues`. One text serves both databases; `for update skip locked` is dropped
//! on SQLite, where there is one writer.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use chrono::{DateTime, Utc};

use super::model::{Ask, Job, Look, NewJob, Outcome, QueueState, Renewed, Ticket};
use super::service::Waiting;
use crate::Result;
use crate::db::{Rx, Tx};
use crate::ids::{JobId, WorkspaceId};
use crate::{row, statements};

row! {
    /// A claimed row, with its place in line: RETURNING promises no order.
    #[derive(Debug)]
    struct Claimed {
        id: JobId,
        workspace_id: Option<WorkspaceId>,
        queue: String,
        kind: String,
        payload: String,
        key: Option<String>,
        priority: i64,
        due_at: DateTime<Utc>,
        attempts: i64,
        max_attempts: i64,
        epoch: i64,
        created_at: DateTime<Utc>,
        suspect: i64,
        turn: Option<i64>,
    }
}

row! {
    /// A job whose time has come: delayed and due, or claimed and out of lease.
    #[derive(Debug)]
    struct Due {
        id: JobId,
        workspace_id: Option<WorkspaceId>,
        queue: String,
        priority: i64,
        attempts: i64,
        max_attempts: i64,
        epoch: i64,
        suspect: i64,
    }
}

statements! {
    /// On a conflict an unfinished job of the same kind and key is there. If it runs, it may have looked already: it runs
    /// once more.
    INSERT = "insert into jobs (id, workspace_id, queue, kind, payload, key, priority, due_at, turn, max_attempts, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         on conflict (kind, key) where key is not null do update set again = true where jobs.lease_until is not null";
    /// Written as claimed, for a worker that starts it at once.
    INSERT_CLAIMED = "insert into jobs (id, workspace_id, queue, kind, payload, priority, due_at, turn, attempts, max_attempts, epoch, \
            lease_until, lease_owner, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, 0, 1, $8, 1, $9, $10, $11)";
    /// Whether new jobs must stand in line: others wait there, or the queue is paused.
    MUST_WAIT = "select exists (select 1 from jobs where queue = $1 and turn is not null and lease_until is null) \
         or exists (select 1 from queues where name = $1 and paused)";
    /// The turn being served, and the last turn this workspace has in line.
    LINE = "select \
         (select min(turn) from jobs where queue = $1 and priority = $2 and turn is not null and lease_until is null), \
         (select max(turn) from jobs where queue = $1 and priority = $2 and workspace_id = $3 and turn is not null and lease_until is null)";
    FRONT = "select min(turn) from jobs where queue = $1 and priority = $2 and turn is not null and lease_until is null";
    CLAIM = "with picked as materialized (\
            select id as picked_id from jobs \
            where queue = $1 and turn is not null and lease_until is null \
              and (workspace_id is null or workspace_id <> all($5)) \
              and not exists (select 1 from queues where name = $1 and paused) \
            order by priority desc, turn limit $2 for update skip locked) \
         update jobs set attempts = attempts + 1, epoch = epoch + 1, lease_until = $3, lease_owner = $4 \
         from picked where jobs.id = picked.picked_id returning {Claimed}", Claimed;
    CLAIM_IDS = "with picked as materialized (\
            select id as picked_id from jobs \
            where id = any($2) and queue = $1 and turn is not null and lease_until is null \
              and (workspace_id is null or workspace_id <> all($5)) \
              and not exists (select 1 from queues where name = $1 and paused) \
            for update skip locked) \
         update jobs set attempts = attempts + 1, epoch = epoch + 1, lease_until = $3, lease_owner = $4 \
         from picked where jobs.id = picked.picked_id returning {Claimed}", Claimed;
    READY_IDS = "select id from jobs where queue = $1 and turn is not null and lease_until is null \
         and not exists (select 1 from queues where name = $1 and paused) \
         order by priority desc, turn limit $2";
    /// Waits for nobody: a run's transaction has its job locked while it waits for others, and meanwhile the leases of all the
    /// other jobs of the node would run out.
    RENEW = "update jobs set lease_until = $3 where id in (select id from jobs where id = any($1) and epoch = $2 \
         and lease_until is not null order by id for update skip locked) returning id, epoch";
    STILL_HELD = "select id, epoch from jobs where id = any($1) and epoch = $2 and lease_until is not null";
    DELETE = "delete from jobs where id = any($1) and epoch = $2 and not again";
    /// Like `DELETE` for one, without a list: this ends every run, and a list costs as much again as the deletion.
    COMPLETE = "delete from jobs where id = $1 and epoch = $2 and not again";
    DELETE_ONE = "delete from jobs where id = $1 and epoch = $2";
    REPEAT = "update jobs set again = false, attempts = 0, suspect = 0, lease_until = null, lease_owner = null \
         where id = any($1) and epoch = $2 and again";
    RELEASE = "update jobs set attempts = attempts - 1, suspect = case when suspect > 0 then 1 else 0 end, lease_until = null, lease_owner = null \
         where id = any($1) and epoch = $2 and lease_until is not null";
    /// A worker that lost its lease and lives did not die of the job. Once somebody is at it again, the row is theirs.
    OUTLIVED = "update jobs set attempts = attempts - 1 where id in (select id from jobs where id = any($1) \
         and (epoch > $2 or lease_until is null) and suspect > 0 and attempts > 0 order by id for update skip locked)";
    RETRY = "update jobs set again = false, suspect = 0, turn = null, due_at = $3, last_error = $4, lease_until = null, lease_owner = null \
         where id = $1 and epoch = $2";
    RESCHEDULE = "update jobs set attempts = 0, suspect = 0, due_at = $3, turn = case when again then turn end, again = false, \
         lease_until = null, lease_owner = null where id = $1 and epoch = $2";
    HASTEN = "update jobs set due_at = $2 where id in (select id from jobs where id = $1 and turn is null and lease_until is null \
         and due_at > $2 for update skip locked)";
    IS_PUT_OFF = "select exists (select 1 from jobs where id = $1 and turn is null and lease_until is null and due_at > $2)";
    HASTEN_WAITING = "update jobs set due_at = $2 where id = $1 and turn is null and lease_until is null and due_at > $2";
    /// In the order of their ids, so that two who wake the same never wait for each other in a circle.
    WAKE = "update jobs set again = (lease_until is not null), \
         due_at = case when lease_until is null and turn is null and due_at > $2 then $2 else due_at end \
         where id in (select id from jobs where id = any($1) order by id for update)";
    LOCK = "select id from jobs where id = any($1) order by id for update";
    LOCK_FREE = "select id from jobs where id = any($1) for update skip locked";
    BEGIN = "update jobs set suspect = 2 where id = $1 and epoch = $2";
    HOLD = "select attempts from jobs where id = $1 and epoch = $2 for update";
    ADVANCED = "update jobs set attempts = 1 where id = $1 and epoch = $2";
    BURY = "insert into dead_jobs (id, workspace_id, queue, kind, payload, key, priority, attempts, max_attempts, epoch, reason, created_at, died_at) \
         select id, workspace_id, queue, kind, payload, key, priority, attempts, max_attempts, epoch, $3, created_at, $4 \
         from jobs where id = $1 and epoch = $2";
    /// A lease that ends much later than any can was given by a clock that went wrong since, or goes wrong now.
    EXPIRED = "select {Due} from jobs where lease_until <= $1 or lease_until > $3 order by lease_until limit $2 for update skip locked", Due;
    DUE = "select {Due} from jobs where turn is null and lease_until is null and due_at <= $1 \
         order by due_at limit $2 for update skip locked", Due;
    /// What had not begun again after a death is no attempt.
    FREE = "update jobs set attempts = attempts - case when suspect = 1 then 1 else 0 end, suspect = 1, \
         lease_until = null, lease_owner = null where id = any($1)";
    LINE_UP = "update jobs set turn = $2 where id = any($1)";
    LOOK = "select q.name, q.paused, \
           exists (select 1 from jobs j where j.queue = q.name and j.turn is not null and j.lease_until is null), \
           (select min(due_at) from jobs where turn is null and lease_until is null), \
           (select min(lease_until) from jobs where lease_until is not null), \
           (select max(lease_until) from jobs where lease_until is not null) \
         from queues q where q.name = any($1) order by q.name";
    PAUSE = "insert into queues (name, paused) values ($1, $2) on conflict (name) do update set paused = excluded.paused";
    WAITING = "select q.name, q.paused, \
           (select count(*) from jobs j where j.queue = q.name and j.turn is not null and j.lease_until is null), \
           (select count(*) from jobs j where j.queue = q.name and j.turn is null and j.lease_until is null), \
           (select count(*) from jobs j where j.queue = q.name and j.lease_until is not null), \
           (select count(*) from dead_jobs d where d.queue = q.name), \
           (select min(j.due_at) from jobs j where j.queue = q.name and j.turn is not null and j.lease_until is null) \
         from queues q order by q.name";
    /// Back with its epoch, so that a worker of its first life is still refused.
    REVIVE = "insert into jobs (id, workspace_id, queue, kind, payload, key, priority, due_at, max_attempts, epoch, created_at) \
         select id, workspace_id, queue, kind, payload, key, priority, $2, max_attempts, epoch, created_at \
         from dead_jobs where id = any($1) \
         on conflict (kind, key) where key is not null do nothing";
    REMOVE = "delete from jobs where id = any($1)";
    FORGET = "delete from dead_jobs where id = any($1)";
}

/// Rows are gathered and bound in pieces of this many.
const ROWS_PER_INSERT: usize = 500;
/// Jobs promoted together share a turn in groups of this size, so that 500 of them are not 500 statements.
const TURN_GROUP: usize = 16;
/// How many delayed or expired jobs one transaction moves.
const SWEEP: i64 = 500;
/// Leases are at most 25 seconds long; clocks of nodes differ by less than this.
const BEYOND: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// The turns that were given out in this transaction, by line.
#[derive(Default)]
pub(super) struct Turns(HashMap<(String, i64, Option<WorkspaceId>), i64>);

impl Turns {
    /// The next turn in this line: behind the workspace's own jobs, but never behind the turn being served, so a
    /// workspace with one job waits for one job of each other workspace and not for their whole backlog.
    pub(super) async fn next(
        &mut self,
        rx: &mut Rx,
        queue: &str,
        priority: i64,
        workspace: Option<WorkspaceId>,
    ) -> Result<i64> {
        let line = (queue.to_owned(), priority, workspace);
        if let Some(turn) = self.0.get_mut(&line) {
            *turn += 1;
            return Ok(*turn);
        }
        let (front, last): (Option<i64>, Option<i64>) = match workspace {
            Some(workspace) => rx.one(LINE, (queue, priority, workspace)).await?,
            None => {
                let (front,): (Option<i64>,) = rx.one(FRONT, (queue, priority)).await?;
                (front, None)
            }
        };
        let turn = front.unwrap_or(0).max(last.map_or(0, |last| last + 1));
        self.0.insert(line, turn);
        Ok(turn)
    }
}

/// Writes jobs; one that is due when it is written gets its place in line at once.
pub(super) async fn insert(tx: &mut Tx, jobs: &[NewJob]) -> Result<()> {
    let mut turns = Turns::default();
    // PostgreSQL refuses a statement whose rows collide with one another.
    let mut keys = HashSet::new();
    for some in jobs.chunks(ROWS_PER_INSERT) {
        let mut rows = Vec::with_capacity(some.len());
        for job in some {
            if job.key.as_deref().is_some_and(|key| !keys.insert((job.kind, key))) {
                continue;
            }
            let turn = if job.due_at <= job.created_at {
                Some(turns.next(tx, job.queue, job.priority, job.workspace_id).await?)
            } else {
                None
            };
            rows.push((
                job.id,
                job.workspace_id,
                job.queue,
                job.kind,
                job.payload.as_str(),
                job.key.as_deref(),
                job.priority,
                job.due_at,
                turn,
                job.max_attempts,
                job.created_at,
            ));
        }
        // Two transactions that write the same keys must take them in the same order, or PostgreSQL ends one of them.
        rows.sort_by_key(|row| row.5);
        tx.execute_many(INSERT, &rows).await?;
    }
    Ok(())
}

/// Whether new jobs of this queue must stand in line.
pub(super) async fn must_wait(rx: &mut Rx, queue: &str) -> Result<bool> {
    let (must,): (bool,) = rx.one(MUST_WAIT, (queue,)).await?;
    Ok(must)
}

/// Writes jobs without a key as claimed. Should their worker die, they stand at the front of the line.
pub(super) async fn insert_claimed(
    tx: &mut Tx,
    jobs: &[NewJob],
    lease_until: DateTime<Utc>,
    owner: &str,
) -> Result<Vec<Job>> {
    let rows: Vec<_> = jobs
        .iter()
        .map(|job| {
            (
                job.id,
                job.workspace_id,
                job.queue,
                job.kind,
                job.payload.as_str(),
                job.priority,
                job.due_at,
                job.max_attempts,
                lease_until,
                owner,
                job.created_at,
            )
        })
        .collect();
    tx.execute_many(INSERT_CLAIMED, &rows).await?;
    Ok(jobs
        .iter()
        .map(|job| Job {
            id: job.id,
            workspace_id: job.workspace_id,
            queue: job.queue.to_owned(),
            kind: job.kind.to_owned(),
            payload: job.payload.clone(),
            key: None,
            priority: job.priority,
            due_at: job.due_at,
            attempts: 1,
            max_attempts: job.max_attempts,
            epoch: 1,
            created_at: job.created_at,
            suspect: false,
        })
        .collect())
}

/// Claims ready jobs, in the order they are to run.
pub(super) async fn claim(tx: &mut Tx, ask: &Ask, until: DateTime<Utc>) -> Result<Vec<Job>> {
    let Ask { queue, worker, limit, without, .. } = ask;
    Ok(in_order(tx.all(CLAIM, (queue, *limit as i64, until, worker, without)).await?))
}

/// Claims those of `ids` that are still ready.
pub(super) async fn claim_ids(tx: &mut Tx, ask: &Ask, ids: &[JobId], until: DateTime<Utc>) -> Result<Vec<Job>> {
    let Ask { queue, worker, without, .. } = ask;
    Ok(in_order(tx.all(CLAIM_IDS, (queue, ids, until, worker, without)).await?))
}

fn in_order(mut rows: Vec<Claimed>) -> Vec<Job> {
    rows.sort_unstable_by_key(|row| (std::cmp::Reverse(row.priority), row.turn, row.id));
    rows.into_iter()
        .map(|row| Job {
            id: row.id,
            workspace_id: row.workspace_id,
            queue: row.queue,
            kind: row.kind,
            payload: row.payload,
            key: row.key,
            priority: row.priority,
            due_at: row.due_at,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            epoch: row.epoch,
            created_at: row.created_at,
            suspect: row.suspect > 0,
        })
        .collect()
}

/// The first ready jobs of a queue, in order, without claiming them.
pub(super) async fn ready_ids(rx: &mut Rx, queue: &str, limit: i64) -> Result<Vec<JobId>> {
    let rows: Vec<(JobId,)> = rx.all(READY_IDS, (queue, limit)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Renews leases, but for those of jobs that somebody is writing about just now.
pub(super) async fn renew(tx: &mut Tx, tickets: &[Ticket], until: DateTime<Utc>) -> Result<Renewed> {
    let mut renewed = Renewed::default();
    for (epoch, mut ids) in by_epoch(tickets.iter().copied()) {
        let kept: HashSet<JobId> = ids_of(tx.all(RENEW, (ids.as_slice(), epoch, until)).await?);
        ids.retain(|id| !kept.contains(id));
        renewed.kept.extend(kept.into_iter().map(|id| Ticket { id, epoch }));
        if !ids.is_empty() {
            let held = ids_of(tx.all(STILL_HELD, (ids.as_slice(), epoch)).await?);
            renewed.lost.extend(ids.into_iter().filter(|id| !held.contains(id)).map(|id| Ticket { id, epoch }));
        }
    }
    Ok(renewed)
}

fn ids_of(rows: Vec<(JobId, i64)>) -> HashSet<JobId> {
    rows.into_iter().map(|(id, _)| id).collect()
}

/// Writes what became of jobs. What a stale ticket says is dropped. Tells whether something is to be woken for.
pub(super) async fn finish(tx: &mut Tx, outcomes: &[(Ticket, Outcome)], now: DateTime<Utc>) -> Result<bool> {
    let of =
        |wanted: Outcome| outcomes.iter().filter(move |(_, outcome)| *outcome == wanted).map(|(ticket, _)| *ticket);
    let mut wake = false;
    for (epoch, ids) in by_epoch(of(Outcome::Done)) {
        let deleted = tx.execute(DELETE, (ids.as_slice(), epoch)).await?;
        if deleted < ids.len() as u64 {
            wake |= tx.execute(REPEAT, (ids.as_slice(), epoch)).await? > 0;
        }
    }
    for (epoch, ids) in by_epoch(of(Outcome::Released)) {
        // First, since what is given back looks like what was lost.
        tx.execute(OUTLIVED, (ids.as_slice(), epoch)).await?;
        wake |= tx.execute(RELEASE, (ids.as_slice(), epoch)).await? > 0;
    }
    for (ticket, outcome) in outcomes {
        match outcome {
            Outcome::Retry { after, error } => {
                let after = chrono::Duration::from_std(*after).unwrap_or(chrono::Duration::days(1));
                tx.execute(RETRY, (ticket.id, ticket.epoch, now + after, error.replace('\0', "\u{fffd}"))).await?;
                wake = true;
            }
            Outcome::Dead { reason } => bury(tx, *ticket, reason, now).await?,
            Outcome::Done | Outcome::Released | Outcome::Settled => {}
        }
    }
    Ok(wake)
}

/// Finishes one job and tells whether it is to run again; none for a stale ticket.
pub(super) async fn complete(tx: &mut Tx, ticket: Ticket) -> Result<Option<bool>> {
    if tx.execute(COMPLETE, (ticket.id, ticket.epoch)).await? > 0 {
        return Ok(Some(false));
    }
    let ids = [ticket.id];
    Ok((tx.execute(REPEAT, (ids.as_slice(), ticket.epoch)).await? > 0).then_some(true))
}

/// Finishes jobs and tells whether one is to run again; none when a ticket is stale.
pub(super) async fn complete_all(tx: &mut Tx, tickets: &[Ticket]) -> Result<Option<bool>> {
    if let [ticket] = tickets {
        return complete(tx, *ticket).await;
    }
    let mut wake = false;
    for (epoch, ids) in by_epoch(tickets.iter().copied()) {
        let mut gone = tx.execute(DELETE, (ids.as_slice(), epoch)).await?;
        if gone < ids.len() as u64 {
            let again = tx.execute(REPEAT, (ids.as_slice(), epoch)).await?;
            (wake, gone) = (wake || again > 0, gone + again);
        }
        if gone < ids.len() as u64 {
            return Ok(None);
        }
    }
    Ok(Some(wake))
}

/// Puts one job off; false for a stale ticket.
pub(super) async fn reschedule(tx: &mut Tx, ticket: Ticket, due_at: DateTime<Utc>) -> Result<bool> {
    Ok(tx.execute(RESCHEDULE, (ticket.id, ticket.epoch, due_at)).await? > 0)
}

/// Makes a job due that was put off. False when it is put off still, because somebody else has its row.
pub(super) async fn hasten(tx: &mut Tx, id: JobId, now: DateTime<Utc>) -> Result<bool> {
    if tx.execute(HASTEN, (id, now)).await? > 0 {
        return Ok(true);
    }
    let (put_off,): (bool,) = tx.one(IS_PUT_OFF, (id, now)).await?;
    Ok(!put_off)
}

/// The same, waiting for whoever has its row.
pub(super) async fn hasten_waiting(tx: &mut Tx, id: JobId, now: DateTime<Utc>) -> Result<()> {
    tx.execute(HASTEN_WAITING, (id, now)).await.map(drop)
}

/// Locks the job's row, and answers how often it was claimed; nothing for a stale ticket.
pub(super) async fn hold(tx: &mut Tx, ticket: Ticket) -> Result<Option<i64>> {
    let row: Option<(i64,)> = tx.opt(HOLD, (ticket.id, ticket.epoch)).await?;
    Ok(row.map(|(attempts,)| attempts))
}

/// Counts this claim as the first.
pub(super) async fn advanced(tx: &mut Tx, ticket: Ticket) -> Result<()> {
    tx.execute(ADVANCED, (ticket.id, ticket.epoch)).await.map(drop)
}

/// Writes down that a suspect job begins now; false for a stale ticket.
pub(super) async fn begin(tx: &mut Tx, ticket: Ticket) -> Result<bool> {
    Ok(tx.execute(BEGIN, (ticket.id, ticket.epoch)).await? > 0)
}

/// Makes delayed jobs due, and lets those that run do so once more.
pub(super) async fn wake(tx: &mut Tx, ids: &[JobId], now: DateTime<Utc>) -> Result<()> {
    tx.execute(WAKE, (ids, now)).await.map(drop)
}

pub(super) async fn lock(tx: &mut Tx, ids: &[JobId]) -> Result<()> {
    tx.all::<(JobId,)>(LOCK, (ids,)).await.map(drop)
}

/// Locks those of these jobs that nobody else has locked.
pub(super) async fn lock_free(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<JobId>> {
    let rows: Vec<(JobId,)> = tx.all(LOCK_FREE, (ids,)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

async fn bury(tx: &mut Tx, ticket: Ticket, reason: &str, now: DateTime<Utc>) -> Result<()> {
    if tx.execute(BURY, (ticket.id, ticket.epoch, reason.replace('\0', "\u{fffd}"), now)).await? > 0 {
        tx.execute(DELETE_ONE, (ticket.id, ticket.epoch)).await?;
    }
    Ok(())
}

/// Lines up delayed jobs that are due and jobs whose worker died; those whose workers died too often are given up.
/// Says how many it moved.
pub(super) async fn sweep(tx: &mut Tx, now: DateTime<Utc>) -> Result<usize> {
    let expired: Vec<Due> = tx.all(EXPIRED, (now, SWEEP, now + BEYOND)).await?;
    let (dead, alive): (Vec<&Due>, Vec<&Due>) =
        expired.iter().partition(|job| job.suspect != 1 && job.attempts >= job.max_attempts);
    for job in dead {
        let reason = match job.attempts {
            1 => "its worker died".to_owned(),
            n => format!("its worker died; it was attempt {n} of {}", job.max_attempts),
        };
        bury(tx, Ticket { id: job.id, epoch: job.epoch }, &reason, now).await?;
    }
    if !alive.is_empty() {
        // They keep the turn they had: whoever waited longest goes first.
        let ids: Vec<JobId> = alive.iter().map(|job| job.id).collect();
        tx.execute(FREE, (ids.as_slice(),)).await?;
    }
    let due: Vec<Due> = tx.all(DUE, (now, SWEEP)).await?;
    let mut lines: HashMap<(&str, i64, Option<WorkspaceId>), Vec<JobId>> = HashMap::new();
    for job in &due {
        lines.entry((job.queue.as_str(), job.priority, job.workspace_id)).or_default().push(job.id);
    }
    let mut turns = Turns::default();
    for ((queue, priority, workspace), ids) in lines {
        for group in ids.chunks(TURN_GROUP) {
            let turn = turns.next(tx, queue, priority, workspace).await?;
            tx.execute(LINE_UP, (group, turn)).await?;
        }
    }
    Ok(expired.len() + due.len())
}

/// One poll of these queues.
pub(super) async fn look(rx: &mut Rx, queues: &[String], now: DateTime<Utc>) -> Result<Look> {
    type Row = (String, bool, bool, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
    let rows: Vec<Row> = rx.all(LOOK, (queues,)).await?;
    let next = rows.first().and_then(|row| match (row.3, row.4) {
        _ if row.5.is_some_and(|last| last > now + BEYOND) => Some(now),
        (Some(due), Some(lease)) => Some(due.min(lease)),
        (due, lease) => due.or(lease),
    });
    let queues = rows.into_iter().map(|(name, paused, ready, ..)| QueueState { name, paused, ready }).collect();
    Ok(Look { queues, next })
}

/// Pauses a queue or lets it go on.
pub(super) async fn set_paused(tx: &mut Tx, queue: &str, paused: bool) -> Result<()> {
    tx.execute(PAUSE, (queue, paused)).await?;
    Ok(())
}

/// How many jobs stand where. Counts rows: for people, not for polling.
pub(super) async fn waiting(rx: &mut Rx) -> Result<Vec<Waiting>> {
    type Row = (String, bool, i64, i64, i64, i64, Option<DateTime<Utc>>);
    let rows: Vec<Row> = rx.all(WAITING, ()).await?;
    let waiting = |(queue, paused, ready, delayed, running, dead, oldest_at): Row| Waiting {
        queue,
        paused,
        ready,
        delayed,
        running,
        dead,
        oldest_at,
    };
    Ok(rows.into_iter().map(waiting).collect())
}

/// Puts dead letters back, due at `now`. One whose key is taken by a living job is dropped: that job does its work.
pub(super) async fn revive(tx: &mut Tx, ids: &[JobId], now: DateTime<Utc>) -> Result<u64> {
    let revived = tx.execute(REVIVE, (ids, now)).await?;
    tx.execute(FORGET, (ids,)).await?;
    Ok(revived)
}

/// Deletes dead letters.
pub(super) async fn forget(tx: &mut Tx, ids: &[JobId]) -> Result<u64> {
    tx.execute(FORGET, (ids,)).await
}

/// Ids by epoch: nearly always one group, since nearly every job succeeds at its first claim.
fn by_epoch(tickets: impl Iterator<Item = Ticket>) -> HashMap<i64, Vec<JobId>> {
    group(tickets.map(|ticket| (ticket.epoch, ticket.id)))
}

fn group<K: Eq + Hash, V>(pairs: impl Iterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// Deletes jobs, claimed or not.
pub(super) async fn remove(tx: &mut Tx, ids: &[JobId]) -> Result<()> {
    tx.execute(REMOVE, (ids,)).await?;
    Ok(())
}
