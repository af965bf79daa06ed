-- What rules would have done, and who is behind what they did.

-- A back-test: a version of a rule held against a stretch of the log. `position` and `found` are written together, so that
-- whoever takes it up goes on where it was and counts nothing twice.
create table backtests (
    id blob primary key,
    workspace_id blob not null references workspaces (id),
    rule_id blob not null references rules (id) on delete cascade,
    rule_version integer not null,
    -- Who asked, and what their token was limited to: it is done with their eyes.
    user_id blob not null references users (id),
    scopes text,
    from_at integer,
    to_at integer,
    first_position integer not null,
    last_position integer not null,
    position integer not null,
    state text not null,
    found text not null,
    error text,
    created_at integer not null,
    updated_at integer not null,
    finished_at integer
) strict;
create index backtests_rule on backtests (rule_id, id);
create index backtests_unfinished on backtests (workspace_id) where finished_at is null;

-- Who started a run by hand, or repeated one.
alter table runs add column started_by blob references users (id);

-- What happened to a rule: when it was switched on and off.
create index events_rule on events (subject, id) where substr(subject, 1, 5) = 'rule_';
