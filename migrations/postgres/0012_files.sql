-- Comments that are edited and taken back, what happened to one task, and files on tasks.

alter table comments add column version bigint not null default 1;
alter table comments add column mentions text not null default '[]';
alter table comments add column edited_at timestamptz;
alter table comments add column deleted_at timestamptz;

-- What a comment said before: for moderators.
create table comment_versions (
    comment_id uuid not null references comments (id) on delete cascade,
    version bigint not null,
    workspace_id uuid not null references workspaces (id),
    body text not null,
    replaced_by uuid references users (id),
    replaced_at timestamptz not null,
    primary key (comment_id, version)
);

-- What happened to a task. Only events about tasks are in it, so that a post to a hook pays nothing.
create index events_task on events (subject, id) where substr(subject, 1, 5) = 'task_';

-- A row stands here before the first byte of its file is written, and goes after the file has gone, so no file is ever
-- unknown. `task_id` is null while the file arrives, and again when nobody wants it any more.
create table attachments (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id),
    task_id uuid references tasks (id) on delete set null,
    name text not null,
    content_type text not null,
    size bigint not null,
    sha256 text not null,
    created_by uuid references users (id),
    created_at timestamptz not null,
    -- A file that has not arrived by then never will.
    arrives_by timestamptz not null
);
create index attachments_task on attachments (task_id, id) where task_id is not null;
create index attachments_loose on attachments (arrives_by) where task_id is null;

-- How many bytes of files a workspace keeps.
create table storage_use (
    workspace_id uuid primary key references workspaces (id),
    bytes bigint not null
);
