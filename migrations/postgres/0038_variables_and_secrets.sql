-- What rules go by and may not show: variables and secrets, of the workspace or of one project.

create table variables (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    -- Null for the whole workspace; a project's hides the workspace's of the same name.
    project_id uuid references projects (id) on delete cascade,
    name text not null,
    -- JSON.
    value text not null,
    set_by uuid,
    set_at timestamptz not null
);
create unique index variables_of_workspace on variables (workspace_id, name) where project_id is null;
create unique index variables_of_project on variables (project_id, name) where project_id is not null;

create table secrets (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    project_id uuid references projects (id) on delete cascade,
    name text not null,
    sealed bytea not null,
    set_by uuid,
    set_at timestamptz not null
);
create unique index secrets_of_workspace on secrets (workspace_id, name) where project_id is null;
create unique index secrets_of_project on secrets (project_id, name) where project_id is not null;
