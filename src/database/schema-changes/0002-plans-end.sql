-- A plan is closed when nothing joins it any more, and applied when its last migration ended.

alter table plan
  add column closed_at timestamptz,
  -- end state -> how many migrations ended so; set when the plan is applied
  add column outcome jsonb,
  -- What its done migrations save per month, as decided; null until the plan is applied.
  add column realised_monthly_saving_usd double precision;

update plan set closed_at = applied_at where state = 'applied';

alter table plan
  add check (state <> 'applied' or closed_at is not null),
  add check ((outcome is null) = (realised_monthly_saving_usd is null)),
  add check (outcome is null or state = 'applied');

-- Finds a plan's unfinished migrations too: those whose finished_at is null.
create index migration_by_plan on migration (plan_id, finished_at) where plan_id is not null;
