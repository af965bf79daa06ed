-- How long each task stood how: what metrics are made of, so that they need not read the log. A row is written when a
-- task is made and with every change of its status, in the same transaction; the version is the task's at that moment.
create table task_spans (
    task_id uuid not null references tasks (id) on delete cascade,
    version bigint not null,
    workspace_id uuid not null,
    project_id uuid not null,
    status text not null,
    -- What the status meant then: todo, in_progress, done, cancelled.
    category text not null,
    entered_at timestamptz not null,
    left_at timestamptz,
    primary key (task_id, version)
);
-- With all that figures read, so that they read nothing else.
create index task_spans_entered on task_spans (project_id, entered_at, left_at, status, category, workspace_id);
create index task_spans_left on task_spans (project_id, left_at, status, category, workspace_id);
create index tasks_completed on tasks (project_id, completed_at) where completed_at is not null;

-- What happened before, as the log tells it. Only payloads of this kind are read as JSON.
with changes as materialized (
    select id, workspace_id, occurred_at, payload from events where kind = 'task.status_changed'
), told as (
    select t.id, t.workspace_id, t.project_id, e.occurred_at, (e.payload::json #>> '{task,version}')::bigint as version,
        e.payload::json #>> '{change,from}' as old, e.payload::json #>> '{change,to}' as new,
        row_number() over (partition by t.id order by e.id) as place,
        lead(e.occurred_at) over (partition by t.id order by e.id) as until
    from changes e join tasks t on t.workspace_id = e.workspace_id and t.key = e.payload::json #>> '{task,key}'
), spans as (
    select id, version, workspace_id, project_id, new as status, occurred_at as entered_at, until as left_at from told
    union all
    select t.id, 1, t.workspace_id, t.project_id, coalesce(told.old, t.status), t.created_at, told.occurred_at
    from tasks t left join told on told.id = t.id and told.place = 1
)
insert into task_spans (task_id, version, workspace_id, project_id, status, category, entered_at, left_at)
select id, version, workspace_id, project_id, status,
    case status when 'todo' then 'todo' when 'completed' then 'done' when 'cancelled' then 'cancelled' else 'in_progress' end,
    entered_at, left_at
from spans
on conflict do nothing;
