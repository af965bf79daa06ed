-- Rules that are started by dates of tasks.

-- The date that such a rule goes by; null for a schedule.
alter table rule_schedules add column field text;
-- Whether the rule is switched on.
alter table rule_schedules add column active integer not null default 1;
create index rule_schedules_field on rule_schedules (workspace_id, field) where field is not null;

-- One per rule, task and date: whoever writes it announces that the date is reached.
create table rule_dates (
    rule_id blob not null references rules (id) on delete cascade,
    task_id blob not null references tasks (id) on delete cascade,
    date integer not null,
    workspace_id blob not null references workspaces (id),
    event_id blob not null,
    primary key (rule_id, task_id, date)
) strict, without rowid;
create index rule_dates_task on rule_dates (task_id);

-- Dates of tasks that were changed, until the rules that go by them have been looked at.
create table date_changes (
    task_id blob not null references tasks (id) on delete cascade,
    field text not null,
    workspace_id blob not null references workspaces (id),
    primary key (task_id, field)
) strict, without rowid;

-- Tasks by their dates, to find those that are near without looking at the others.
create index tasks_by_due on tasks (workspace_id, due_at, id) where due_at is not null;
create index tasks_by_start on tasks (workspace_id, start_at, id) where start_at is not null;
