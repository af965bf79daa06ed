-- Search: a document for every task and every comment, and its words in FTS5 under the same number.
create table search_docs (
    doc integer primary key,
    workspace_id blob not null references workspaces (id),
    project_id blob not null,
    task_id blob not null references tasks (id) on delete cascade,
    id blob not null,
    kind text not null,
    -- How many words each has: the fewer, the more one of them says.
    title_words integer not null,
    text_words integer not null,
    unique (task_id, id)
) strict;

-- Only the index: the texts stand where they are. What is given to it was made into words already, with a space between
-- each, and `ascii` parts them there and nowhere else.
create virtual table search_fts using fts5 (title, text, content = '', contentless_delete = 1, tokenize = 'ascii');

-- However a document goes (with its task, too), its words go with it.
create trigger search_docs_gone after delete on search_docs begin
    delete from search_fts where rowid = old.doc;
end;

-- What was there before: a node puts it in before it answers.
create table search_backlog (
    id blob primary key,
    workspace_id blob not null,
    task_id blob not null references tasks (id) on delete cascade,
    kind text not null
) strict;
create index search_backlog_task on search_backlog (task_id);
insert into search_backlog (id, workspace_id, task_id, kind) select id, workspace_id, id, 'task' from tasks;
insert into search_backlog (id, workspace_id, task_id, kind)
    select id, workspace_id, task_id, 'comment' from comments where deleted_at is null;
