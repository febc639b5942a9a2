-- The identity of a file is its time and size: file-<nanoseconds>-<size>, without the inode in front that it had
-- before, because a folder that is restored has new inodes. What clients see as the ETag of an object stays.

update copy c
set etag = regexp_replace(c.etag, '^file-[0-9a-f]+-([0-9a-f]+-[0-9a-f]+)$', 'file-\1')
from location l
join store s on s.id = l.store_id and s.kind = 'filesystem'
where l.id = c.location_id and c.etag ~ '^file-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$';

update write_intent i
set etag = regexp_replace(i.etag, '^file-[0-9a-f]+-([0-9a-f]+-[0-9a-f]+)$', 'file-\1')
from location l
join store s on s.id = l.store_id and s.kind = 'filesystem'
where l.id = i.location_id and i.etag ~ '^file-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$';

update migration m
set evidence = jsonb_set(m.evidence, '{targetIdentity,etag}', to_jsonb(regexp_replace(
  m.evidence #>> '{targetIdentity,etag}', '^file-[0-9a-f]+-([0-9a-f]+-[0-9a-f]+)$', 'file-\1')))
from location l
join store s on s.id = l.store_id and s.kind = 'filesystem'
where l.id = m.target_location_id and m.finished_at is null
  and m.evidence #>> '{targetIdentity,etag}' ~ '^file-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$';
