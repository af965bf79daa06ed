-- Whose turn it was last where rules give out tasks in turn.

create table round_robins (
    -- No reference: who picks would wait for whoever changes the rule, and the other way round.
    rule_id blob not null,
    -- The step within the rule.
    step text not null,
    workspace_id blob not null references workspaces (id),
    -- Nobody yet, while the first one is being picked.
    user_id blob,
    primary key (rule_id, step)
) strict, without rowid;
