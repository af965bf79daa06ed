-- What an operator sees of the workers, and sets for the queues.

-- Every start of a node that works has a name of its own. One that ends in good order takes its row with it.
create table nodes (
    name text primary key,
    host text,
    version text not null,
    started_at timestamptz not null,
    seen_at timestamptz not null,
    -- It is to finish what it runs, and to take nothing new.
    draining boolean not null default false,
    -- Of each queue how many of its jobs may run, how many were done, and how many a minute, as JSON.
    queues text not null
);

-- Null where it is as usual.
alter table queues add column concurrency bigint;
alter table queues add column timeout_ms bigint;
alter table queues add column rate_jobs bigint;
alter table queues add column rate_ms bigint;
alter table queues add column priority bigint;

create index dead_jobs_workspace on dead_jobs (workspace_id, id);
