-- Who is told of what, by which channel, and when.

alter table notifications add column kind text not null default 'rule';
alter table notifications add column project_id uuid;
alter table notifications add column task_id uuid;
-- Whose doing it was, if a person's.
alter table notifications add column actor_id uuid;
-- How many tellings it stands for, and when the last of them came; null for one alone.
alter table notifications add column times bigint not null default 1;
alter table notifications add column last_at timestamptz;
-- Not shown until then.
alter table notifications add column snoozed_until timestamptz;
create index notifications_unread on notifications (user_id, workspace_id, task_id) where read_at is null;

-- Something that people are told. The key tells that it is the same: an event's id, or what else happens once.
create table tellings (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    key text not null,
    kind text not null,
    project_id uuid,
    task_id uuid,
    -- Who did it, as in events.
    actor text not null,
    -- What it says, as JSON.
    details text not null,
    created_at timestamptz not null
);
create unique index tellings_workspace_id_key_key on tellings (workspace_id, key);
create index tellings_created on tellings (created_at);

-- One per telling, person and channel: whoever writes it tells that person by that channel.
create table told (
    telling_id uuid not null references tellings (id) on delete cascade,
    user_id uuid not null references users (id),
    channel text not null,
    workspace_id uuid not null references workspaces (id),
    task_id uuid,
    -- Not before this time.
    due_at timestamptz not null,
    -- When it went out, or turned out not to be wanted.
    done_at timestamptz,
    primary key (telling_id, user_id, channel)
);
create index told_due on told (workspace_id, channel, due_at) where done_at is null;
create index told_recently on told (user_id, workspace_id, due_at);

-- How people want to be told, as JSON.
create table notification_preferences (
    workspace_id uuid not null references workspaces (id),
    user_id uuid not null references users (id),
    settings text not null,
    updated_at timestamptz not null,
    primary key (workspace_id, user_id)
);

-- One per task, date and kind of reminder: whoever writes it reminds.
create table task_reminders (
    task_id uuid not null references tasks (id) on delete cascade,
    kind text not null,
    due_at timestamptz not null,
    workspace_id uuid not null references workspaces (id),
    primary key (task_id, kind, due_at)
);
