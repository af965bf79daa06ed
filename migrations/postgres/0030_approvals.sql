-- What runs ask people before they go on, and what those answered.

create table approvals (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    run_id uuid not null references runs (id) on delete cascade,
    -- The step within the run.
    path text not null,
    rule_id uuid not null,
    rule_name text not null,
    -- What it is about: whoever may not see that is not asked.
    project_id uuid references projects (id) on delete set null,
    task_id uuid references tasks (id) on delete set null,
    message text not null,
    -- `any`, `all` or a number.
    need text not null,
    allow_self boolean not null,
    -- The people who caused the run, as a JSON list.
    causers text not null,
    state text not null,
    requested_at timestamptz not null,
    expires_at timestamptz,
    decided_at timestamptz
);
create unique index approvals_step on approvals (run_id, path);
create index approvals_pending on approvals (workspace_id, id) where state = 'pending';
create index approvals_project on approvals (project_id) where project_id is not null;
create index approvals_task on approvals (task_id) where task_id is not null;

-- Who may answer, as the rule says it: a person, everyone with a role, or a group.
create table approval_approvers (
    approval_id uuid not null references approvals (id) on delete cascade,
    place bigint not null,
    workspace_id uuid not null references workspaces (id),
    user_id uuid,
    role text,
    group_id uuid,
    primary key (approval_id, place)
);

-- One answer in each approver's place.
create table approval_votes (
    approval_id uuid not null references approvals (id) on delete cascade,
    user_id uuid not null,
    workspace_id uuid not null references workspaces (id),
    decided_by uuid not null,
    decision text not null,
    comment text not null,
    decided_at timestamptz not null,
    primary key (approval_id, user_id)
);

-- Who answers in whose place.
create table approval_delegations (
    approval_id uuid not null references approvals (id) on delete cascade,
    user_id uuid not null,
    workspace_id uuid not null references workspaces (id),
    delegate_id uuid not null,
    created_at timestamptz not null,
    primary key (approval_id, user_id)
);
