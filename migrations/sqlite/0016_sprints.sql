-- Stretches of time that a project works in, and lists of tasks that people keep.
create table sprints (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    project_id blob not null references projects (id) on delete cascade,
    name text not null,
    goal text not null,
    starts_at integer,
    ends_at integer,
    state text not null,
    started_at integer,
    closed_at integer,
    version integer not null,
    created_by blob references users (id),
    created_at integer not null,
    updated_at integer not null
) strict;
create index sprints_project on sprints (project_id, id);
-- One at a time.
create unique index sprints_project_id_active_key on sprints (project_id) where state = 'active';

alter table tasks add column sprint_id blob references sprints (id);
create index tasks_sprint on tasks (sprint_id) where sprint_id is not null;

create table views (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    owner_id blob not null references users (id),
    name text not null,
    query text not null,
    layout text not null,
    options text not null,
    sharing text not null,
    project_id blob references projects (id) on delete cascade,
    version integer not null,
    created_at integer not null,
    updated_at integer not null
) strict;
create index views_workspace on views (workspace_id, id);
create index views_project on views (project_id) where project_id is not null;
