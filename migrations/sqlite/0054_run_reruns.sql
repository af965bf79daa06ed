-- The runs of an event that repeat others; its first runs are in `runs_event`.
create index runs_reruns on runs (event_id) where rerun_of is not null and event_id is not null;
