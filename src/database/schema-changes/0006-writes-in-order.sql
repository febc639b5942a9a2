-- The order of writes is their order under the object's lock, not that of any clock: an interrupted write
-- comes next only if nothing was committed since.

-- The object's generation as the write saw it under the lock, written down before the bytes are published.
-- Null while the bytes are still arriving: such a write has published nothing.
alter table write_intent add column base_generation bigint check (base_generation >= 0);

-- Writes that were under way when this was applied come after what is there.
update write_intent i
set base_generation = coalesce((select o.generation from object o where o.id = i.object_id), 0)
where i.version -> 'version' is distinct from 'null'::jsonb;
