
-- Lists that are read all day: by status over the workspace, with the project for whoever counts them; the columns of a
-- board; and what changed last.
create index tasks_workspace_status on tasks (workspace_id, status, id, project_id);
create index tasks_project_board on tasks (project_id, status, priority desc, (due_at is null), due_at, id);
create index tasks_workspace_updated on tasks (workspace_id, updated_at, id);
