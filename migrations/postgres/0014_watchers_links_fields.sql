-- Who watches a task, what it is estimated to take, and what it is linked with; and the custom fields of projects.

alter table tasks add column watchers text not null default '[]';
-- Whole minutes of work.
alter table tasks add column estimate bigint;
alter table tasks add column points bigint;

-- Watchers once more as rows, for filters, as assignees are.
create table task_watchers (
    task_id uuid not null references tasks (id) on delete cascade,
    user_id uuid not null references users (id),
    primary key (task_id, user_id)
);
create index task_watchers_user on task_watchers (user_id);

-- `task_id` does it to `other_id`; what goes both ways has the older task first.
create table task_links (
    workspace_id uuid not null references workspaces (id),
    task_id uuid not null references tasks (id) on delete cascade,
    other_id uuid not null references tasks (id) on delete cascade,
    kind text not null,
    created_by uuid references users (id),
    created_at timestamptz not null,
    primary key (task_id, other_id, kind)
);
create index task_links_other on task_links (other_id);

-- Goes up with every change of what a project has of its own (fields, workflow); 0 says that it never had anything,
-- so that nobody needs to look.
alter table projects add column setup bigint not null default 0;

create table fields (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null references projects (id) on delete cascade,
    key text not null,
    name text not null,
    description text not null,
    kind text not null,
    options text not null,
    currency text,
    required boolean not null,
    sensitive boolean not null,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (project_id, key)
);
create index fields_workspace on fields (workspace_id, key);

-- The values of defined fields once more as rows, for filters and orders: `ord` compares as the values do, byte by byte.
-- Of several values (multi_select) each has a row.
create table field_values (
    task_id uuid not null references tasks (id) on delete cascade,
    key text not null,
    ord text collate "C" not null,
    workspace_id uuid not null references workspaces (id),
    primary key (task_id, key, ord)
);
create index field_values_ord on field_values (workspace_id, key, ord);
