-- Runs that did not succeed are few, and what is looked for. No index follows the state: it changes twice in each short life.
create index runs_errors on runs (workspace_id, id) where error is not null;
