-- Roles of a workspace's own, groups, and assignments: who may do what where.

-- New with every change of the three tables below, so that what was worked out from them can be kept until then. Null
-- while a workspace has nothing but memberships.
alter table workspaces add column access_stamp blob;

create table roles (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    name text not null,
    description text not null,
    -- JSON lists: default roles by word and others by id; permissions by name.
    inherits text not null,
    permissions text not null,
    version integer not null,
    created_at integer not null,
    updated_at integer not null,
    unique (workspace_id, name)
) strict;

create table groups (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    name text not null,
    created_at integer not null,
    unique (workspace_id, name)
) strict;

create table group_members (
    workspace_id blob not null references workspaces (id),
    group_id blob not null references groups (id) on delete cascade,
    user_id blob not null references users (id),
    created_at integer not null,
    primary key (group_id, user_id)
) strict, without rowid;
create index group_members_user on group_members (workspace_id, user_id);

create table assignments (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    -- One of the two.
    user_id blob references users (id),
    group_id blob references groups (id) on delete cascade,
    -- One of the two: a default role's word or a role's id; or a permission (`task.edit`, `task.*`, `*`).
    role text,
    permission text,
    effect text not null,
    -- None: the workspace. The first alone: a project. With the second: a task of it. The third: a rule.
    project_id blob references projects (id) on delete cascade,
    task_id blob references tasks (id) on delete cascade,
    rule_id blob references rules (id) on delete cascade,
    starts_at integer,
    ends_at integer,
    condition text,
    note text not null,
    created_by blob references users (id),
    created_at integer not null
) strict;
create index assignments_user on assignments (workspace_id, user_id) where user_id is not null;
create index assignments_group on assignments (group_id) where group_id is not null;
create index assignments_project on assignments (project_id) where project_id is not null;
create index assignments_task on assignments (task_id) where task_id is not null;
create index assignments_rule on assignments (rule_id) where rule_id is not null;
