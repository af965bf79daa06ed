-- What a project works towards, and more about projects: when they run, how they do, and whether others begin as theirs.
create table milestones (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null references projects (id) on delete cascade,
    name text not null,
    description text not null,
    due_at timestamptz,
    status text not null,
    completed_at timestamptz,
    version bigint not null,
    created_by uuid references users (id),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index milestones_project on milestones (project_id, id);

alter table tasks add column milestone_id uuid references milestones (id);
create index tasks_milestone on tasks (milestone_id) where milestone_id is not null;

alter table projects add column start_at timestamptz;
alter table projects add column due_at timestamptz;
alter table projects add column health text;
alter table projects add column health_note text not null default '';
alter table projects add column health_by uuid references users (id);
alter table projects add column health_at timestamptz;
alter table projects add column is_template boolean not null default false;
