-- A migration whose source lies in an archive waits for hours until its store restored it. Those that wait are not in
-- the way of those who look for one to move.

alter table migration drop constraint migration_state_check;
alter table migration add constraint migration_state_check check (state in (
  'planned', 'waiting-restore', 'copying', 'copied', 'verifying', 'verified', 'switched', 'grace',
  'deleting-source', 'done', 'aborted', 'quarantined', 'retained', 'rolled-back'));
-- As a column of its own, so that no index is written when a state changes that says nothing of it.
alter table migration add column is_restoring boolean not null
  generated always as (state = 'waiting-restore') stored;

drop index migration_queue;
create index migration_queue on migration (priority desc, due_at, not_before)
  where finished_at is null and not paused and not held and grace_until_ms is null and lease_owner is null
    and not is_restoring;
create index migration_restoring on migration (not_before, id)
  where finished_at is null and not paused and not held and lease_owner is null and is_restoring;
