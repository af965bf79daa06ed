-- Which task waits for which. Both are of one project, which stands here once more so that its network is read at once.
create table dependencies (
    workspace_id blob not null references workspaces (id),
    project_id blob not null references projects (id),
    task_id blob not null references tasks (id) on delete cascade,
    predecessor_id blob not null references tasks (id) on delete cascade,
    kind text not null,
    -- In working minutes; a lead is negative.
    lag integer not null,
    created_by blob references users (id),
    created_at integer not null,
    primary key (task_id, predecessor_id, kind)
) strict, without rowid;
create index dependencies_project on dependencies (project_id);
-- With all that the search for circles reads, so that it reads nothing else.
create index dependencies_predecessor on dependencies (predecessor_id, workspace_id, task_id);
