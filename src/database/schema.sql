-- The schema that the schema changes add up to. Made by `npm run generate`; never edited.

table access_daily partition by HASH (object_id) (8 partitions)
  object_id uuid not null
  day date not null
  reads integer not null
  bytes bigint not null
  constraint access_daily_pkey PRIMARY KEY (object_id, day)

table access_key
  id text not null
  secret_sealed bytea not null
  reader_class text not null
  bucket_ids uuid[]
  may_write boolean not null default true
  created_at timestamp with time zone not null default now()
  revoked_at timestamp with time zone
  principal text not null
  constraint access_key_id_check CHECK (((length(id) >= 4) AND (length(id) <= 128)))
  constraint access_key_pkey PRIMARY KEY (id)
  constraint access_key_reader_class_check CHECK ((reader_class = ANY (ARRAY['application'::text, 'interactive'::text, 'analytics'::text, 'scan'::text, 'backup'::text, 'mover'::text])))

table access_window partition by HASH (object_id) (8 partitions)
  object_id uuid not null
  rings bytea not null
  last_access_ms bigint not null
  constraint access_window_pkey PRIMARY KEY (object_id)

table activity
  id bigint not null identity
  at timestamp with time zone not null default now()
  kind text not null
  subject text not null
  detail jsonb not null default '{}'::jsonb
  principal text not null
  constraint activity_pkey PRIMARY KEY (id)
  CREATE INDEX activity_by_time ON public.activity USING btree (at)

table api_token
  id uuid not null
  name text not null
  secret_sha256 bytea not null
  role text not null
  created_at timestamp with time zone not null default now()
  expires_at timestamp with time zone
  revoked_at timestamp with time zone
  principal text not null
  constraint api_token_pkey PRIMARY KEY (id)
  constraint api_token_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text])))
  constraint api_token_secret_sha256_check CHECK ((length(secret_sha256) = 32))
  constraint api_token_secret_sha256_key UNIQUE (secret_sha256)

table bucket
  id uuid not null
  name text not null
  mode text not null
  write_location_id uuid not null
  policy_id uuid
  revision bigint not null default 1
  created_at timestamp with time zone not null default now()
  principal text not null
  constraint bucket_mode_check CHECK ((mode = ANY (ARRAY['observed'::text, 'shared'::text, 'exclusive'::text])))
  constraint bucket_name_check CHECK (((length(name) >= 3) AND (length(name) <= 63)))
  constraint bucket_name_key UNIQUE (name)
  constraint bucket_pkey PRIMARY KEY (id)
  constraint bucket_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES policy(id)
  constraint bucket_write_location_id_fkey FOREIGN KEY (write_location_id) REFERENCES location(id)
  CREATE TRIGGER bucket_claims_container AFTER INSERT OR UPDATE OF write_location_id ON public.bucket FOR EACH ROW EXECUTE FUNCTION bucket_claims_container()

table container_owner
  store_id uuid not null
  container text not null
  bucket_id uuid not null
  constraint container_owner_bucket_id_fkey FOREIGN KEY (bucket_id) REFERENCES bucket(id) ON DELETE CASCADE
  constraint container_owner_pkey PRIMARY KEY (store_id, container)
  constraint container_owner_store_id_fkey FOREIGN KEY (store_id) REFERENCES store(id) ON DELETE CASCADE

table copy partition by HASH (object_id) (8 partitions)
  object_id uuid not null
  id uuid not null
  generation bigint not null
  location_id uuid not null
  state text not null
  is_primary boolean not null
  native_key text collate C
  etag text
  version_id text
  size bigint not null
  entered_ms bigint not null
  grace_until_ms bigint
  verified_ms bigint
  principal text not null
  migration_id uuid
  scrubbed_ms bigint
  scrub_verdict text
  doubts integer not null default 0
  constraint copy_check CHECK (((NOT is_primary) OR (state = ANY (ARRAY['complete'::text, 'suspect'::text]))))
  constraint copy_check1 CHECK (((state = 'grace'::text) <= (grace_until_ms IS NOT NULL)))
  constraint copy_doubts_check CHECK ((doubts >= 0))
  constraint copy_generation_check CHECK ((generation > 0))
  constraint copy_pkey PRIMARY KEY (object_id, id)
  constraint copy_scrub_verdict_check CHECK ((scrub_verdict = ANY (ARRAY['same'::text, 'unproven'::text, 'missing'::text, 'changed'::text, 'corrupt'::text, 'unreadable'::text])))
  constraint copy_size_check CHECK ((size >= 0))
  constraint copy_state_check CHECK ((state = ANY (ARRAY['staging'::text, 'complete'::text, 'grace'::text, 'deleting'::text, 'retained'::text, 'suspect'::text])))
  CREATE INDEX copy_condemned ON ONLY public.copy USING btree (object_id) WHERE (state = 'suspect'::text)
  CREATE INDEX copy_leftover ON ONLY public.copy USING btree (location_id, state) WHERE (state = ANY (ARRAY['staging'::text, 'deleting'::text, 'suspect'::text]))
  CREATE UNIQUE INDEX copy_primary ON ONLY public.copy USING btree (object_id) WHERE is_primary
  CREATE INDEX copy_scrub ON ONLY public.copy USING btree (COALESCE(scrubbed_ms, verified_ms, (0)::bigint)) WHERE (state = 'complete'::text)
  CREATE TRIGGER copy_deleted AFTER DELETE ON public.copy REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION copy_counts_usage_delete()
  CREATE TRIGGER copy_inserted AFTER INSERT ON public.copy REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION copy_counts_usage_insert()
  CREATE TRIGGER copy_updated AFTER UPDATE ON public.copy REFERENCING OLD TABLE AS deleted NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION copy_counts_usage_update()

table dead_letter
  id uuid not null
  source text not null
  partition smallint
  log_offset bigint
  reason text not null
  payload bytea not null
  received_at timestamp with time zone not null default now()
  replayed_at timestamp with time zone
  principal text not null
  constraint dead_letter_pkey PRIMARY KEY (id)
  CREATE INDEX dead_letter_by_time ON public.dead_letter USING btree (received_at DESC, id)

table decision
  id uuid not null
  plan_id uuid not null
  object_id uuid not null
  bucket_id uuid not null
  key text collate C not null
  generation bigint not null
  placement_version bigint not null
  from_location_id uuid not null
  to_location_id uuid not null
  reason text not null
  size bigint not null
  monthly_saving_usd double precision not null
  one_time_usd double precision not null
  payback_days double precision
  evidence jsonb not null
  verdict text
  decided_at timestamp with time zone not null default now()
  principal text not null
  monthly_saving_storage_usd double precision not null default 0
  constraint decision_pkey PRIMARY KEY (id)
  constraint decision_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plan(id)
  constraint decision_verdict_check CHECK ((verdict = ANY (ARRAY['approved'::text, 'rejected'::text, 'outdated'::text])))
  CREATE INDEX decision_by_object ON public.decision USING btree (object_id, id)
  CREATE INDEX decision_by_plan ON public.decision USING btree (plan_id, id)
  CREATE INDEX decision_by_time ON public.decision USING btree (id DESC)
  CREATE INDEX decision_undecided ON public.decision USING btree (object_id) WHERE (verdict IS NULL)

table deletion_in_flight
  object_id uuid not null
  copy_id uuid not null
  lands_until timestamp with time zone not null
  constraint deletion_in_flight_pkey PRIMARY KEY (object_id, copy_id)

table event_batch partition by RANGE (appended_at) (1 partitions)
  partition smallint not null
  first_offset bigint not null
  event_count integer not null
  boot_id uuid not null
  first_sequence bigint not null
  appended_at timestamp with time zone not null default now()
  events bytea not null
  constraint event_batch_event_count_check CHECK ((event_count > 0))
  constraint event_batch_pkey PRIMARY KEY (partition, first_offset, appended_at)

table event_log_partition
  partition smallint not null
  next_offset bigint not null default 0
  constraint event_log_partition_pkey PRIMARY KEY (partition)

table expected_reads
  is_only boolean not null default true
  claimed_by text
  claimed_at timestamp with time zone
  counted_at timestamp with time zone
  counted_ms bigint
  loads jsonb not null default '[]'::jsonb
  constraint expected_reads_is_only_check CHECK (is_only)
  constraint expected_reads_pkey PRIMARY KEY (is_only)

table full_location
  location_id uuid not null
  since timestamp with time zone not null
  rests integer not null
  until timestamp with time zone not null
  answer text not null
  scouts uuid[] not null default '{}'::uuid[]
  room_since timestamp with time zone
  constraint full_location_location_id_fkey FOREIGN KEY (location_id) REFERENCES location(id) ON DELETE CASCADE
  constraint full_location_pkey PRIMARY KEY (location_id)
  constraint full_location_rests_check CHECK ((rests > 0))

table idempotency_key
  key text not null
  route text not null
  request_sha256 bytea not null
  status smallint
  response jsonb
  created_at timestamp with time zone not null default now()
  principal text not null
  constraint idempotency_key_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255)))
  constraint idempotency_key_pkey PRIMARY KEY (key, route)

table import_job
  id uuid not null
  bucket_id uuid not null
  location_id uuid not null
  prefix text not null default ''::text
  state text not null
  last_key text collate C
  objects bigint not null default 0
  bytes bigint not null default 0
  known bigint not null default 0
  skipped bigint not null default 0
  skipped_because jsonb not null default '{}'::jsonb
  error text
  lease_owner text
  lease_expires_at timestamp with time zone
  started_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  principal text not null
  changed bigint not null default 0
  conflicting bigint not null default 0
  removed bigint not null default 0
  missing bigint not null default 0
  foreign_keys jsonb not null default '{}'::jsonb
  removals_withheld boolean not null default false
  accept_removals boolean not null default false
  constraint import_job_bucket_id_fkey FOREIGN KEY (bucket_id) REFERENCES bucket(id)
  constraint import_job_location_id_fkey FOREIGN KEY (location_id) REFERENCES location(id)
  constraint import_job_pkey PRIMARY KEY (id)
  constraint import_job_state_check CHECK ((state = ANY (ARRAY['running'::text, 'interrupted'::text, 'done'::text, 'failed'::text])))
  CREATE TRIGGER import_claims_container AFTER INSERT ON public.import_job FOR EACH ROW EXECUTE FUNCTION import_claims_container()

table import_unseen_copy
  import_id uuid not null
  object_id uuid not null
  copy_id uuid not null
  constraint import_unseen_copy_import_id_fkey FOREIGN KEY (import_id) REFERENCES import_job(id) ON DELETE CASCADE
  constraint import_unseen_copy_pkey PRIMARY KEY (import_id, object_id, copy_id)

table ingest_boot
  boot_id uuid not null
  partition smallint not null
  last_sequence bigint not null
  updated_at timestamp with time zone not null default now()
  constraint ingest_boot_pkey PRIMARY KEY (boot_id, partition)

table ingest_partition
  source text not null
  partition smallint not null
  epoch bigint not null default 0
  next_offset bigint not null default 0
  lease_owner text
  lease_expires_at timestamp with time zone
  last_event_ms bigint
  last_applied_at timestamp with time zone
  events_applied bigint not null default 0
  constraint ingest_partition_pkey PRIMARY KEY (source, partition)

table location
  id uuid not null
  name text not null
  store_id uuid not null
  container text not null
  storage_class text
  tier text not null
  price_id text not null
  region text not null
  first_byte_ms_p99 double precision not null
  restore_hours double precision
  capacity_bytes bigint
  revision bigint not null default 1
  created_at timestamp with time zone not null default now()
  principal text not null
  retiring_at timestamp with time zone
  retiring_by text
  constraint location_capacity_bytes_check CHECK ((capacity_bytes >= 0))
  constraint location_container_check CHECK ((container <> ''::text))
  constraint location_first_byte_ms_p99_check CHECK ((first_byte_ms_p99 >= (0)::double precision))
  constraint location_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'::text))
  constraint location_name_key UNIQUE (name)
  constraint location_pkey PRIMARY KEY (id)
  constraint location_restore_hours_check CHECK ((restore_hours > (0)::double precision))
  constraint location_retiring_check CHECK (((retiring_at IS NULL) = (retiring_by IS NULL)))
  constraint location_store_id_container_storage_class_key UNIQUE NULLS NOT DISTINCT (store_id, container, storage_class)
  constraint location_store_id_fkey FOREIGN KEY (store_id) REFERENCES store(id)
  constraint location_tier_check CHECK ((tier = ANY (ARRAY['hot'::text, 'warm'::text, 'cold'::text])))

table location_usage with {fillfactor=50}
  location_id uuid not null
  size_class smallint not null
  shard smallint not null
  copies bigint not null
  primaries bigint not null
  bytes bigint not null
  constraint location_usage_pkey PRIMARY KEY (location_id, size_class, shard)

table migration with {fillfactor=45}
  id uuid not null
  kind text not null
  object_id uuid not null
  bucket_id uuid not null
  key text collate C not null
  generation bigint not null
  placement_version bigint not null
  source_copy_id uuid not null
  source_location_id uuid not null
  target_copy_id uuid not null
  target_location_id uuid not null
  size bigint not null
  state text not null
  priority smallint not null default 50
  direction text not null
  attempt integer not null default 0
  attempts_max integer not null default 5
  paused boolean not null default false
  cancel_requested boolean not null default false
  not_before timestamp with time zone not null default now()
  lease_owner text
  lease_expires_at timestamp with time zone
  fencing_token bigint not null default 0
  grace_until_ms bigint
  grace_ms bigint not null default 0
  evidence jsonb not null default '{}'::jsonb
  decision_id uuid
  plan_id uuid
  monthly_saving_usd double precision
  one_time_usd double precision
  created_at timestamp with time zone not null default now()
  started_at timestamp with time zone
  finished_at timestamp with time zone
  principal text not null
  ended_by text
  is_quarantined boolean not null default (state = 'quarantined'::text)
  held boolean not null default false
  due_at timestamp with time zone
  deadline_missed_at timestamp with time zone
  verify text not null default 'target-checksum'::text
  copies_required smallint not null default 1
  regions_required smallint not null default 1
  reserves_room boolean not null default ((state = 'planned'::text) AND (kind <> ALL (ARRAY['drop-copy'::text, 'repair'::text])))
  encryption_required boolean not null default false
  is_restoring boolean not null default (state = 'waiting-restore'::text)
  constraint migration_check CHECK (((lease_owner IS NULL) = (lease_expires_at IS NULL)))
  constraint migration_check1 CHECK (((finished_at IS NOT NULL) = (state = ANY (ARRAY['done'::text, 'aborted'::text, 'quarantined'::text, 'retained'::text, 'rolled-back'::text]))))
  constraint migration_check2 CHECK ((source_location_id <> target_location_id))
  constraint migration_copies_check CHECK (((kind = 'reclassify'::text) = (source_copy_id = target_copy_id)))
  constraint migration_copies_required_check CHECK ((copies_required > 0))
  constraint migration_direction_check CHECK ((direction = ANY (ARRAY['promotion'::text, 'demotion'::text, 'lateral'::text])))
  constraint migration_grace_ms_check CHECK ((grace_ms >= 0))
  constraint migration_kind_check CHECK ((kind = ANY (ARRAY['move'::text, 'add-copy'::text, 'drop-copy'::text, 'reclassify'::text, 'repair'::text])))
  constraint migration_pkey PRIMARY KEY (id)
  constraint migration_priority_check CHECK (((priority >= 0) AND (priority <= 100)))
  constraint migration_regions_required_check CHECK ((regions_required > 0))
  constraint migration_state_check CHECK ((state = ANY (ARRAY['planned'::text, 'waiting-restore'::text, 'copying'::text, 'copied'::text, 'verifying'::text, 'verified'::text, 'switched'::text, 'grace'::text, 'deleting-source'::text, 'done'::text, 'aborted'::text, 'quarantined'::text, 'retained'::text, 'rolled-back'::text])))
  constraint migration_verify_check CHECK ((verify = ANY (ARRAY['target-checksum'::text, 'read-back'::text])))
  CREATE INDEX migration_by_object ON public.migration USING btree (object_id, id)
  CREATE INDEX migration_by_plan ON public.migration USING btree (plan_id, finished_at) WHERE (plan_id IS NOT NULL)
  CREATE INDEX migration_deadline ON public.migration USING btree (due_at, id) WHERE ((finished_at IS NULL) AND (grace_until_ms IS NULL) AND (due_at IS NOT NULL) AND (deadline_missed_at IS NULL))
  CREATE INDEX migration_finished ON public.migration USING btree (finished_at DESC, id) WHERE (finished_at IS NOT NULL)
  CREATE INDEX migration_grace ON public.migration USING btree (not_before, id) WHERE ((finished_at IS NULL) AND (NOT paused) AND (NOT held) AND (grace_until_ms IS NOT NULL) AND (lease_owner IS NULL))
  CREATE INDEX migration_held ON public.migration USING btree (object_id) WHERE (held AND (finished_at IS NULL))
  CREATE INDEX migration_held_for ON public.migration USING btree (target_location_id, not_before) WHERE (held AND (finished_at IS NULL))
  CREATE INDEX migration_leased ON public.migration USING btree (lease_expires_at, id) WHERE ((finished_at IS NULL) AND (lease_owner IS NOT NULL))
  CREATE UNIQUE INDEX migration_one_per_object ON public.migration USING btree (object_id) WHERE (finished_at IS NULL)
  CREATE INDEX migration_quarantined ON public.migration USING btree (id DESC) WHERE is_quarantined
  CREATE INDEX migration_queue ON public.migration USING btree (priority DESC, due_at, not_before) WHERE ((finished_at IS NULL) AND (NOT paused) AND (NOT held) AND (grace_until_ms IS NULL) AND (lease_owner IS NULL) AND (NOT is_restoring))
  CREATE INDEX migration_reserving ON public.migration USING btree (target_location_id) INCLUDE (size) WHERE reserves_room
  CREATE INDEX migration_restoring ON public.migration USING btree (not_before, id) WHERE ((finished_at IS NULL) AND (NOT paused) AND (NOT held) AND (lease_owner IS NULL) AND is_restoring)
  CREATE TRIGGER migrations_claim_containers AFTER INSERT ON public.migration REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION migrations_claim_containers()

table migration_event
  migration_id uuid not null
  sequence integer not null
  at timestamp with time zone not null default clock_timestamp()
  state_from text not null
  event text not null
  state_to text not null
  fencing_token bigint not null
  worker text not null
  detail jsonb not null default '{}'::jsonb
  passed jsonb
  constraint migration_event_pkey PRIMARY KEY (migration_id, sequence)

table migration_hold_sweep
  singleton boolean not null default true
  passes_left smallint not null default 0
  swept_to uuid
  asked_at timestamp with time zone not null default now()
  constraint migration_hold_sweep_pkey PRIMARY KEY (singleton)
  constraint migration_hold_sweep_singleton_check CHECK (singleton)

table migration_stop
  singleton boolean not null default true
  reason text not null
  stopped_at timestamp with time zone not null default now()
  principal text not null
  constraint migration_stop_pkey PRIMARY KEY (singleton)
  constraint migration_stop_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))
  constraint migration_stop_singleton_check CHECK (singleton)

table migration_throughput
  at timestamp with time zone not null default clock_timestamp()
  worker text not null
  plan_id uuid
  seconds double precision not null
  objects bigint not null
  bytes bigint not null
  CREATE INDEX migration_throughput_by_time ON public.migration_throughput USING btree (at)

table model_clock
  singleton boolean not null default true
  anchor_model_ms bigint not null
  anchor_wall_ms bigint not null
  scale double precision not null
  high_water_ms bigint not null
  principal text not null
  constraint model_clock_pkey PRIMARY KEY (singleton)
  constraint model_clock_scale_check CHECK ((scale > (0)::double precision))
  constraint model_clock_singleton_check CHECK (singleton)

table multipart_part
  upload_id text not null
  number integer not null
  size bigint not null
  etag text not null
  native_etag text not null
  checksums jsonb not null default '{}'::jsonb
  crc64nvme bytea
  uploaded_at timestamp with time zone not null default now()
  constraint multipart_part_number_check CHECK (((number >= 1) AND (number <= 10000)))
  constraint multipart_part_pkey PRIMARY KEY (upload_id, number)
  constraint multipart_part_size_check CHECK ((size >= 0))
  constraint multipart_part_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES multipart_upload(id) ON DELETE CASCADE

table multipart_upload
  id text not null
  bucket_id uuid not null
  key text collate C not null
  object_id uuid not null
  location_id uuid not null
  native_key text collate C not null
  native_upload_id text not null
  headers jsonb not null default '{}'::jsonb
  metadata jsonb not null default '{}'::jsonb
  tags jsonb not null default '{}'::jsonb
  checksum_algorithm text
  checksum_type text
  completed jsonb
  completed_at timestamp with time zone
  initiated_at timestamp with time zone not null default now()
  principal text not null
  constraint multipart_upload_pkey PRIMARY KEY (id)
  CREATE INDEX multipart_upload_by_key ON public.multipart_upload USING btree (bucket_id, key, id) WHERE (completed_at IS NULL)

table object partition by HASH (id) (8 partitions)
  id uuid not null
  bucket_id uuid not null
  key text collate C not null
  generation bigint not null
  placement_version bigint not null default 0
  is_present boolean not null
  latency_sla_ms double precision
  pinned_location_id uuid
  pinned_until_ms bigint
  quarantined_because text
  created_at timestamp with time zone not null default now()
  principal text not null
  constraint object_generation_check CHECK ((generation >= 0))
  constraint object_key_check CHECK (((octet_length(key) >= 1) AND (octet_length(key) <= 1024)))
  constraint object_latency_sla_ms_check CHECK ((latency_sla_ms > (0)::double precision))
  constraint object_pkey PRIMARY KEY (id)
  constraint object_placement_version_check CHECK ((placement_version >= 0))
  CREATE INDEX object_by_key ON ONLY public.object USING btree (bucket_id, key) WHERE is_present
  CREATE INDEX object_quarantined ON ONLY public.object USING btree (bucket_id, key) WHERE (is_present AND (quarantined_because IS NOT NULL))

table object_heat partition by HASH (object_id) (8 partitions)
  object_id uuid not null
  ln_heat_6h double precision not null
  ln_heat_3d double precision not null
  ln_heat_30d double precision not null
  reads bigint not null
  writes bigint not null
  bytes_read bigint not null
  first_access_ms bigint not null
  last_access_ms bigint not null
  constraint object_heat_pkey PRIMARY KEY (object_id)

table object_review partition by HASH (object_id) (8 partitions)
  object_id uuid not null
  review_ms bigint not null
  reason text not null
  promote_ln_heat double precision
  constraint object_review_pkey PRIMARY KEY (object_id)
  CREATE INDEX object_review_due ON ONLY public.object_review USING btree (review_ms)

table object_version partition by HASH (object_id) (8 partitions)
  object_id uuid not null
  generation bigint not null
  size bigint not null
  etag text not null
  headers jsonb not null default '{}'::jsonb
  metadata jsonb not null default '{}'::jsonb
  tags jsonb not null default '{}'::jsonb
  part_layout jsonb
  sha256 bytea
  sha256_source text
  crc64nvme bytea
  version_id text
  retain_until timestamp with time zone
  legal_hold boolean not null default false
  last_modified timestamp with time zone not null
  principal text not null
  constraint object_version_check CHECK (((sha256 IS NULL) = (sha256_source IS NULL)))
  constraint object_version_crc64nvme_check CHECK ((length(crc64nvme) = 8))
  constraint object_version_generation_check CHECK ((generation > 0))
  constraint object_version_pkey PRIMARY KEY (object_id, generation)
  constraint object_version_sha256_check CHECK ((length(sha256) = 32))
  constraint object_version_sha256_source_check CHECK ((sha256_source = ANY (ARRAY['client-write'::text, 'mover-read'::text, 'scrub-read'::text, 'store-report'::text])))
  constraint object_version_size_check CHECK ((size >= 0))

table orphan
  id uuid not null
  kind text not null
  store_id uuid not null
  container text not null
  native_key text collate C not null
  location_id uuid
  bytes bigint not null
  etag text
  version_id text
  object_id uuid
  copy_id uuid
  migration_id uuid
  bucket_id uuid
  reason text not null
  monthly_usd double precision
  state text not null default 'seen'::text
  outcome text
  first_seen_at timestamp with time zone not null
  last_seen_at timestamp with time zone not null
  last_run_id uuid
  decided_at timestamp with time zone
  decided_by text
  created_at timestamp with time zone not null default now()
  constraint orphan_bytes_check CHECK ((bytes >= 0))
  constraint orphan_kind_check CHECK ((kind = ANY (ARRAY['dark'::text, 'forgotten'::text, 'retained'::text, 'suspect'::text])))
  constraint orphan_location_id_fkey FOREIGN KEY (location_id) REFERENCES location(id) ON DELETE SET NULL
  constraint orphan_pkey PRIMARY KEY (id)
  constraint orphan_state_check CHECK ((state = ANY (ARRAY['seen'::text, 'confirmed'::text, 'deleting'::text, 'deleted'::text, 'kept'::text, 'adopting'::text, 'adopted'::text, 'gone'::text])))
  constraint orphan_store_id_fkey FOREIGN KEY (store_id) REFERENCES store(id) ON DELETE CASCADE
  CREATE INDEX orphan_by_state ON public.orphan USING btree (state, id DESC)
  CREATE UNIQUE INDEX orphan_place ON public.orphan USING btree (store_id, container, native_key, copy_id) NULLS NOT DISTINCT

table plan
  id uuid not null
  state text not null
  approval text not null
  policy_id uuid not null
  policy_revision bigint not null
  price_book_id uuid not null
  objects bigint not null default 0
  bytes bigint not null default 0
  monthly_saving_usd double precision not null default 0
  one_time_usd double precision not null default 0
  created_at timestamp with time zone not null default now()
  created_ms bigint not null
  decided_at timestamp with time zone
  decided_by text
  applied_at timestamp with time zone
  principal text not null
  closed_at timestamp with time zone
  outcome jsonb
  realised_monthly_saving_usd double precision
  monthly_saving_storage_usd double precision not null default 0
  paused_at timestamp with time zone
  paused_because text
  paused_by text
  priority smallint
  due_at timestamp with time zone
  deadline_missed_at timestamp with time zone
  constraint plan_approval_check CHECK ((approval = ANY (ARRAY['person'::text, 'automatic'::text])))
  constraint plan_check CHECK (((state <> 'applied'::text) OR (closed_at IS NOT NULL)))
  constraint plan_check1 CHECK (((outcome IS NULL) = (realised_monthly_saving_usd IS NULL)))
  constraint plan_check2 CHECK (((outcome IS NULL) OR (state = 'applied'::text)))
  constraint plan_pkey PRIMARY KEY (id)
  constraint plan_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES policy(id)
  constraint plan_price_book_id_fkey FOREIGN KEY (price_book_id) REFERENCES price_book(id)
  constraint plan_priority_check CHECK (((priority >= 0) AND (priority <= 100)))
  constraint plan_state_check CHECK ((state = ANY (ARRAY['proposed'::text, 'approved'::text, 'applied'::text, 'rejected'::text, 'superseded'::text])))
  CREATE INDEX plan_by_time ON public.plan USING btree (created_at DESC, id)
  CREATE INDEX plan_deadline ON public.plan USING btree (due_at) WHERE ((state = 'approved'::text) AND (due_at IS NOT NULL) AND (deadline_missed_at IS NULL))
  CREATE INDEX plan_open ON public.plan USING btree (policy_id, id) WHERE (state = ANY (ARRAY['proposed'::text, 'approved'::text]))
  CREATE INDEX plan_paused ON public.plan USING btree (id) WHERE (paused_at IS NOT NULL)

table policy
  id uuid not null
  name text not null
  spec jsonb not null
  revision bigint not null default 1
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  principal text not null
  constraint policy_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'::text))
  constraint policy_name_key UNIQUE (name)
  constraint policy_pkey PRIMARY KEY (id)

table price_book
  id uuid not null
  name text not null
  effective_from date not null
  spec jsonb not null
  created_at timestamp with time zone not null default now()
  principal text not null
  constraint price_book_name_effective_from_key UNIQUE (name, effective_from)
  constraint price_book_pkey PRIMARY KEY (id)

table publication_in_flight
  object_id uuid not null
  id uuid not null
  store_id uuid not null
  container text not null
  lands_until timestamp with time zone not null
  constraint publication_in_flight_pkey PRIMARY KEY (object_id, id)

table reconcile_finding
  run_id uuid not null
  verdict text not null
  native_key text collate C not null
  object_id uuid
  bytes bigint not null
  detail text not null
  found_at timestamp with time zone not null default now()
  constraint reconcile_finding_pkey PRIMARY KEY (run_id, verdict, native_key)
  constraint reconcile_finding_run_id_fkey FOREIGN KEY (run_id) REFERENCES reconcile_run(id) ON DELETE CASCADE

table reconcile_run
  id uuid not null
  location_id uuid not null
  store_id uuid not null
  container text not null
  prefix text not null default ''::text
  source jsonb not null
  settings jsonb not null
  state text not null default 'running'::text
  phase text not null default 'reading'::text
  position text
  taken_at timestamp with time zone
  counts jsonb not null default '{}'::jsonb
  error text
  lease_owner text
  lease_expires_at timestamp with time zone
  started_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  finished_at timestamp with time zone
  principal text not null
  constraint reconcile_run_location_id_fkey FOREIGN KEY (location_id) REFERENCES location(id) ON DELETE CASCADE
  constraint reconcile_run_phase_check CHECK ((phase = ANY (ARRAY['reading'::text, 'unseen'::text, 'leftovers'::text, 'deleting'::text])))
  constraint reconcile_run_pkey PRIMARY KEY (id)
  constraint reconcile_run_state_check CHECK ((state = ANY (ARRAY['running'::text, 'interrupted'::text, 'done'::text, 'failed'::text])))
  constraint reconcile_run_store_id_fkey FOREIGN KEY (store_id) REFERENCES store(id) ON DELETE CASCADE
  CREATE INDEX reconcile_run_open ON public.reconcile_run USING btree (started_at) WHERE (state = 'running'::text)

table reconcile_seen
  run_id uuid not null
  object_id uuid not null
  copy_id uuid not null
  constraint reconcile_seen_pkey PRIMARY KEY (run_id, object_id, copy_id)

table review_sweep
  id uuid not null
  bucket_id uuid
  policy_id uuid
  only_missing boolean not null default false
  reason text not null
  last_object_id uuid
  objects bigint not null default 0
  created_at timestamp with time zone not null default now()
  finished_at timestamp with time zone
  principal text not null
  constraint review_sweep_pkey PRIMARY KEY (id)
  CREATE INDEX review_sweep_open ON public.review_sweep USING btree (id) WHERE (finished_at IS NULL)

table schema_change
  number integer not null
  name text not null
  sha256 text not null
  applied_at timestamp with time zone not null default now()
  constraint schema_change_pkey PRIMARY KEY (number)

table scrub_day
  day date not null
  copies bigint not null default 0
  bytes bigint not null default 0
  usd double precision not null default 0
  verdicts jsonb not null default '{}'::jsonb
  constraint scrub_day_pkey PRIMARY KEY (day)

table scrub_turn
  id boolean not null default true
  paused_because text
  paused_at timestamp with time zone
  paused_by text
  owner text
  owned_until timestamp with time zone
  settings jsonb not null default '{}'::jsonb
  constraint scrub_turn_check CHECK (((paused_at IS NULL) = (paused_by IS NULL)))
  constraint scrub_turn_id_check CHECK (id)
  constraint scrub_turn_pkey PRIMARY KEY (id)

table simulation
  id uuid not null
  kind text not null
  spec jsonb not null
  state text not null
  reads_done bigint not null default 0
  bytes_done bigint not null default 0
  errors bigint not null default 0
  error text
  lease_owner text
  lease_expires_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  finished_at timestamp with time zone
  principal text not null
  constraint simulation_kind_check CHECK ((kind = 'burst'::text))
  constraint simulation_pkey PRIMARY KEY (id)
  constraint simulation_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text])))

table store
  id uuid not null
  name text not null
  kind text not null
  state text not null default 'active'::text
  settings jsonb not null
  credentials_sealed bytea
  revision bigint not null default 1
  created_at timestamp with time zone not null default now()
  principal text not null
  budget jsonb not null default '[]'::jsonb
  requests_at_once_max integer
  is_for_drills boolean not null default false
  drill jsonb
  drill_until timestamp with time zone
  paused_at timestamp with time zone
  paused_because text
  paused_by text
  refused_at timestamp with time zone
  refused_because text
  moved_at timestamp with time zone
  constraint store_budget_check CHECK ((jsonb_typeof(budget) = 'array'::text))
  constraint store_check CHECK (((state = 'paused'::text) = (paused_at IS NOT NULL)))
  constraint store_check1 CHECK (((state = 'auth-failed'::text) = (refused_at IS NOT NULL)))
  constraint store_drill_is_bounded CHECK (((drill IS NULL) = (drill_until IS NULL)))
  constraint store_drill_only_where_marked CHECK (((drill IS NULL) OR is_for_drills))
  constraint store_kind_check CHECK ((kind = ANY (ARRAY['azure-blob'::text, 'filesystem'::text, 'gcs'::text, 'memory'::text, 's3'::text])))
  constraint store_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'::text))
  constraint store_name_key UNIQUE (name)
  constraint store_pkey PRIMARY KEY (id)
  constraint store_requests_at_once_max_check CHECK ((requests_at_once_max >= 1))
  constraint store_state_check CHECK ((state = ANY (ARRAY['active'::text, 'paused'::text, 'auth-failed'::text])))

table store_budget_clock with {fillfactor=10}
  store_id uuid not null
  requests_until timestamp with time zone not null default '-infinity'::timestamp with time zone
  bytes_until timestamp with time zone not null default '-infinity'::timestamp with time zone
  requests_used_ms double precision not null default 0
  bytes_used_ms double precision not null default 0
  used_at timestamp with time zone not null default now()
  constraint store_budget_clock_pkey PRIMARY KEY (store_id)
  constraint store_budget_clock_store_id_fkey FOREIGN KEY (store_id) REFERENCES store(id) ON DELETE CASCADE

table store_circuit
  store_id uuid not null
  process text not null
  opened_at timestamp with time zone not null default now()
  told_at timestamp with time zone not null default now()
  constraint store_circuit_pkey PRIMARY KEY (store_id, process)
  constraint store_circuit_store_id_fkey FOREIGN KEY (store_id) REFERENCES store(id) ON DELETE CASCADE

table upload_start
  id uuid not null
  store_id uuid not null
  container text not null
  native_key text collate C not null
  started_at timestamp with time zone not null default now()
  constraint upload_start_pkey PRIMARY KEY (id)
  constraint upload_start_store_id_fkey FOREIGN KEY (store_id) REFERENCES store(id) ON DELETE CASCADE
  CREATE INDEX upload_start_by_time ON public.upload_start USING btree (started_at, id)

table write_intent
  id uuid not null
  object_id uuid not null
  bucket_id uuid not null
  key text collate C not null
  copy_id uuid not null
  location_id uuid not null
  native_key text collate C not null
  version jsonb not null
  etag text
  version_id text
  state text not null
  boot_id uuid not null
  created_at timestamp with time zone not null default now()
  principal text not null
  base_generation bigint
  constraint write_intent_base_generation_check CHECK ((base_generation >= 0))
  constraint write_intent_pkey PRIMARY KEY (id)
  constraint write_intent_state_check CHECK ((state = ANY (ARRAY['open'::text, 'published'::text, 'deleting'::text])))
  CREATE INDEX write_intent_by_object ON public.write_intent USING btree (object_id)

CREATE OR REPLACE FUNCTION public.bucket_claims_container()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into container_owner (store_id, container, bucket_id)
  select store_id, container, new.id from location where id = new.write_location_id
  on conflict do nothing;
  return null;
end $function$


CREATE OR REPLACE FUNCTION public.copy_counts_usage_delete()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into location_usage as u (location_id, size_class, shard, copies, primaries, bytes)
  select location_id, size_class_of(size), pg_backend_pid() % 16, -count(*),
         -count(*) filter (where is_primary), -sum(size)
  from deleted group by 1, 2 order by 1, 2
  on conflict (location_id, size_class, shard)
  do update set copies = u.copies + excluded.copies, primaries = u.primaries + excluded.primaries,
    bytes = u.bytes + excluded.bytes;
  return null;
end $function$


CREATE OR REPLACE FUNCTION public.copy_counts_usage_insert()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into location_usage as u (location_id, size_class, shard, copies, primaries, bytes)
  select location_id, size_class_of(size), pg_backend_pid() % 16, count(*),
         count(*) filter (where is_primary), sum(size)
  from inserted group by 1, 2 order by 1, 2
  on conflict (location_id, size_class, shard)
  do update set copies = u.copies + excluded.copies, primaries = u.primaries + excluded.primaries,
    bytes = u.bytes + excluded.bytes;
  return null;
end $function$


CREATE OR REPLACE FUNCTION public.copy_counts_usage_update()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into location_usage as u (location_id, size_class, shard, copies, primaries, bytes)
  select location_id, size_class, pg_backend_pid() % 16, sum(copies), sum(primaries), sum(bytes)
  from (
    select location_id, size_class_of(size) as size_class, 1 as copies,
           is_primary::int as primaries, size as bytes from inserted
    union all
    select location_id, size_class_of(size), -1, -is_primary::int, -size from deleted
  ) as delta
  group by 1, 2
  having sum(copies) <> 0 or sum(primaries) <> 0 or sum(bytes) <> 0
  order by 1, 2
  on conflict (location_id, size_class, shard)
  do update set copies = u.copies + excluded.copies, primaries = u.primaries + excluded.primaries,
    bytes = u.bytes + excluded.bytes;
  return null;
end $function$


CREATE OR REPLACE FUNCTION public.import_claims_container()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into container_owner (store_id, container, bucket_id)
  select store_id, container, new.bucket_id from location where id = new.location_id
  on conflict do nothing;
  return null;
end $function$


CREATE OR REPLACE FUNCTION public.migrations_claim_containers()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into container_owner (store_id, container, bucket_id)
  select l.store_id, l.container, min(m.bucket_id::text)::uuid
  from inserted m join location l on l.id = m.target_location_id
  group by l.store_id, l.container
  order by l.store_id, l.container
  on conflict do nothing;
  return null;
end $function$


CREATE OR REPLACE FUNCTION public.size_class_of(size bigint)
 RETURNS smallint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (size < 1) THEN '-1'::integer ELSE (length(ltrim(((size)::bit(64))::text, '0'::text)) - 1) END

