-- What is made again and again, and what was changed in bulk.
create table task_templates (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    project_id blob not null references projects (id) on delete cascade,
    name text not null,
    body text not null,
    variables text not null,
    version integer not null,
    created_by blob references users (id),
    created_at integer not null,
    updated_at integer not null
) strict;
create index task_templates_project on task_templates (project_id, id);

create table recurrences (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    project_id blob not null references projects (id) on delete cascade,
    name text not null,
    -- A template that is used is not deleted; with its project both go.
    template_id blob references task_templates (id) on delete cascade,
    body text,
    variables text not null,
    rrule text not null,
    dtstart text not null,
    tz text not null,
    exdates text not null,
    paused integer not null,
    paused_because text,
    next_at integer,
    last_at integer,
    made integer not null,
    owner_id blob not null references users (id),
    version integer not null,
    created_at integer not null,
    updated_at integer not null
) strict;
create index recurrences_project on recurrences (project_id, id);
create index recurrences_template on recurrences (template_id) where template_id is not null;
create index recurrences_next on recurrences (next_at) where next_at is not null;

-- One per recurrence and nominal time, for ever: whoever writes it makes the task.
create table occurrences (
    recurrence_id blob not null references recurrences (id) on delete cascade,
    nominal_at integer not null,
    workspace_id blob not null references workspaces (id),
    task_id blob references tasks (id) on delete set null,
    made_at integer not null,
    primary key (recurrence_id, nominal_at)
) strict, without rowid;
create index occurrences_task on occurrences (task_id) where task_id is not null;

create table bulk_edits (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    user_id blob not null references users (id),
    filter text not null,
    patch text not null,
    changed integer not null,
    undone_at integer,
    created_at integer not null
) strict;
create index bulk_edits_user on bulk_edits (workspace_id, user_id, id);

-- The named fields of each task as they were and as they became, so that they can be put back.
create table bulk_edit_items (
    bulk_edit_id blob not null references bulk_edits (id) on delete cascade,
    task_id blob not null references tasks (id) on delete cascade,
    workspace_id blob not null references workspaces (id),
    before text not null,
    after text not null,
    primary key (bulk_edit_id, task_id)
) strict, without rowid;
create index bulk_edit_items_task on bulk_edit_items (task_id);
