-- People operate the queue of migrations: everything stopped, a store or a plan paused, deadlines, how fast it goes.

-- At most one row: while it is there, nobody takes a migration up.
create table migration_stop (
  singleton boolean primary key default true check (singleton),
  reason text not null check (length(reason) between 1 and 500),
  stopped_at timestamptz not null default now(),
  principal text not null
);

alter table store
  add column paused_at timestamptz,
  add column paused_because text,
  add column paused_by text;
update store set paused_at = now(), paused_by = principal where state = 'paused';
alter table store add check ((state = 'paused') = (paused_at is not null));

alter table plan
  add column paused_at timestamptz,
  add column paused_because text,
  add column paused_by text,
  -- Of its migrations; null: as the policy says.
  add column priority smallint check (priority between 0 and 100),
  add column due_at timestamptz,
  add column deadline_missed_at timestamptz;
create index plan_paused on plan (id) where paused_at is not null;
create index plan_deadline on plan (due_at)
  where state = 'approved' and due_at is not null and deadline_missed_at is null;

alter table migration
  -- Kept out of the queue because a store or the plan is paused. Only a hint that keeps the queue short: what
  -- may be taken up is decided by the pauses themselves, so false is never wrong.
  add column held boolean not null default false,
  -- By when readers should get the target copy.
  add column due_at timestamptz,
  add column deadline_missed_at timestamptz;

drop index migration_queue;
create index migration_queue on migration (priority desc, due_at, not_before, id)
  where finished_at is null and not paused and not held and grace_until_ms is null;
drop index migration_grace;
create index migration_grace on migration (not_before, id)
  where finished_at is null and not paused and not held and grace_until_ms is not null;
create index migration_held on migration (object_id) where held and finished_at is null;
create index migration_deadline on migration (due_at, id)
  where finished_at is null and grace_until_ms is null and due_at is not null and deadline_missed_at is null;

-- How far `held` follows the pauses. Every pause and every resumption asks for two passes over the unfinished
-- migrations: one at once, one a minute later for those that were being planned meanwhile.
create table migration_hold_sweep (
  singleton boolean primary key default true check (singleton),
  passes_left smallint not null default 0,
  -- The pass under way has looked at the objects up to this one.
  swept_to uuid,
  asked_at timestamptz not null default now()
);
insert into migration_hold_sweep default values;

-- What each mover did in a few seconds, by plan. Trimmed after an hour.
create table migration_throughput (
  at timestamptz not null default clock_timestamp(),
  worker text not null,
  plan_id uuid,
  seconds double precision not null,
  -- Objects whose readers were given the target copy.
  objects bigint not null,
  bytes bigint not null
);
create index migration_throughput_by_time on migration_throughput (at);
