-- What runs ask people before they go on, and what those answered.

create table approvals (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    run_id blob not null references runs (id) on delete cascade,
    -- The step within the run.
    path text not null,
    rule_id blob not null,
    rule_name text not null,
    -- What it is about: whoever may not see that is not asked.
    project_id blob references projects (id) on delete set null,
    task_id blob references tasks (id) on delete set null,
    message text not null,
    -- `any`, `all` or a number.
    need text not null,
    allow_self integer not null,
    -- The people who caused the run, as a JSON list.
    causers text not null,
    state text not null,
    requested_at integer not null,
    expires_at integer,
    decided_at integer
) strict, without rowid;
create unique index approvals_step on approvals (run_id, path);
create index approvals_pending on approvals (workspace_id, id) where state = 'pending';
create index approvals_project on approvals (project_id) where project_id is not null;
create index approvals_task on approvals (task_id) where task_id is not null;

-- Who may answer, as the rule says it: a person, everyone with a role, or a group.
create table approval_approvers (
    approval_id blob not null references approvals (id) on delete cascade,
    place integer not null,
    workspace_id blob not null references workspaces (id),
    user_id blob,
    role text,
    group_id blob,
    primary key (approval_id, place)
) strict, without rowid;

-- One answer in each approver's place.
create table approval_votes (
    approval_id blob not null references approvals (id) on delete cascade,
    user_id blob not null,
    workspace_id blob not null references workspaces (id),
    decided_by blob not null,
    decision text not null,
    comment text not null,
    decided_at integer not null,
    primary key (approval_id, user_id)
) strict, without rowid;

-- Who answers in whose place.
create table approval_delegations (
    approval_id blob not null references approvals (id) on delete cascade,
    user_id blob not null,
    workspace_id blob not null references workspaces (id),
    delegate_id blob not null,
    created_at integer not null,
    primary key (approval_id, user_id)
) strict, without rowid;
