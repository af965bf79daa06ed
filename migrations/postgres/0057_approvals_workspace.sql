-- Approvals are also listed when they are settled.
create index approvals_workspace on approvals (workspace_id, id);
