-- Who changed who may what. Entries are chained by their hashes (engine/src/audit/chain.rs) and are only ever added:
-- the triggers stop a slip and `trackside doctor` finds whoever went around them.
create table audit_heads (
    workspace_id blob primary key references workspaces (id),
    -- Of the last entry.
    seq integer not null,
    hash blob not null
) strict, without rowid;

create table audit_entries (
    workspace_id blob not null references workspaces (id),
    -- 1, 2, 3, … in each workspace, without a gap.
    seq integer not null,
    at integer not null,
    -- JSON, to the letter: the hash is over these texts.
    actor text not null,
    action text not null,
    subject text not null,
    detail text not null,
    hash blob not null,
    primary key (workspace_id, seq)
) strict, without rowid;

create trigger audit_entries_update before update on audit_entries
begin
    select raise(abort, 'an audit entry cannot be changed');
end;
create trigger audit_entries_delete before delete on audit_entries
begin
    select raise(abort, 'an audit entry cannot be removed');
end;
-- `insert or replace` removes without a word to the trigger above.
create trigger audit_entries_insert before insert on audit_entries
when exists (select 1 from audit_entries e where e.workspace_id = new.workspace_id and e.seq = new.seq)
begin
    select raise(abort, 'an audit entry cannot be changed');
end;
create trigger audit_heads_update before update on audit_heads
when new.workspace_id <> old.workspace_id or new.seq <> old.seq + 1
begin
    select raise(abort, 'the head of an audit log only goes on');
end;
create trigger audit_heads_delete before delete on audit_heads
begin
    select raise(abort, 'the head of an audit log only goes on');
end;
create trigger audit_heads_insert before insert on audit_heads
when new.seq <> 0 and not exists (select 1 from audit_heads h where h.workspace_id = new.workspace_id)
begin
    select raise(abort, 'the head of an audit log begins at 0');
end;
