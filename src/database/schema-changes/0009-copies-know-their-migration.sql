-- The migration that made a copy: tells whose bytes those are whose identity nobody wrote down.

alter table copy add column migration_id uuid;

update copy c
set migration_id = m.id
from migration m
where m.object_id = c.object_id and m.target_copy_id = c.id
  and (c.state in ('staging', 'deleting') or m.finished_at is null);
