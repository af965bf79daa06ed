-- What the policies of rules go by: which runs share a key and in which order, and when runs may begin.

create table run_turns (
    -- In the order of the log, since runs are written in its order.
    seq integer primary key autoincrement,
    workspace_id blob not null references workspaces (id),
    run_id blob not null references runs (id) on delete cascade,
    rule_id blob not null references rules (id) on delete cascade,
    -- concurrency, day, debounce, dedupe or throttle
    policy text not null,
    key text not null,
    -- Whether the run has got past it.
    passed integer not null default 0,
    -- When the run was started; of throttle and day, when it may begin.
    at integer not null
) strict;
create unique index run_turns_run on run_turns (run_id, policy);
create index run_turns_line on run_turns (rule_id, policy, key, seq);
create index run_turns_window on run_turns (rule_id, policy, at);

-- Whether the policy of its rule has let a run begin.
alter table runs add column admitted integer not null default 0;
-- How long a run has worked, in milliseconds, as far as its rule limits that.
alter table runs add column worked_ms integer not null default 0;
