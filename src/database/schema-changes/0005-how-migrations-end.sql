-- The event that ended a migration tells a failure from a move that a client's write or a person overtook.

alter table migration add column ended_by text;

update migration m
set ended_by = (
  select e.event from migration_event e where e.migration_id = m.id order by e.sequence desc limit 1)
where m.finished_at is not null;

-- Those that wait for a person.
create index migration_quarantined on migration (id desc) where state = 'quarantined';
