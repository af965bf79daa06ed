-- How rules do: what each cost in an hour, and how often it was judged in vain. Counted in memory and added up here now and
-- then, so that a judgement writes nothing; runs themselves stand in `runs`.
create table rule_hours (
    rule_id blob not null references rules (id) on delete cascade,
    hour integer not null,
    workspace_id blob not null references workspaces (id),
    -- Events that the rule was held against.
    judged integer not null,
    -- What kept them from starting a run: match or scope, the condition, that a rule caused them, that the owner may not see them.
    unmatched integer not null,
    refused integer not null,
    caused integer not null,
    unseen integer not null,
    judging_us integer not null,
    longest_judging_us integer not null,
    -- Calls of outside services, notifications, and how long its runs kept a worker.
    calls integer not null,
    notified integer not null,
    running_us integer not null,
    longest_running_us integer not null,
    primary key (rule_id, hour)
) strict, without rowid;
create index rule_hours_workspace on rule_hours (workspace_id, hour);
create index rule_hours_hour on rule_hours (hour);

-- The runs of a rule that did not succeed: few, whatever the rule does.
create index runs_rule_errors on runs (rule_id, id) where error is not null;
