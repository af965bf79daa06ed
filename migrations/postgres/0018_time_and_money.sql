-- Time that people spend on tasks, what it costs, and what a project may cost. Days are text (2026-11-25), as the person who
-- works counts them; money is decimal text.

-- What an hour costs: of a person in a project, in a project, of a person, of anybody; the first of these that there is.
create table rates (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    project_id uuid references projects (id) on delete cascade,
    user_id uuid references users (id),
    amount text not null,
    currency text not null,
    valid_from text not null,
    valid_to text,
    version bigint not null,
    created_by uuid references users (id),
    created_at timestamptz not null
);
create index rates_workspace on rates (workspace_id, id);
create index rates_project on rates (project_id) where project_id is not null;

-- One row a workspace, locked by whoever changes rates: what is booked meanwhile waits, and gets the new rate.
create table rate_books (
    workspace_id uuid primary key references workspaces (id)
);

-- A task that goes leaves its time behind: it was worked, and it has its price. A project takes all of it along.
create table time_entries (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null references projects (id) on delete cascade,
    task_id uuid references tasks (id) on delete set null,
    task_key text not null,
    user_id uuid not null references users (id),
    started_at timestamptz not null,
    ended_at timestamptz not null,
    minutes bigint not null,
    day text not null,
    note text not null,
    billable boolean not null,
    rate_id uuid references rates (id) on delete set null,
    version bigint not null,
    created_by uuid references users (id),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index time_entries_task on time_entries (task_id, id) where task_id is not null;
-- With all that a budget sums up, so that it reads nothing else.
create index time_entries_project on time_entries (project_id, rate_id, billable, minutes);
create index time_entries_day on time_entries (workspace_id, day, id);
create index time_entries_user on time_entries (workspace_id, user_id, started_at);
create index time_entries_rate on time_entries (rate_id) where rate_id is not null;

-- One running timer for each person and workspace.
create table timers (
    workspace_id uuid not null references workspaces (id),
    user_id uuid not null references users (id),
    project_id uuid not null references projects (id) on delete cascade,
    task_id uuid not null references tasks (id) on delete cascade,
    task_key text not null,
    started_at timestamptz not null,
    day text not null,
    note text not null,
    billable boolean not null,
    primary key (workspace_id, user_id)
);
create index timers_task on timers (task_id);
create index timers_project on timers (project_id);

-- A person's week (2026-W48). A row is there as soon as time is booked in it: whoever books locks it.
create table timesheets (
    workspace_id uuid not null references workspaces (id),
    user_id uuid not null references users (id),
    week text not null,
    state text not null,
    reason text not null,
    submitted_at timestamptz,
    decided_by uuid references users (id),
    decided_at timestamptz,
    primary key (workspace_id, user_id, week)
);
create index timesheets_state on timesheets (workspace_id, state, week, user_id);

create table budgets (
    project_id uuid primary key references projects (id) on delete cascade,
    workspace_id uuid not null references workspaces (id),
    currency text not null,
    planned text not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index budgets_workspace on budgets (workspace_id, project_id);

-- `reached_at` is when the budget last rose to this share of what is planned; null while it is below.
create table budget_thresholds (
    project_id uuid not null references budgets (project_id) on delete cascade,
    workspace_id uuid not null references workspaces (id),
    percent bigint not null,
    reached_at timestamptz,
    crossings bigint not null,
    primary key (project_id, percent)
);

create table costs (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null references budgets (project_id) on delete cascade,
    amount text not null,
    currency text not null,
    day text not null,
    category text not null,
    state text not null,
    note text not null,
    version bigint not null,
    created_by uuid references users (id),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index costs_project on costs (project_id, id);
