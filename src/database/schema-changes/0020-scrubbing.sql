-- Copies are compared with the catalog for ever: when somebody looked last, and what that showed.

alter table copy add column scrubbed_ms bigint;
alter table copy add column scrub_verdict text
  check (scrub_verdict in ('same', 'unproven', 'missing', 'changed', 'corrupt'));
-- The copy that nobody looked at or proved for the longest time comes first.
create index copy_scrub on copy ((coalesce(scrubbed_ms, verified_ms, 0))) where state = 'complete';
-- Bad copies whose repair is still to be planned; there are few.
create index copy_condemned on copy (object_id)
  where state = 'suspect' and scrub_verdict in ('missing', 'changed', 'corrupt');

-- One row: whether people let the scrubber work, whose turn it is, and what that one was set to.
create table scrub_turn (
  id boolean primary key default true check (id),
  paused_because text,
  paused_at timestamptz,
  paused_by text,
  owner text,
  owned_until timestamptz,
  settings jsonb not null default '{}',
  check ((paused_at is null) = (paused_by is null))
);
insert into scrub_turn default values;

-- What looking cost and showed, by day of the machine's clock, UTC: the budget is in dollars per day.
create table scrub_day (
  day date primary key,
  copies bigint not null default 0,
  bytes bigint not null default 0,
  usd double precision not null default 0,
  verdicts jsonb not null default '{}'
);
