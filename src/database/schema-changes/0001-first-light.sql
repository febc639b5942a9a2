-- The catalog, the event log, heat, placement and the migration ledger.
--
-- Conventions: keys are collate "C" (the order S3 lists in); *_at columns are wall-clock timestamps;
-- *_ms columns are instants of the model clock in milliseconds since 1970; every row that a person or a
-- process can cause carries its principal. Tables keyed by object id are hash-partitioned by it, and no
-- foreign key crosses objects, so that a distributed PostgreSQL could carry them.

-- Clocks and secrets ---------------------------------------------------------------------------------

-- The model clock: at wall time anchor_wall_ms it showed anchor_model_ms, and runs scale times as fast.
create table model_clock (
  singleton boolean primary key default true check (singleton),
  anchor_model_ms bigint not null,
  anchor_wall_ms bigint not null,
  scale double precision not null check (scale > 0),
  -- The largest instant any process has shown; a clock set back never shows less.
  high_water_ms bigint not null,
  principal text not null
);

create table api_token (
  id uuid primary key,
  name text not null,
  -- SHA-256 of the secret; the secret itself is shown once and never stored.
  secret_sha256 bytea not null unique check (length(secret_sha256) = 32),
  role text not null check (role in ('viewer', 'operator', 'admin')),
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  principal text not null
);

-- Keys of S3 clients. SigV4 needs the secret itself, so it is sealed (AES-256-GCM), not hashed.
create table access_key (
  id text primary key check (length(id) between 4 and 128),
  secret_sealed bytea not null,
  reader_class text not null
    check (reader_class in ('application', 'interactive', 'analytics', 'scan', 'backup', 'mover')),
  -- Null: every bucket.
  bucket_ids uuid[],
  may_write boolean not null default true,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  principal text not null
);

-- Stores, locations, policies, prices ------------------------------------------------------------------

create table store (
  id uuid primary key,
  name text not null unique check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  kind text not null check (kind in ('filesystem', 'memory', 's3')),
  state text not null default 'active' check (state in ('active', 'paused', 'auth-failed')),
  settings jsonb not null,
  credentials_sealed bytea,
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  principal text not null
);

create table location (
  id uuid primary key,
  name text not null unique check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  store_id uuid not null references store (id),
  container text not null check (container <> ''),
  storage_class text,
  tier text not null check (tier in ('hot', 'warm', 'cold')),
  price_id text not null,
  region text not null,
  first_byte_ms_p99 double precision not null check (first_byte_ms_p99 >= 0),
  restore_hours double precision check (restore_hours > 0),
  capacity_bytes bigint check (capacity_bytes >= 0),
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  principal text not null,
  unique nulls not distinct (store_id, container, storage_class)
);

create table policy (
  id uuid primary key,
  name text not null unique check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  -- The document as written, checked by placement/policy.
  spec jsonb not null,
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  principal text not null
);

create table price_book (
  id uuid primary key,
  name text not null,
  effective_from date not null,
  spec jsonb not null,
  created_at timestamptz not null default now(),
  principal text not null,
  unique (name, effective_from)
);

create table bucket (
  id uuid primary key,
  name text not null unique check (length(name) between 3 and 63),
  mode text not null check (mode in ('observed', 'shared', 'exclusive')),
  write_location_id uuid not null references location (id),
  policy_id uuid references policy (id),
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  principal text not null
);

-- Objects, versions, copies ----------------------------------------------------------------------------

create table object (
  id uuid not null,
  bucket_id uuid not null,
  key text collate "C" not null check (octet_length(key) between 1 and 1024),
  generation bigint not null check (generation >= 0),
  placement_version bigint not null default 0 check (placement_version >= 0),
  -- False once deleted: the row stays, so that generations never repeat.
  is_present boolean not null,
  latency_sla_ms double precision check (latency_sla_ms > 0),
  pinned_location_id uuid,
  pinned_until_ms bigint,
  -- Set when no good copy is left: nothing of this object is moved or deleted until a person looked.
  quarantined_because text,
  created_at timestamptz not null default now(),
  principal text not null,
  primary key (id)
) partition by hash (id);

create index object_by_key on object (bucket_id, key) where is_present;

create table object_version (
  object_id uuid not null,
  generation bigint not null check (generation > 0),
  size bigint not null check (size >= 0),
  etag text not null,
  -- contentType, contentEncoding, contentDisposition, contentLanguage, cacheControl, expires
  headers jsonb not null default '{}',
  metadata jsonb not null default '{}',
  tags jsonb not null default '{}',
  -- [{number, size, etag}] of a multipart upload as the client made it.
  part_layout jsonb,
  sha256 bytea check (length(sha256) = 32),
  sha256_source text check (sha256_source in ('client-write', 'mover-read', 'scrub-read', 'store-report')),
  crc64nvme bytea check (length(crc64nvme) = 8),
  -- S3 version id, retention and legal hold find their columns' meaning with versioned buckets.
  version_id text,
  retain_until timestamptz,
  legal_hold boolean not null default false,
  last_modified timestamptz not null,
  principal text not null,
  primary key (object_id, generation),
  check ((sha256 is null) = (sha256_source is null))
) partition by hash (object_id);

create table copy (
  object_id uuid not null,
  id uuid not null,
  generation bigint not null check (generation > 0),
  location_id uuid not null,
  state text not null
    check (state in ('staging', 'complete', 'grace', 'deleting', 'retained', 'suspect')),
  is_primary boolean not null,
  -- Null: the object's own key.
  native_key text collate "C",
  etag text,
  version_id text,
  size bigint not null check (size >= 0),
  entered_ms bigint not null,
  grace_until_ms bigint,
  verified_ms bigint,
  principal text not null,
  primary key (object_id, id),
  check (not is_primary or state in ('complete', 'suspect')),
  check ((state = 'grace') <= (grace_until_ms is not null))
) partition by hash (object_id);

-- One primary per object: the generation that readers see is the object's, and its copy is this one.
create unique index copy_primary on copy (object_id) where is_primary;
create index copy_leftover on copy (location_id, state) where state in ('staging', 'deleting', 'suspect');

-- How much lies where, per size class (floor of log2 of the size, -1 for empty), kept by the trigger
-- below. Sharded by backend so that no row is hot; a sum over shards is the truth.
create table location_usage (
  location_id uuid not null,
  size_class smallint not null,
  shard smallint not null,
  copies bigint not null,
  -- Copies that readers get: as many as there are objects.
  primaries bigint not null,
  bytes bigint not null,
  primary key (location_id, size_class, shard)
) with (fillfactor = 50);

create function size_class_of(size bigint) returns smallint language sql immutable parallel safe
return case when size < 1 then -1 else (length(ltrim(size::bit(64)::text, '0')) - 1) end;

create function copy_counts_usage_insert() returns trigger language plpgsql as $$
begin
  insert into location_usage as u (location_id, size_class, shard, copies, primaries, bytes)
  select location_id, size_class_of(size), pg_backend_pid() % 16, count(*),
         count(*) filter (where is_primary), sum(size)
  from inserted group by 1, 2 order by 1, 2
  on conflict (location_id, size_class, shard)
  do update set copies = u.copies + excluded.copies, primaries = u.primaries + excluded.primaries,
    bytes = u.bytes + excluded.bytes;
  return null;
end $$;

create function copy_counts_usage_delete() returns trigger language plpgsql as $$
begin
  insert into location_usage as u (location_id, size_class, shard, copies, primaries, bytes)
  select location_id, size_class_of(size), pg_backend_pid() % 16, -count(*),
         -count(*) filter (where is_primary), -sum(size)
  from deleted group by 1, 2 order by 1, 2
  on conflict (location_id, size_class, shard)
  do update set copies = u.copies + excluded.copies, primaries = u.primaries + excluded.primaries,
    bytes = u.bytes + excluded.bytes;
  return null;
end $$;

create function copy_counts_usage_update() returns trigger language plpgsql as $$
begin
  insert into location_usage as u (location_id, size_class, shard, copies, primaries, bytes)
  select location_id, size_class, pg_backend_pid() % 16, sum(copies), sum(primaries), sum(bytes)
  from (
    select location_id, size_class_of(size) as size_class, 1 as copies,
           is_primary::int as primaries, size as bytes from inserted
    union all
    select location_id, size_class_of(size), -1, -is_primary::int, -size from deleted
  ) as delta
  group by 1, 2
  having sum(copies) <> 0 or sum(primaries) <> 0 or sum(bytes) <> 0
  order by 1, 2
  on conflict (location_id, size_class, shard)
  do update set copies = u.copies + excluded.copies, primaries = u.primaries + excluded.primaries,
    bytes = u.bytes + excluded.bytes;
  return null;
end $$;

create trigger copy_inserted after insert on copy referencing new table as inserted
  for each statement execute function copy_counts_usage_insert();
create trigger copy_updated after update on copy referencing old table as deleted new table as inserted
  for each statement execute function copy_counts_usage_update();
create trigger copy_deleted after delete on copy referencing old table as deleted
  for each statement execute function copy_counts_usage_delete();

-- Gateway writes in progress. The published bytes carry the intent's id, so that a crash between the
-- store and the catalog is rolled forward.
create table write_intent (
  id uuid primary key,
  object_id uuid not null,
  bucket_id uuid not null,
  key text collate "C" not null,
  copy_id uuid not null,
  location_id uuid not null,
  native_key text collate "C" not null,
  -- The version to be committed, in the form of object_version without the id columns.
  version jsonb not null,
  -- What was published, once the store answered.
  etag text,
  version_id text,
  state text not null check (state in ('open', 'published', 'deleting')),
  boot_id uuid not null,
  created_at timestamptz not null default now(),
  principal text not null
);
create index write_intent_by_object on write_intent (object_id);

create table multipart_upload (
  id text primary key,
  bucket_id uuid not null,
  key text collate "C" not null,
  object_id uuid not null,
  location_id uuid not null,
  native_key text collate "C" not null,
  -- The store's own upload id.
  native_upload_id text not null,
  headers jsonb not null default '{}',
  metadata jsonb not null default '{}',
  tags jsonb not null default '{}',
  checksum_algorithm text,
  checksum_type text,
  -- Set when completed, so that a repeated Complete answers the same.
  completed jsonb,
  completed_at timestamptz,
  initiated_at timestamptz not null default now(),
  principal text not null
);
create index multipart_upload_by_key on multipart_upload (bucket_id, key, id) where completed_at is null;

create table multipart_part (
  upload_id text not null references multipart_upload (id) on delete cascade,
  number integer not null check (number between 1 and 10000),
  size bigint not null check (size >= 0),
  etag text not null,
  native_etag text not null,
  checksums jsonb not null default '{}',
  crc64nvme bytea,
  uploaded_at timestamptz not null default now(),
  primary key (upload_id, number)
);

create table import_job (
  id uuid primary key,
  bucket_id uuid not null references bucket (id),
  location_id uuid not null references location (id),
  prefix text not null default '',
  state text not null check (state in ('running', 'interrupted', 'done', 'failed')),
  -- Everything up to and including this key is in the catalog.
  last_key text collate "C",
  objects bigint not null default 0,
  bytes bigint not null default 0,
  -- Keys the catalog had already: it is newer than any listing, so they are left alone.
  known bigint not null default 0,
  skipped bigint not null default 0,
  -- reason -> {count, example}
  skipped_because jsonb not null default '{}',
  error text,
  lease_owner text,
  lease_expires_at timestamptz,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  principal text not null
);

-- Whose keys lie under their own names in a container: the first bucket that writes, imports or moves there,
-- for as long as it exists. Every other bucket's keys get the bucket's name in front, so that equal keys of
-- two buckets never meet, whatever is created or changed later.
create table container_owner (
  store_id uuid not null references store (id) on delete cascade,
  container text not null,
  bucket_id uuid not null references bucket (id) on delete cascade,
  primary key (store_id, container)
);

create function bucket_claims_container() returns trigger language plpgsql as $$
begin
  insert into container_owner (store_id, container, bucket_id)
  select store_id, container, new.id from location where id = new.write_location_id
  on conflict do nothing;
  return null;
end $$;

create function import_claims_container() returns trigger language plpgsql as $$
begin
  insert into container_owner (store_id, container, bucket_id)
  select store_id, container, new.bucket_id from location where id = new.location_id
  on conflict do nothing;
  return null;
end $$;

create function migrations_claim_containers() returns trigger language plpgsql as $$
begin
  insert into container_owner (store_id, container, bucket_id)
  select l.store_id, l.container, min(m.bucket_id::text)::uuid
  from inserted m join location l on l.id = m.target_location_id
  group by l.store_id, l.container
  order by l.store_id, l.container
  on conflict do nothing;
  return null;
end $$;

create trigger bucket_claims_container after insert or update of write_location_id on bucket
  for each row execute function bucket_claims_container();
create trigger import_claims_container after insert on import_job
  for each row execute function import_claims_container();

-- The embedded event log ---------------------------------------------------------------------------------

-- The next offset of each log partition. Its row lock makes commit order offset order, so a reader that
-- sees offset n sees everything before it.
create table event_log_partition (
  partition smallint primary key,
  next_offset bigint not null default 0
);

-- A batch of access events as appended. Range-partitioned by day; retention drops partitions.
create table event_batch (
  partition smallint not null,
  first_offset bigint not null,
  event_count integer not null check (event_count > 0),
  boot_id uuid not null,
  first_sequence bigint not null,
  appended_at timestamptz not null default now(),
  -- Encoded by events/postgres-log.
  events bytea not null,
  primary key (partition, first_offset, appended_at)
) partition by range (appended_at);
create table event_batch_default partition of event_batch default;

-- How far ingest has come. A new owner raises the epoch; a late owner then matches no row.
create table ingest_partition (
  source text not null,
  partition smallint not null,
  epoch bigint not null default 0,
  next_offset bigint not null default 0,
  lease_owner text,
  lease_expires_at timestamptz,
  -- Model time of the newest event applied, and wall time when it was applied.
  last_event_ms bigint,
  last_applied_at timestamptz,
  events_applied bigint not null default 0,
  primary key (source, partition)
);

-- One high-water mark per producer boot and partition: a repeated append counts once.
create table ingest_boot (
  boot_id uuid not null,
  partition smallint not null,
  last_sequence bigint not null,
  updated_at timestamptz not null default now(),
  primary key (boot_id, partition)
);

create table dead_letter (
  id uuid primary key,
  source text not null,
  partition smallint,
  log_offset bigint,
  reason text not null,
  payload bytea not null,
  received_at timestamptz not null default now(),
  replayed_at timestamptz,
  principal text not null
);
create index dead_letter_by_time on dead_letter (received_at desc, id);

-- Heat -------------------------------------------------------------------------------------------------

-- Narrow, primary key only, room on the page: updates stay heap-only. ln_heat_* are logarithms of
-- forward-decayed sums counted from the landmark; -infinity-free: a row exists from the first access on.
create table object_heat (
  object_id uuid not null,
  ln_heat_6h double precision not null,
  ln_heat_3d double precision not null,
  ln_heat_30d double precision not null,
  reads bigint not null,
  writes bigint not null,
  bytes_read bigint not null,
  first_access_ms bigint not null,
  last_access_ms bigint not null,
  primary key (object_id)
) partition by hash (object_id);

-- Sliding windows of objects read in the last day: rings of 1-minute and 15-minute counts, encoded by
-- heat/access-windows, evaluated at read time.
create table access_window (
  object_id uuid not null,
  rings bytea not null,
  last_access_ms bigint not null,
  primary key (object_id)
) partition by hash (object_id);

-- Reads per object and model day, for sparklines.
create table access_daily (
  object_id uuid not null,
  day date not null,
  reads integer not null,
  bytes bigint not null,
  primary key (object_id, day)
) partition by hash (object_id);

-- When to look at an object again. promote_ln_heat is compared by ingest, so that an upward crossing is
-- queued at once.
create table object_review (
  object_id uuid not null,
  review_ms bigint not null,
  reason text not null,
  promote_ln_heat double precision,
  primary key (object_id)
) partition by hash (object_id);
create index object_review_due on object_review (review_ms);

-- A request to look at many objects again (a policy or prices changed), worked off page by page. With
-- only_missing it finds objects that nobody has queued yet.
create table review_sweep (
  id uuid primary key,
  -- Null: every bucket.
  bucket_id uuid,
  policy_id uuid,
  only_missing boolean not null default false,
  reason text not null,
  -- Every object up to and including this one is done.
  last_object_id uuid,
  objects bigint not null default 0,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  principal text not null
);
create index review_sweep_open on review_sweep (id) where finished_at is null;

-- Plans, decisions, migrations -----------------------------------------------------------------------------

create table plan (
  id uuid primary key,
  state text not null
    check (state in ('proposed', 'approved', 'applied', 'rejected', 'superseded')),
  -- person: waits for approval; automatic: approved by the policy's caps.
  approval text not null check (approval in ('person', 'automatic')),
  policy_id uuid not null references policy (id),
  policy_revision bigint not null,
  price_book_id uuid not null references price_book (id),
  objects bigint not null default 0,
  bytes bigint not null default 0,
  monthly_saving_usd double precision not null default 0,
  one_time_usd double precision not null default 0,
  created_at timestamptz not null default now(),
  created_ms bigint not null,
  decided_at timestamptz,
  decided_by text,
  applied_at timestamptz,
  principal text not null
);
create index plan_by_time on plan (created_at desc, id);
create index plan_open on plan (policy_id, id) where state in ('proposed', 'approved');

-- A decision to move, with everything it was made from. Decisions to stay are not stored: an explanation
-- makes them again.
create table decision (
  id uuid primary key,
  plan_id uuid not null references plan (id),
  object_id uuid not null,
  bucket_id uuid not null,
  key text collate "C" not null,
  generation bigint not null,
  placement_version bigint not null,
  from_location_id uuid not null,
  to_location_id uuid not null,
  reason text not null,
  size bigint not null,
  monthly_saving_usd double precision not null,
  one_time_usd double precision not null,
  payback_days double precision,
  -- alternatives and inputs, as in domain/placement
  evidence jsonb not null,
  -- Null while undecided; a single decision can be rejected inside a plan that is approved.
  verdict text check (verdict in ('approved', 'rejected', 'outdated')),
  decided_at timestamptz not null default now(),
  principal text not null
);
create index decision_by_plan on decision (plan_id, id);
create index decision_by_object on decision (object_id, id);
create index decision_undecided on decision (object_id) where verdict is null;
create index decision_by_time on decision (id desc);

create table migration (
  id uuid primary key,
  kind text not null check (kind in ('move')),
  object_id uuid not null,
  bucket_id uuid not null,
  key text collate "C" not null,
  generation bigint not null,
  placement_version bigint not null,
  source_copy_id uuid not null,
  source_location_id uuid not null,
  target_copy_id uuid not null,
  target_location_id uuid not null,
  size bigint not null,
  state text not null check (state in (
    'planned', 'copying', 'copied', 'verifying', 'verified', 'switched', 'grace', 'deleting-source',
    'done', 'aborted', 'quarantined', 'retained', 'rolled-back')),
  priority smallint not null default 50 check (priority between 0 and 100),
  -- promotion: towards a hotter tier; demotion: away from it.
  direction text not null check (direction in ('promotion', 'demotion', 'lateral')),
  attempt integer not null default 0,
  attempts_max integer not null default 5,
  paused boolean not null default false,
  cancel_requested boolean not null default false,
  -- Wall time before which nobody takes it: back-off, and the poll interval of grace.
  not_before timestamptz not null default now(),
  lease_owner text,
  lease_expires_at timestamptz,
  fencing_token bigint not null default 0,
  grace_until_ms bigint,
  grace_ms bigint not null default 0 check (grace_ms >= 0),
  evidence jsonb not null default '{}',
  decision_id uuid,
  plan_id uuid,
  monthly_saving_usd double precision,
  one_time_usd double precision,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  principal text not null,
  check ((lease_owner is null) = (lease_expires_at is null)),
  check ((finished_at is not null)
    = (state in ('done', 'aborted', 'quarantined', 'retained', 'rolled-back'))),
  check (source_location_id <> target_location_id)
);
-- One unfinished migration per object.
create unique index migration_one_per_object on migration (object_id) where finished_at is null;
create index migration_queue on migration (priority desc, not_before, id)
  where finished_at is null and not paused and grace_until_ms is null;
create index migration_grace on migration (not_before, id)
  where finished_at is null and not paused and grace_until_ms is not null;
create index migration_by_time on migration (id desc);
create index migration_by_object on migration (object_id, id);
create index migration_finished on migration (finished_at desc, id) where finished_at is not null;

create trigger migrations_claim_containers after insert on migration referencing new table as inserted
  for each statement execute function migrations_claim_containers();

-- The timeline of a migration: every step, by whom, with what evidence.
create table migration_event (
  migration_id uuid not null references migration (id),
  sequence integer not null,
  at timestamptz not null default clock_timestamp(),
  state_from text not null,
  event text not null,
  state_to text not null,
  fencing_token bigint not null,
  worker text not null,
  detail jsonb not null default '{}',
  primary key (migration_id, sequence)
);

-- People's side ------------------------------------------------------------------------------------------------

-- What people see happen, in order: feeds the live stream and its resumption. Trimmed by age.
create table activity (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  kind text not null,
  subject text not null,
  detail jsonb not null default '{}',
  principal text not null
);
create index activity_by_time on activity (at);

create table idempotency_key (
  key text not null check (length(key) between 1 and 255),
  route text not null,
  request_sha256 bytea not null,
  -- Null while the first request is still being answered.
  status smallint,
  response jsonb,
  created_at timestamptz not null default now(),
  principal text not null,
  primary key (key, route)
);

-- Bursts of real reads asked for by a person; a worker takes them.
create table simulation (
  id uuid primary key,
  kind text not null check (kind in ('burst')),
  spec jsonb not null,
  state text not null check (state in ('queued', 'running', 'done', 'failed')),
  reads_done bigint not null default 0,
  bytes_done bigint not null default 0,
  errors bigint not null default 0,
  error text,
  lease_owner text,
  lease_expires_at timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  principal text not null
);

-- Hash partitions ------------------------------------------------------------------------------------------------

do $$
declare
  parent text;
  fill text;
begin
  foreach parent in array array[
    'object', 'object_version', 'copy', 'object_heat', 'access_window', 'access_daily', 'object_review']
  loop
    fill := case when parent in ('object_heat', 'access_window') then ' with (fillfactor = 70)' else '' end;
    for remainder in 0..7 loop
      execute format(
        'create table %I partition of %I for values with (modulus 8, remainder %s)%s',
        parent || '_p' || lpad(remainder::text, 2, '0'), parent, remainder, fill);
    end loop;
  end loop;
end $$;
