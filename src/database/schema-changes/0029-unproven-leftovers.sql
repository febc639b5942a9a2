-- What a move left of present content and nobody proved, or what was found bad, is no copy to rely on, although its
-- store did not let it go. Nobody wants it rebuilt, so what was found is forgotten; who lets go of it doubts it again.

update copy c set state = 'suspect', scrub_verdict = null
from object o
where o.id = c.object_id and o.generation = c.generation and c.state = 'retained' and not c.is_primary
  and (c.migration_id is not null and c.verified_ms is null
    or c.scrub_verdict in ('missing', 'changed', 'corrupt', 'unreadable'));
