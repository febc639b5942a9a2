-- Bytes sent to a store that cannot compare before it replaces any: they may still land after the session that
-- held the object's lock is gone.

create table publication_in_flight (
  object_id uuid not null,
  id uuid not null,
  -- Where they may land.
  store_id uuid not null,
  container text not null,
  -- By this database's clock: until then they may.
  lands_until timestamptz not null,
  primary key (object_id, id)
);
