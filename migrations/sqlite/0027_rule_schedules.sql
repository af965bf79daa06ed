-- When rules are due by the clock.

-- One for each rule that was ever switched on with a trigger of the clock.
create table rule_schedules (
    rule_id blob primary key references rules (id) on delete cascade,
    workspace_id blob not null references workspaces (id),
    -- The trigger that it goes by, to see when that is changed.
    timing text not null,
    -- Every time up to here is settled: it was announced, or left out for good.
    settled_at integer not null,
    -- The first time after that; null when the rule is switched off, and when none is left.
    next_at integer,
    -- When it is looked at: at that time, or later while it waits or could not be carried out.
    look_at integer,
    -- Since when times wait for a run to end.
    waiting_since integer,
    -- The last time that was announced, and how.
    last_at integer,
    last_event_id blob,
    -- Looks that failed in a row, and why the last one did.
    failures integer not null default 0,
    error text
) strict;
create index rule_schedules_look on rule_schedules (look_at) where look_at is not null;
create index rule_schedules_settled on rule_schedules (settled_at);
create index rule_schedules_workspace on rule_schedules (workspace_id);

-- One per rule and nominal time: whoever writes it announces that time. The clock may be put back as it likes.
create table rule_times (
    rule_id blob not null references rules (id) on delete cascade,
    nominal_at integer not null,
    workspace_id blob not null references workspaces (id),
    event_id blob not null,
    primary key (rule_id, nominal_at)
) strict, without rowid;
