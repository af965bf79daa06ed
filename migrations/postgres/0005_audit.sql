-- Who changed who may what. Entries are chained by their hashes (engine/src/audit/chain.rs) and are only ever added:
-- the triggers stop a slip and `trackside doctor` finds whoever went around them.
create table audit_heads (
    workspace_id uuid primary key references workspaces (id),
    -- Of the last entry.
    seq bigint not null,
    hash bytea not null
);

create table audit_entries (
    workspace_id uuid not null references workspaces (id),
    -- 1, 2, 3, … in each workspace, without a gap.
    seq bigint not null,
    at timestamptz not null,
    -- JSON, to the letter: the hash is over these texts.
    actor text not null,
    action text not null,
    subject text not null,
    detail text not null,
    hash bytea not null,
    primary key (workspace_id, seq)
);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is only ever added to (% on %)', tg_op, tg_table_name;
end $$;

create trigger audit_entries_update before update on audit_entries
    for each row execute function refuse_audit_change();
create trigger audit_entries_delete before delete on audit_entries
    for each row execute function refuse_audit_change();
create trigger audit_entries_truncate before truncate on audit_entries
    for each statement execute function refuse_audit_change();
create trigger audit_heads_update before update on audit_heads
    for each row when (new.workspace_id <> old.workspace_id or new.seq <> old.seq + 1)
    execute function refuse_audit_change();
create trigger audit_heads_delete before delete on audit_heads
    for each row execute function refuse_audit_change();
create trigger audit_heads_insert before insert on audit_heads
    for each row when (new.seq <> 0) execute function refuse_audit_change();
create trigger audit_heads_truncate before truncate on audit_heads
    for each statement execute function refuse_audit_change();
