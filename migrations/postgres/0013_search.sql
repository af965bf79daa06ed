-- Search: a document for every task and every comment, with its words.
create table search_docs (
    workspace_id uuid not null references workspaces (id),
    project_id uuid not null,
    task_id uuid not null references tasks (id) on delete cascade,
    id uuid not null,
    kind text not null,
    -- How many words each has: the fewer, the more one of them says.
    title_words bigint not null,
    text_words bigint not null,
    words tsvector not null,
    primary key (task_id, id)
);
create index search_docs_words on search_docs using gin (words);

-- What was there before: a node puts it in before it answers.
create table search_backlog (
    id uuid primary key,
    workspace_id uuid not null,
    task_id uuid not null references tasks (id) on delete cascade,
    kind text not null
);
create index search_backlog_task on search_backlog (task_id);
insert into search_backlog (id, workspace_id, task_id, kind) select id, workspace_id, id, 'task' from tasks;
insert into search_backlog (id, workspace_id, task_id, kind)
    select id, workspace_id, task_id, 'comment' from comments where deleted_at is null;
