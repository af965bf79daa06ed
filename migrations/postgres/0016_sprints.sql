-- Stretches of time that a project works in, and lists of tasks that people keep.
create table sprints (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null references projects (id) on delete cascade,
    name text not null,
    goal text not null,
    starts_at timestamptz,
    ends_at timestamptz,
    state text not null,
    started_at timestamptz,
    closed_at timestamptz,
    version bigint not null,
    created_by uuid references users (id),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index sprints_project on sprints (project_id, id);
-- One at a time.
create unique index sprints_project_id_active_key on sprints (project_id) where state = 'active';

alter table tasks add column sprint_id uuid references sprints (id);
create index tasks_sprint on tasks (sprint_id) where sprint_id is not null;

create table views (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    owner_id uuid not null references users (id),
    name text not null,
    query text not null,
    layout text not null,
    options text not null,
    sharing text not null,
    project_id uuid references projects (id) on delete cascade,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index views_workspace on views (workspace_id, id);
create index views_project on views (project_id) where project_id is not null;
