-- How soon things are to be done (SLA policies), the timers of tasks, and who is on call.

create table slas (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    -- For the tasks of this project alone.
    project_id uuid references projects (id) on delete cascade,
    name text not null,
    enabled boolean not null,
    -- What people wrote, as JSON.
    policy text not null,
    -- Tasks count that begin from then on.
    effective_from timestamptz not null,
    version bigint not null,
    created_by uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index slas_workspace on slas (workspace_id, id);
create index slas_enabled on slas (workspace_id) where enabled;
create index slas_project on slas (project_id) where project_id is not null;

-- Up to which position of the log the timers of a workspace are.
create table sla_places (
    workspace_id uuid primary key references workspaces (id),
    position bigint not null
);

-- One for each time that a task comes under a policy: the cycles of a task that is reopened are counted from 1.
create table sla_timers (
    sla_id uuid not null references slas (id) on delete cascade,
    task_id uuid not null references tasks (id) on delete cascade,
    cycle bigint not null,
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null,
    -- `running`, `paused`, `ended` or `cancelled`.
    state text not null,
    -- By which the target was chosen, as in tasks.
    priority bigint not null,
    -- How long it may take, in seconds.
    target bigint not null,
    started_at timestamptz not null,
    -- When it ran, as JSON: pairs of microseconds since 1970, the last of them open while it runs.
    stretches text not null,
    -- Seconds of stretches that are not listed any more.
    carried bigint not null,
    paused_at timestamptz,
    due_at timestamptz,
    warn_at timestamptz,
    warned_at timestamptz,
    breached_at timestamptz,
    ended_at timestamptz,
    -- When somebody has to look: something is due, or has to be reckoned anew.
    look_at timestamptz,
    -- The policy, a calendar or the project changed: by the clock, it is another timer now.
    stale boolean not null,
    primary key (sla_id, task_id, cycle)
);
create index sla_timers_look on sla_timers (look_at) where look_at is not null;
create index sla_timers_task on sla_timers (task_id);
create index sla_timers_open on sla_timers (workspace_id, project_id) where ended_at is null;
create index sla_timers_ended on sla_timers (sla_id, ended_at);
create index sla_timers_breached on sla_timers (sla_id, breached_at) where breached_at is not null;

-- Who is on call, by turns.
create table rotas (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    name text not null,
    -- Whose turn comes after whose, as a JSON list.
    people text not null,
    -- When one takes over from the other, as JSON.
    rotation text not null,
    version bigint not null,
    created_by uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index rotas_workspace_id_name_key on rotas (workspace_id, name);

-- Who is on call instead for a while.
create table rota_overrides (
    id uuid primary key,
    rota_id uuid not null references rotas (id) on delete cascade,
    workspace_id uuid not null references workspaces (id),
    user_id uuid not null references users (id),
    from_at timestamptz not null,
    to_at timestamptz not null,
    created_by uuid,
    created_at timestamptz not null
);
create index rota_overrides_rota on rota_overrides (rota_id, from_at);
