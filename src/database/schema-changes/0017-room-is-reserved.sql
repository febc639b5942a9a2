-- What migrations are going to bring to a location and have not begun to: summed from an index. A column of its own,
-- because an index whose condition names the state would be written with every step. Dropping a copy brings nothing,
-- and a repair takes the place of the bytes it repairs.
alter table migration add column reserves_room boolean not null
  generated always as (state = 'planned' and kind not in ('drop-copy', 'repair')) stored;
create index migration_reserving on migration (target_location_id) include (size) where reserves_room;
