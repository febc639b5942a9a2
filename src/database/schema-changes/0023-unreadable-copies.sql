-- A copy whose store tells of it and never hands out its bytes is bad, too.

alter table copy drop constraint copy_scrub_verdict_check;
alter table copy add constraint copy_scrub_verdict_check
  check (scrub_verdict in ('same', 'unproven', 'missing', 'changed', 'corrupt', 'unreadable'));
-- Suspect copies, whether they are known to be bad or not: there are few.
drop index copy_condemned;
create index copy_condemned on copy (object_id) where state = 'suspect';
