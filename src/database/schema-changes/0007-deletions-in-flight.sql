-- Deletions sent to a store, which may still land after the session that held the object's lock is gone.

create table deletion_in_flight (
  object_id uuid not null,
  copy_id uuid not null,
  -- By this database's clock: until then the bytes that lie in the copy's place may still go.
  lands_until timestamptz not null,
  primary key (object_id, copy_id)
);
