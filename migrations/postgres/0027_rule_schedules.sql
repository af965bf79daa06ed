-- When rules are due by the clock.

-- One for each rule that was ever switched on with a trigger of the clock.
create table rule_schedules (
    rule_id uuid primary key references rules (id) on delete cascade,
    workspace_id uuid not null references workspaces (id),
    -- The trigger that it goes by, to see when that is changed.
    timing text not null,
    -- Every time up to here is settled: it was announced, or left out for good.
    settled_at timestamptz not null,
    -- The first time after that; null when the rule is switched off, and when none is left.
    next_at timestamptz,
    -- When it is looked at: at that time, or later while it waits or could not be carried out.
    look_at timestamptz,
    -- Since when times wait for a run to end.
    waiting_since timestamptz,
    -- The last time that was announced, and how.
    last_at timestamptz,
    last_event_id uuid,
    -- Looks that failed in a row, and why the last one did.
    failures bigint not null default 0,
    error text
);
create index rule_schedules_look on rule_schedules (look_at) where look_at is not null;
create index rule_schedules_settled on rule_schedules (settled_at);
create index rule_schedules_workspace on rule_schedules (workspace_id);

-- One per rule and nominal time: whoever writes it announces that time. The clock may be put back as it likes.
create table rule_times (
    rule_id uuid not null references rules (id) on delete cascade,
    nominal_at timestamptz not null,
    workspace_id uuid not null references workspaces (id),
    event_id uuid not null,
    primary key (rule_id, nominal_at)
);
