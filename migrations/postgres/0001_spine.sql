-- The spine: people, work, the event log, rules, runs, hooks. Every row that belongs to a workspace says so.

-- One row once set-up has been done: whoever inserts it may do it, and nobody after.
create table installation (
    id bigint primary key,
    set_up_at timestamptz not null
);

create table workspaces (
    id uuid primary key,
    name text not null,
    created_at timestamptz not null
);

create table users (
    id uuid primary key,
    email text not null unique,
    name text not null,
    password_hash text not null,
    failed_logins bigint not null default 0,
    locked_until timestamptz,
    created_at timestamptz not null
);

create table members (
    workspace_id uuid not null references workspaces (id),
    user_id uuid not null references users (id),
    role text not null,
    created_at timestamptz not null,
    primary key (workspace_id, user_id)
);
create index members_user on members (user_id);

-- A session is a family of refresh tokens: using a spent one again ends it.
create table sessions (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    user_id uuid not null references users (id),
    created_at timestamptz not null,
    ended_at timestamptz,
    ended_because text
);
create index sessions_user on sessions (user_id);

create table refresh_tokens (
    hash bytea primary key,
    session_id uuid not null references sessions (id),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    spent_at timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);

create table signing_keys (
    id text primary key,
    sealed bytea not null,
    created_at timestamptz not null,
    retired_at timestamptz
);

create table personal_tokens (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    user_id uuid not null references users (id),
    name text not null,
    hash bytea not null unique,
    scopes text,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz
);
create index personal_tokens_user on personal_tokens (workspace_id, user_id);

create table projects (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    key text not null,
    name text not null,
    description text not null,
    status text not null,
    owner_id uuid not null references users (id),
    next_number bigint not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (workspace_id, key)
);

create table tasks (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null references projects (id),
    number bigint not null,
    key text not null,
    version bigint not null,
    parent_id uuid references tasks (id),
    title text not null,
    description text not null,
    kind text not null,
    status text not null,
    priority bigint not null,
    labels text not null,
    assignees text not null,
    start_at timestamptz,
    due_at timestamptz,
    custom jsonb not null,
    created_by uuid references users (id),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    completed_at timestamptz,
    unique (workspace_id, key)
);
-- Lists: the newest of a workspace, of a project, of a project's status; and what is most urgent or due first. The id is
-- the last column of each, because pages are cut by it.
create index tasks_workspace on tasks (workspace_id, id);
create index tasks_workspace_due on tasks (workspace_id, (due_at is null), due_at, id);
create index tasks_workspace_urgency on tasks (workspace_id, priority desc, (due_at is null), due_at, id);
create index tasks_project on tasks (project_id, id);
create index tasks_project_status on tasks (project_id, status, id);
create index tasks_project_urgency on tasks (project_id, priority desc, (due_at is null), due_at, id);
create index tasks_parent on tasks (parent_id) where parent_id is not null;

-- Labels and assignees once more as rows, for filters; the task carries them as JSON, for reading.
create table task_labels (
    task_id uuid not null references tasks (id) on delete cascade,
    label text not null,
    primary key (task_id, label)
);
create table task_assignees (
    task_id uuid not null references tasks (id) on delete cascade,
    user_id uuid not null references users (id),
    primary key (task_id, user_id)
);
create index task_assignees_user on task_assignees (user_id);

create table comments (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    task_id uuid not null references tasks (id) on delete cascade,
    author_id uuid references users (id),
    body text not null,
    created_at timestamptz not null
);
create index comments_task on comments (task_id, id);

-- The log. `position` is given at dispatch, in one locked transaction, so that positions have no gap and never
-- appear out of order, whatever order the changes committed in. An event without one is not yet dispatched.
-- `payload` is text: what a webhook sent is kept to the letter.
create table events (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    position bigint,
    kind text not null,
    version bigint not null,
    project_id uuid,
    subject text not null,
    actor text not null,
    cause text,
    depth bigint not null,
    trace text,
    payload text not null,
    occurred_at timestamptz not null
);
create unique index events_position on events (position) where position is not null;
create index events_pending on events (id) where position is null;
create index events_workspace on events (workspace_id, position) where position is not null;

create table log_head (
    id bigint primary key,
    position bigint not null
);
insert into log_head (id, position) values (1, 0);

create table rules (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    name text not null,
    state text not null,
    version bigint not null,
    owner_id uuid not null references users (id),
    paused_because text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index rules_workspace on rules (workspace_id, id);

create table rule_versions (
    rule_id uuid not null references rules (id) on delete cascade,
    version bigint not null,
    body text not null,
    created_by uuid references users (id),
    created_at timestamptz not null,
    primary key (rule_id, version)
);

-- Goes up by one with every change of any rule; a dispatcher that sees another figure reloads its book of rules.
create table rule_book (
    id bigint primary key,
    revision bigint not null
);
insert into rule_book (id, revision) values (1, 1);

create table runs (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    rule_id uuid not null references rules (id) on delete cascade,
    rule_version bigint not null,
    event_id uuid references events (id),
    rerun_of uuid,
    mode text not null,
    state text not null,
    waiting text,
    inputs text,
    depth bigint not null,
    error text,
    created_at timestamptz not null,
    finished_at timestamptz
);
-- One run per (event, rule), however many dispatchers saw the event. A re-run is asked for, not dispatched.
create unique index runs_event on runs (event_id, rule_id) where rerun_of is null and event_id is not null;
create index runs_rule on runs (rule_id, id);
create index runs_workspace on runs (workspace_id, id);

-- The journal: what each step did. A finished row is never written again.
create table run_steps (
    run_id uuid not null references runs (id) on delete cascade,
    path text not null,
    ordinal bigint not null,
    kind text not null,
    state text not null,
    attempts bigint not null,
    input text,
    output text,
    error text,
    resume_at timestamptz,
    started_at timestamptz not null,
    finished_at timestamptz,
    primary key (run_id, path)
);

create table hooks (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    name text not null,
    scheme text not null,
    sealed_secret bytea,
    created_by uuid references users (id),
    created_at timestamptz not null,
    unique (workspace_id, name)
);

-- What a sender called its delivery, so that a second copy is known for what it is.
create table hook_deliveries (
    hook_id uuid not null references hooks (id) on delete cascade,
    delivery_id text not null,
    event_id uuid not null,
    received_at timestamptz not null,
    primary key (hook_id, delivery_id)
);

create table notifications (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    user_id uuid not null references users (id),
    message text not null,
    subject text,
    created_at timestamptz not null,
    read_at timestamptz
);
create index notifications_user on notifications (user_id, workspace_id, id);

create table connections (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    kind text not null,
    name text not null,
    base_url text,
    sealed_token bytea not null,
    created_at timestamptz not null,
    unique (workspace_id, kind, name)
);

-- Answers already given, by the key the client chose, so that a repeated POST does nothing twice.
create table idempotency_keys (
    workspace_id uuid not null,
    user_id uuid not null,
    key text not null,
    request_hash bytea not null,
    status bigint not null,
    body text not null,
    created_at timestamptz not null,
    primary key (workspace_id, user_id, key)
);
