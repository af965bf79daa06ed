-- Who is told of what, by which channel, and when.

alter table notifications add column kind text not null default 'rule';
alter table notifications add column project_id blob;
alter table notifications add column task_id blob;
-- Whose doing it was, if a person's.
alter table notifications add column actor_id blob;
-- How many tellings it stands for, and when the last of them came; null for one alone.
alter table notifications add column times integer not null default 1;
alter table notifications add column last_at integer;
-- Not shown until then.
alter table notifications add column snoozed_until integer;
create index notifications_unread on notifications (user_id, workspace_id, task_id) where read_at is null;

-- Something that people are told. The key tells that it is the same: an event's id, or what else happens once.
create table tellings (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    key text not null,
    kind text not null,
    project_id blob,
    task_id blob,
    -- Who did it, as in events.
    actor text not null,
    -- What it says, as JSON.
    details text not null,
    created_at integer not null
) strict;
create unique index tellings_workspace_id_key_key on tellings (workspace_id, key);
create index tellings_created on tellings (created_at);

-- One per telling, person and channel: whoever writes it tells that person by that channel.
create table told (
    telling_id blob not null references tellings (id) on delete cascade,
    user_id blob not null references users (id),
    channel text not null,
    workspace_id blob not null references workspaces (id),
    task_id blob,
    -- Not before this time.
    due_at integer not null,
    -- When it went out, or turned out not to be wanted.
    done_at integer,
    primary key (telling_id, user_id, channel)
) strict, without rowid;
create index told_due on told (workspace_id, channel, due_at) where done_at is null;
create index told_recently on told (user_id, workspace_id, due_at);

-- How people want to be told, as JSON.
create table notification_preferences (
    workspace_id blob not null references workspaces (id),
    user_id blob not null references users (id),
    settings text not null,
    updated_at integer not null,
    primary key (workspace_id, user_id)
) strict, without rowid;

-- One per task, date and kind of reminder: whoever writes it reminds.
create table task_reminders (
    task_id blob not null references tasks (id) on delete cascade,
    kind text not null,
    due_at integer not null,
    workspace_id blob not null references workspaces (id),
    primary key (task_id, kind, due_at)
) strict, without rowid;
