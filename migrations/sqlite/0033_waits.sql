-- What runs wait for: events, and other runs.

create table run_waits (
    run_id blob not null references runs (id) on delete cascade,
    -- The step within the run.
    path text not null,
    workspace_id blob not null references workspaces (id),
    rule_id blob not null,
    rule_version integer not null,
    -- What events must say, by path, with the step's templates filled in; the kind and the rest stand in the rule.
    wants text not null,
    -- Up to this position of the log nothing was found.
    looked_at integer not null,
    -- Events from before this moment do not count, wherever they stand in the log.
    since integer,
    open integer not null,
    -- The event that came.
    event_id blob,
    created_at integer not null,
    primary key (run_id, path)
) strict, without rowid;
create index run_waits_open on run_waits (created_at) where open;

-- The run that called this one and waits for its end.
alter table runs add column parent_id blob;
create index runs_parent on runs (parent_id) where parent_id is not null;
