-- When work is done in a workspace, where its projects do not say otherwise: JSON.
create table working_times (
    workspace_id blob primary key references workspaces (id),
    working_time text not null,
    version integer not null,
    updated_by blob references users (id),
    updated_at integer not null
) strict, without rowid;

-- The plan of a project that is planned; one that has no row is not.
create table plans (
    project_id blob primary key references projects (id) on delete cascade,
    workspace_id blob not null references workspaces (id),
    -- When work is done, as JSON; the workspace's when null.
    working_time text,
    start_at integer,
    status_at integer,
    version integer not null,
    updated_by blob references users (id),
    updated_at integer not null,
    -- Goes up with every change that can move a date: what was computed from an older one is not written.
    revision integer not null,
    -- Whether dates were written before.
    written integer not null,
    -- The rule behind the changes since dates were last written, if one is: the one deepest in its chain.
    cause text,
    depth integer not null,
    trace text
) strict, without rowid;
create index plans_workspace on plans (workspace_id);

-- What a task says about its time beyond its own dates.
create table task_schedules (
    task_id blob primary key references tasks (id) on delete cascade,
    workspace_id blob not null references workspaces (id),
    project_id blob not null references projects (id),
    constraint_type text not null,
    constraint_at integer,
    -- In working minutes.
    duration integer,
    progress integer not null,
    actual_start integer,
    actual_finish integer,
    working_time text,
    version integer not null,
    updated_by blob references users (id),
    updated_at integer not null
) strict, without rowid;
create index task_schedules_project on task_schedules (project_id);

-- The dates that were computed last, as they were announced. Tasks are not referred to: whoever writes here has the
-- plan's row, for which those wait who have a task's.
create table planned_dates (
    task_id blob primary key,
    workspace_id blob not null references workspaces (id),
    project_id blob not null references projects (id) on delete cascade,
    start_at integer not null,
    finish_at integer not null
) strict, without rowid;
create index planned_dates_project on planned_dates (project_id);

create table baselines (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    project_id blob not null references projects (id) on delete cascade,
    name text not null,
    tasks integer not null,
    -- Of each task its id, start, finish and duration, as JSON.
    dates text not null,
    created_by blob references users (id),
    created_at integer not null
) strict, without rowid;
create index baselines_project on baselines (project_id, id);
