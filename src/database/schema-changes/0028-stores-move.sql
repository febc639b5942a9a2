-- When a store's address led elsewhere last: for a while afterwards nothing is written there, until every process
-- has noticed.

alter table store add column moved_at timestamptz;
