-- A saving is told in two parts: storage (what a place bills for keeping) and reads (the rest of
-- monthly_saving_usd: requests, retrieval, egress).
alter table decision add column monthly_saving_storage_usd double precision not null default 0;
alter table plan add column monthly_saving_storage_usd double precision not null default 0;

update decision d
set monthly_saving_storage_usd = parts.usd
from (
  select decision.id,
         sum(case when (a ->> 'locationId')::uuid = from_location_id then 1 else -1 end
             * ((a -> 'cost' ->> 'storageUsdPerMonth')::double precision
                + (a -> 'cost' ->> 'monitoringUsdPerMonth')::double precision)) as usd
  from decision, jsonb_array_elements(evidence -> 'alternatives') as a
  where (a ->> 'locationId')::uuid in (from_location_id, to_location_id) and a ->> 'cost' is not null
  group by decision.id
) as parts
where parts.id = d.id;

-- As plans are summed: what was refused does not count.
update plan p
set monthly_saving_storage_usd = sums.usd
from (
  select plan_id, sum(monthly_saving_storage_usd) as usd
  from decision where verdict is null or verdict = 'approved' group by plan_id
) as sums
where sums.plan_id = p.id;

-- How much is expected to be read per month at the heat of one moment, by location and policy: one row,
-- replaced as a whole. One planner counts at a time.
create table expected_reads (
  is_only boolean primary key default true check (is_only),
  claimed_by text,
  claimed_at timestamptz,
  -- Null until somebody counted.
  counted_at timestamptz,
  counted_ms bigint,
  -- [{locationId, policyId, readsPerMonth, bytesPerMonth}]
  loads jsonb not null default '[]'
);
insert into expected_reads default values;
