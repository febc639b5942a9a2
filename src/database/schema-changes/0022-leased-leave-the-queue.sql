-- Migrations that somebody has leased are not in the way of those who look for one: the queue is as short as what
-- nobody does yet, however many workers there are.

drop index migration_queue;
create index migration_queue on migration (priority desc, due_at, not_before, id)
  where finished_at is null and not paused and not held and grace_until_ms is null and lease_owner is null;
drop index migration_grace;
create index migration_grace on migration (not_before, id)
  where finished_at is null and not paused and not held and grace_until_ms is not null and lease_owner is null;
-- Those whose worker is gone.
create index migration_leased on migration (lease_expires_at, id)
  where finished_at is null and lease_owner is not null;
