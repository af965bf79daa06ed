-- Approvals that nobody could answer any more, and what is read when one is settled.

-- Since when nobody is left who could settle it.
alter table approvals add column stuck_at timestamptz;

create index notifications_approvals on notifications (workspace_id, subject) where read_at is null and kind = 'approval';
