-- The events that a step brought about, as a list of ids in JSON: they say what was there before.
alter table run_steps add column events text;
