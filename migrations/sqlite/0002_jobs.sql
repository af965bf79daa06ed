-- The job queue. A job is in exactly one of three states, told by two columns:
--   ready    turn is set,  lease_until is not
--   delayed  turn is null, lease_until is null: waits for due_at
--   running  lease_until is set: a worker answers for it until then
-- Finished jobs are deleted. Every claim raises `epoch`, the fencing token.
create table jobs (
    id blob primary key,
    workspace_id blob,
    queue text not null,
    kind text not null,
    payload text not null,
    key text,
    again integer not null default 0,
    priority integer not null,
    due_at integer not null,
    turn integer,
    attempts integer not null default 0,
    max_attempts integer not null,
    epoch integer not null default 0,
    lease_until integer,
    lease_owner text,
    last_error text,
    -- 0: no worker died of it; 1: one died that held it; 2: and it has begun again since.
    suspect integer not null default 0,
    created_at integer not null
) strict, without rowid;
create index jobs_ready on jobs (queue, priority desc, turn) where turn is not null and lease_until is null;
-- Where a workspace stands in line, so that a flood from one does not push back another.
create index jobs_line on jobs (queue, workspace_id, priority, turn)
    where workspace_id is not null and turn is not null and lease_until is null;
create index jobs_delayed on jobs (due_at) where turn is null and lease_until is null;
create index jobs_leased on jobs (lease_until) where lease_until is not null;
create unique index jobs_kind_key on jobs (kind, key) where key is not null;

-- Jobs that were given up, with the reason, until someone puts them back or forgets them.
create table dead_jobs (
    id blob primary key,
    workspace_id blob,
    queue text not null,
    kind text not null,
    payload text not null,
    key text,
    priority integer not null,
    attempts integer not null,
    max_attempts integer not null,
    epoch integer not null,
    reason text not null,
    created_at integer not null,
    died_at integer not null
) strict, without rowid;
create index dead_jobs_queue on dead_jobs (queue, id);

create table queues (
    name text primary key,
    paused integer not null default 0
) strict, without rowid;
insert into queues (name) values ('deliveries'), ('maintenance'), ('notify'), ('runs'), ('schedule'), ('sync');
