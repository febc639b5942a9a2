import type { Database } from '../src/database/postgres.ts'

/**
 * The database's schema as text a person can review: every table with columns, constraints, indexes and
 * triggers, and every function, in name order. Hash partitions repeat their parent and are only counted.
 */
export async function describeSchema(database: Database): Promise<string> {
  const { rows } = await database.query<{ line: string }>(DESCRIBE)
  return `${HEADER}${rows.map(row => row.line).join('\n')}\n`
}

const HEADER = '-- The schema that the schema changes add up to. Made by `npm run generate`; never edited.\n'

const DESCRIBE = `
with tables as (
  select c.oid, c.relname as name, c.reloptions, pg_get_partkeydef(c.oid) as partition_key,
         (select count(*) from pg_inherits i where i.inhparent = c.oid) as partitions
    from pg_class c
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
),
lines as (
  select name, 0 as part, 0 as position, '' as label,
         format(E'\\ntable %s%s%s%s', name, coalesce(' partition by ' || partition_key, ''),
                case when partitions > 0 then format(' (%s partitions)', partitions) else '' end,
                coalesce(' with ' || reloptions::text, '')) as line
    from tables
  union all
  select t.name, 1, a.attnum, a.attname,
         format('  %s %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
                case when a.attcollation not in (0, 100) then ' collate ' || (select collname from pg_collation where oid = a.attcollation) else '' end,
                case when a.attnotnull then ' not null' else '' end,
                coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), case when a.attidentity <> '' then ' identity' else '' end))
    from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
  union all
  select t.name, 2, 0, k.conname, format('  constraint %s %s', k.conname, pg_get_constraintdef(k.oid))
    from tables t join pg_constraint k on k.conrelid = t.oid where k.contype <> 'n'
  union all
  select t.name, 3, 0, i.relname, format('  %s', pg_get_indexdef(x.indexrelid))
    from tables t join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
   where not exists (select from pg_constraint k where k.conindid = x.indexrelid)
  union all
  select t.name, 4, 0, g.tgname, format('  %s', pg_get_triggerdef(g.oid))
    from tables t join pg_trigger g on g.tgrelid = t.oid where not g.tgisinternal
  union all
  select '~functions', 5, 0, p.proname, E'\\n' || pg_get_functiondef(p.oid)
    from pg_proc p where p.pronamespace = 'public'::regnamespace
)
select line from lines order by name collate "C", part, position, label collate "C"`
