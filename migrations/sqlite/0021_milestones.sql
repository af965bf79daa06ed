-- What a project works towards, and more about projects: when they run, how they do, and whether others begin as theirs.
create table milestones (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    project_id blob not null references projects (id) on delete cascade,
    name text not null,
    description text not null,
    due_at integer,
    status text not null,
    completed_at integer,
    version integer not null,
    created_by blob references users (id),
    created_at integer not null,
    updated_at integer not null
) strict;
create index milestones_project on milestones (project_id, id);

alter table tasks add column milestone_id blob references milestones (id);
create index tasks_milestone on tasks (milestone_id) where milestone_id is not null;

alter table projects add column start_at integer;
alter table projects add column due_at integer;
alter table projects add column health text;
alter table projects add column health_note text not null default '';
alter table projects add column health_by blob references users (id);
alter table projects add column health_at integer;
alter table projects add column is_template integer not null default 0;
