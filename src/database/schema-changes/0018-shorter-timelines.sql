-- Most steps of a migration are recorded together with others: one line of its timeline keeps all of them.

-- The steps before the line's own, as [state_from, event, state_to]; their sequences are those before the line's.
alter table migration_event add column passed jsonb;

-- The primary key serves the newest first as well.
drop index migration_by_time;

-- Many rows of a page are written at once: there is room for a second version of each of them.
alter table migration set (fillfactor = 45);
