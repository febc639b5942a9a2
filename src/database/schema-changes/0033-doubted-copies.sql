-- How often a reader was given other bytes than the content by a copy. A proof that is older than the last time is none.

alter table copy add column doubts integer not null default 0 check (doubts >= 0);
