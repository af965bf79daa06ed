-- Turns outlive their runs: a `dedupe` key is remembered for as long as its rule says, not for as long as runs are kept.
alter table run_turns drop constraint run_turns_run_id_fkey;

-- Only what begins counts. What runs had that never began is given back; those that wait are asked anew.
delete from run_turns where exists (select 1 from runs r where r.id = run_turns.run_id and not r.admitted and r.finished_at is not null);
update run_turns set passed = false where policy in ('day', 'dedupe', 'throttle') and passed
    and exists (select 1 from runs r where r.id = run_turns.run_id and not r.admitted);
update run_turns set key = '' where policy = 'day' and not passed;

create index run_turns_waiting on run_turns (rule_id, policy, seq) where not passed;
