-- What others did behind us to bytes that the catalog knows, as imports meet it.

alter table import_job
  -- Objects whose bytes others overwrote, made anew or moved aside: the catalog follows.
  add column changed bigint not null default 0,
  -- Objects of an exclusive bucket whose bytes are not those of the catalog. Nothing is changed for them.
  add column conflicting bigint not null default 0,
  -- Objects and copies that others removed: the catalog follows.
  add column removed bigint not null default 0,
  -- Copies that are gone, but stay in the catalog: the bucket is exclusive, or too many went at once.
  add column missing bigint not null default 0,
  -- changed, conflicting, removed, missing -> the first few keys
  add column foreign_keys jsonb not null default '{}',
  -- True when the catalog would have lost so many objects that a person has to say yes.
  add column removals_withheld boolean not null default false,
  -- That yes.
  add column accept_removals boolean not null default false;

-- Copies that a listing should have shown and did not. Worked off when the listing has come to its end.
create table import_unseen_copy (
  import_id uuid not null references import_job (id) on delete cascade,
  object_id uuid not null,
  copy_id uuid not null,
  primary key (import_id, object_id, copy_id)
);
