-- Who works when on what, ahead of time. Days are text (2026-11-25), as the person counts them.

create table absences (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    user_id blob not null references users (id),
    from_day text not null,
    to_day text not null,
    part text not null,
    kind text not null,
    note text not null,
    version integer not null,
    created_by blob references users (id),
    created_at integer not null,
    updated_at integer not null
) strict;
create index absences_user on absences (workspace_id, user_id, to_day);
create index absences_workspace on absences (workspace_id, id);

-- So many minutes, or so much of a day, of each working day. A task that goes leaves the person to its project.
create table allocations (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    project_id blob not null references projects (id) on delete cascade,
    task_id blob references tasks (id) on delete set null,
    user_id blob not null references users (id),
    from_day text not null,
    to_day text not null,
    minutes_per_day integer,
    percent integer,
    note text not null,
    version integer not null,
    created_by blob references users (id),
    created_at integer not null,
    updated_at integer not null
) strict;
create index allocations_user on allocations (workspace_id, user_id, to_day);
create index allocations_project on allocations (project_id, id);
create index allocations_task on allocations (task_id) where task_id is not null;

-- One row a person, locked by whoever changes their plans.
create table resource_books (
    workspace_id blob not null references workspaces (id),
    user_id blob not null references users (id),
    primary key (workspace_id, user_id)
) strict, without rowid;

-- The days that were announced as too full and still are.
create table over_allocated_days (
    workspace_id blob not null references workspaces (id),
    user_id blob not null references users (id),
    day text not null,
    primary key (workspace_id, user_id, day)
) strict, without rowid;
