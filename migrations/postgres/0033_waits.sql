-- What runs wait for: events, and other runs.

create table run_waits (
    run_id uuid not null references runs (id) on delete cascade,
    -- The step within the run.
    path text not null,
    workspace_id uuid not null references workspaces (id),
    rule_id uuid not null,
    rule_version bigint not null,
    -- What events must say, by path, with the step's templates filled in; the kind and the rest stand in the rule.
    wants text not null,
    -- Up to this position of the log nothing was found.
    looked_at bigint not null,
    -- Events from before this moment do not count, wherever they stand in the log.
    since timestamptz,
    open boolean not null,
    -- The event that came.
    event_id uuid,
    created_at timestamptz not null,
    primary key (run_id, path)
);
create index run_waits_open on run_waits (created_at) where open;

-- The run that called this one and waits for its end.
alter table runs add column parent_id uuid;
create index runs_parent on runs (parent_id) where parent_id is not null;
