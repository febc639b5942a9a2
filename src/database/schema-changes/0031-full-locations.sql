-- Locations whose stores said that they take no more bytes. Nothing is copied there until a rest is over and a
-- migration that was sent ahead found room.

create table full_location (
  location_id uuid primary key references location (id) on delete cascade,
  since timestamptz not null,
  -- How often it rested since; each rest is twice as long as the one before.
  rests integer not null check (rests > 0),
  until timestamptz not null,
  -- The store's own words.
  answer text not null,
  -- Migrations sent ahead after the rest.
  scouts uuid[] not null default '{}',
  -- Null while it is believed full. Kept for a while: a place that fills up again soon rests for longer.
  room_since timestamptz
);

-- Who waits for a location, those first that wait the longest.
create index migration_held_for on migration (target_location_id, not_before)
  where held and finished_at is null;
