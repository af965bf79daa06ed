-- Rules that are started by figures: one for each that is switched on.

create table rule_thresholds (
    rule_id uuid primary key references rules (id) on delete cascade,
    workspace_id uuid not null references workspaces (id),
    -- The trigger that it goes by, to see when that is changed.
    timing text not null,
    -- How each figure stands, as JSON: by project, or for all of the workspace.
    gauges text not null,
    -- Up to this position of the log nothing is left to be looked at.
    position bigint not null,
    looked_at timestamptz,
    -- When it is looked at again, whatever happens.
    look_at timestamptz not null,
    -- Looks that failed in a row, and why the last one did.
    failures bigint not null,
    error text
);
create index rule_thresholds_workspace on rule_thresholds (workspace_id);
