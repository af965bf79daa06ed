-- Workflows and types of a project's own. What a status means is kept with each task: the category, which everything else
-- goes by, and its place in the flow of work, which lists are ordered by.

alter table projects add column workflow text;
alter table projects add column types text;

alter table tasks add column category text not null default 'todo';
alter table tasks add column status_rank integer not null default 0;
update tasks set
    category = case status when 'todo' then 'todo' when 'completed' then 'done' when 'cancelled' then 'cancelled'
        else 'in_progress' end,
    status_rank = case status when 'todo' then 0 when 'in_progress' then 1001 when 'in_review' then 1002
        when 'blocked' then 1003 when 'completed' then 2004 else 3005 end;
