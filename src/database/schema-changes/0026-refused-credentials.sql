-- A store that refuses our credentials is left alone until a person replaces them: since when, and what it answered.

alter table store
  add column refused_at timestamptz,
  add column refused_because text;
update store set refused_at = now(), refused_because = 'unknown' where state = 'auth-failed';
alter table store add check ((state = 'auth-failed') = (refused_at is not null));
