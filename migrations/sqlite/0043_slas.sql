-- How soon things are to be done (SLA policies), the timers of tasks, and who is on call.

create table slas (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    -- For the tasks of this project alone.
    project_id blob references projects (id) on delete cascade,
    name text not null,
    enabled integer not null,
    -- What people wrote, as JSON.
    policy text not null,
    -- Tasks count that begin from then on.
    effective_from integer not null,
    version integer not null,
    created_by blob,
    created_at integer not null,
    updated_at integer not null
) strict, without rowid;
create index slas_workspace on slas (workspace_id, id);
create index slas_enabled on slas (workspace_id) where enabled;
create index slas_project on slas (project_id) where project_id is not null;

-- Up to which position of the log the timers of a workspace are.
create table sla_places (
    workspace_id blob primary key references workspaces (id),
    position integer not null
) strict, without rowid;

-- One for each time that a task comes under a policy: the cycles of a task that is reopened are counted from 1.
create table sla_timers (
    sla_id blob not null references slas (id) on delete cascade,
    task_id blob not null references tasks (id) on delete cascade,
    cycle integer not null,
    workspace_id blob not null references workspaces (id),
    project_id blob not null,
    -- `running`, `paused`, `ended` or `cancelled`.
    state text not null,
    -- By which the target was chosen, as in tasks.
    priority integer not null,
    -- How long it may take, in seconds.
    target integer not null,
    started_at integer not null,
    -- When it ran, as JSON: pairs of microseconds since 1970, the last of them open while it runs.
    stretches text not null,
    -- Seconds of stretches that are not listed any more.
    carried integer not null,
    paused_at integer,
    due_at integer,
    warn_at integer,
    warned_at integer,
    breached_at integer,
    ended_at integer,
    -- When somebody has to look: something is due, or has to be reckoned anew.
    look_at integer,
    -- The policy, a calendar or the project changed: by the clock, it is another timer now.
    stale integer not null,
    primary key (sla_id, task_id, cycle)
) strict, without rowid;
create index sla_timers_look on sla_timers (look_at) where look_at is not null;
create index sla_timers_task on sla_timers (task_id);
create index sla_timers_open on sla_timers (workspace_id, project_id) where ended_at is null;
create index sla_timers_ended on sla_timers (sla_id, ended_at);
create index sla_timers_breached on sla_timers (sla_id, breached_at) where breached_at is not null;

-- Who is on call, by turns.
create table rotas (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    name text not null,
    -- Whose turn comes after whose, as a JSON list.
    people text not null,
    -- When one takes over from the other, as JSON.
    rotation text not null,
    version integer not null,
    created_by blob,
    created_at integer not null,
    updated_at integer not null
) strict, without rowid;
create unique index rotas_workspace_id_name_key on rotas (workspace_id, name);

-- Who is on call instead for a while.
create table rota_overrides (
    id blob primary key,
    rota_id blob not null references rotas (id) on delete cascade,
    workspace_id blob not null references workspaces (id),
    user_id blob not null references users (id),
    from_at integer not null,
    to_at integer not null,
    created_by blob,
    created_at integer not null
) strict, without rowid;
create index rota_overrides_rota on rota_overrides (rota_id, from_at);
