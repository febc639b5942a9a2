-- Copies are added, dropped, reclassified in place and repaired, beside being moved.

alter table migration drop constraint migration_kind_check;
alter table migration add constraint migration_kind_check
  check (kind in ('move', 'add-copy', 'drop-copy', 'reclassify', 'repair'));
-- A reclassified copy is source and target at once; every other kind speaks of two.
alter table migration add constraint migration_copies_check
  check ((kind = 'reclassify') = (source_copy_id = target_copy_id));
-- How a target is proven, and what must remain when a copy is dropped, as the policy said when it was planned.
alter table migration add column verify text not null default 'target-checksum'
  check (verify in ('target-checksum', 'read-back'));
alter table migration add column copies_required smallint not null default 1 check (copies_required > 0);
alter table migration add column regions_required smallint not null default 1 check (regions_required > 0);
