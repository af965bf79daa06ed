-- Whose turn it was last where rules give out tasks in turn.

create table round_robins (
    rule_id uuid not null references rules (id) on delete cascade,
    -- The step within the rule.
    step text not null,
    workspace_id uuid not null references workspaces (id),
    -- Nobody yet, while the first one is being picked.
    user_id uuid,
    primary key (rule_id, step)
);
