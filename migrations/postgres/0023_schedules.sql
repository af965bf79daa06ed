-- When work is done in a workspace, where its projects do not say otherwise: JSON.
create table working_times (
    workspace_id uuid primary key references workspaces (id),
    working_time text not null,
    version bigint not null,
    updated_by uuid references users (id),
    updated_at timestamptz not null
);

-- The plan of a project that is planned; one that has no row is not.
create table plans (
    project_id uuid primary key references projects (id) on delete cascade,
    workspace_id uuid not null references workspaces (id),
    -- When work is done, as JSON; the workspace's when null.
    working_time text,
    start_at timestamptz,
    status_at timestamptz,
    version bigint not null,
    updated_by uuid references users (id),
    updated_at timestamptz not null,
    -- Goes up with every change that can move a date: what was computed from an older one is not written.
    revision bigint not null,
    -- Whether dates were written before.
    written boolean not null,
    -- The rule behind the changes since dates were last written, if one is: the one deepest in its chain.
    cause text,
    depth bigint not null,
    trace text
);
create index plans_workspace on plans (workspace_id);

-- What a task says about its time beyond its own dates.
create table task_schedules (
    task_id uuid primary key references tasks (id) on delete cascade,
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null references projects (id),
    constraint_type text not null,
    constraint_at timestamptz,
    -- In working minutes.
    duration bigint,
    progress bigint not null,
    actual_start timestamptz,
    actual_finish timestamptz,
    working_time text,
    version bigint not null,
    updated_by uuid references users (id),
    updated_at timestamptz not null
);
create index task_schedules_project on task_schedules (project_id);

-- The dates that were computed last, as they were announced. Tasks are not referred to: whoever writes here has the
-- plan's row, for which those wait who have a task's.
create table planned_dates (
    task_id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null references projects (id) on delete cascade,
    start_at timestamptz not null,
    finish_at timestamptz not null
);
create index planned_dates_project on planned_dates (project_id);

create table baselines (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null references projects (id) on delete cascade,
    name text not null,
    tasks bigint not null,
    -- Of each task its id, start, finish and duration, as JSON.
    dates text not null,
    created_by uuid references users (id),
    created_at timestamptz not null
);
create index baselines_project on baselines (project_id, id);
