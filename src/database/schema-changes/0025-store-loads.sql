-- How much of its budget the last minute asked of a store, and which processes leave it alone because it does not
-- answer.

alter table store_budget_clock
  add column requests_used_ms double precision not null default 0,
  add column bytes_used_ms double precision not null default 0,
  add column used_at timestamptz not null default now();

create table store_circuit (
  store_id uuid not null references store (id) on delete cascade,
  process text not null,
  opened_at timestamptz not null default now(),
  told_at timestamptz not null default now(),
  primary key (store_id, process)
);
