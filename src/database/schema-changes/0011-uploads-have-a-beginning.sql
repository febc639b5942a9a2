-- An upload in parts begins at a store before its id can be written down. What is written down before that is
-- where it begins, so that an upload whose id nobody got to know can be found and aborted.

create table upload_start (
  id uuid primary key,
  store_id uuid not null references store (id) on delete cascade,
  container text not null,
  native_key text collate "C" not null,
  started_at timestamptz not null default now()
);
create index upload_start_by_time on upload_start (started_at, id);
