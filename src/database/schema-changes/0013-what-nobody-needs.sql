-- Comparing what lies in containers with the catalog, and the ledger of bytes that nobody needs.
create table reconcile_run (
  id uuid primary key,
  location_id uuid not null references location (id) on delete cascade,
  store_id uuid not null references store (id) on delete cascade,
  container text not null,
  prefix text not null default '',
  source jsonb not null,
  settings jsonb not null,
  state text not null default 'running' check (state in ('running', 'interrupted', 'done', 'failed')),
  phase text not null default 'reading' check (phase in ('reading', 'unseen', 'leftovers', 'deleting')),
  position text,
  taken_at timestamptz,
  counts jsonb not null default '{}',
  error text,
  lease_owner text,
  lease_expires_at timestamptz,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  finished_at timestamptz,
  principal text not null
);
create index reconcile_run_open on reconcile_run (started_at) where state = 'running';

-- Copies that a run saw where the catalog says they lie; emptied at its end.
create table reconcile_seen (
  run_id uuid not null,
  object_id uuid not null,
  copy_id uuid not null,
  primary key (run_id, object_id, copy_id)
);

create table reconcile_finding (
  run_id uuid not null references reconcile_run (id) on delete cascade,
  verdict text not null,
  native_key text collate "C" not null,
  object_id uuid,
  bytes bigint not null,
  detail text not null,
  found_at timestamptz not null default now(),
  primary key (run_id, verdict, native_key)
);

create table orphan (
  id uuid primary key,
  kind text not null check (kind in ('dark', 'forgotten', 'retained', 'suspect')),
  store_id uuid not null references store (id) on delete cascade,
  container text not null,
  native_key text collate "C" not null,
  location_id uuid references location (id) on delete set null,
  bytes bigint not null check (bytes >= 0),
  etag text,
  version_id text,
  object_id uuid,
  copy_id uuid,
  migration_id uuid,
  bucket_id uuid,
  reason text not null,
  monthly_usd double precision,
  state text not null default 'seen'
    check (state in ('seen', 'confirmed', 'deleting', 'deleted', 'kept', 'adopting', 'adopted', 'gone')),
  outcome text,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  last_run_id uuid,
  decided_at timestamptz,
  decided_by text,
  created_at timestamptz not null default now()
);
create unique index orphan_place on orphan (store_id, container, native_key, copy_id) nulls not distinct;
create index orphan_by_state on orphan (state, id desc);
