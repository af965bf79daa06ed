-- Turns outlive their runs: a `dedupe` key is remembered for as long as its rule says, not for as long as runs are kept.
create table run_turns_kept (
    -- In the order of the log, since runs are written in its order.
    seq integer primary key autoincrement,
    workspace_id blob not null references workspaces (id),
    run_id blob not null,
    rule_id blob not null references rules (id) on delete cascade,
    -- concurrency, day, debounce, dedupe or throttle
    policy text not null,
    key text not null,
    -- Whether the run has got past it; of throttle and day, whether it counts.
    passed integer not null default 0,
    -- When the run was started; of throttle and day, when it began or may begin.
    at integer not null
) strict;
insert into run_turns_kept select * from run_turns;
drop table run_turns;
alter table run_turns_kept rename to run_turns;
create unique index run_turns_run on run_turns (run_id, policy);
create index run_turns_line on run_turns (rule_id, policy, key, seq);
create index run_turns_window on run_turns (rule_id, policy, at);

-- Only what begins counts. What runs had that never began is given back; those that wait are asked anew.
delete from run_turns where exists (select 1 from runs r where r.id = run_turns.run_id and not r.admitted and r.finished_at is not null);
update run_turns set passed = false where policy in ('day', 'dedupe', 'throttle') and passed
    and exists (select 1 from runs r where r.id = run_turns.run_id and not r.admitted);
update run_turns set key = '' where policy = 'day' and not passed;

create index run_turns_waiting on run_turns (rule_id, policy, seq) where not passed;
