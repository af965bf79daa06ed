-- Values of sensitive fields stand apart from the others, so that whoever shows a task shows them only on purpose.
alter table tasks add column hidden text not null default '{}';
