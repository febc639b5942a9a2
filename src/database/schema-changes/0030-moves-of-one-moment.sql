-- Moves that were planned together are due at the same moment. Without their ids the index keeps hundreds of them in
-- one entry, so what leased ones leave in it until the next vacuum is soon passed over.

drop index migration_queue;
create index migration_queue on migration (priority desc, due_at, not_before)
  where finished_at is null and not paused and not held and grace_until_ms is null and lease_owner is null;
