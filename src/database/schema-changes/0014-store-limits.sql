-- What background work may ask of a store, and drills: faults on purpose, for a bounded time.

alter table store
  add column budget jsonb not null default '[]' check (jsonb_typeof(budget) = 'array'),
  add column requests_at_once_max int check (requests_at_once_max >= 1),
  add column is_for_drills boolean not null default false,
  add column drill jsonb,
  add column drill_until timestamptz,
  add constraint store_drill_is_bounded check ((drill is null) = (drill_until is null)),
  add constraint store_drill_only_where_marked check (drill is null or is_for_drills);

comment on column store.budget is 'Windows of the day with bytes and requests per second; the first open one holds';
comment on column store.drill is 'Rules of faults and their seed, until drill_until';

-- Up to when the tokens of a store are spent: see stores/wrappers/token-clock.ts.
create table store_budget_clock (
  store_id uuid primary key references store (id) on delete cascade,
  requests_until timestamptz not null default '-infinity',
  bytes_until timestamptz not null default '-infinity'
) with (fillfactor = 10);

comment on table store_budget_clock is 'One row per store with a budget, moved a few times a second by all processes together';
