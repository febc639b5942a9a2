/** What one metric is: its Prometheus name, what it tells, and the labels it may carry. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly name: `dim_${string}`
  /** One sentence for a person who reads a graph; the reference page prints it. */
  readonly help: string
  /** Names of labels with few values. Never an object key, an object id or a principal. */
  readonly labels: readonly string[]
  /** Upper bounds of a histogram's buckets, in the unit the name ends with. */
  readonly buckets?: readonly number[]
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const PHASE_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800, 3_600]

/** Every metric of the product, under the name by which code knows it. */
export const METRIC_DEFINITIONS = {
  buildInfo: {
    type: 'gauge',
    name: 'dim_build_info',
    help: 'Always 1; its labels say which release runs.',
    labels: ['version', 'node'],
  },

  // From accesses to heat
  accessEvents: {
    type: 'counter',
    name: 'dim_access_events_total',
    help: 'Access events met by ingest, by what became of them: applied, duplicate, late or malformed.',
    labels: ['outcome'],
  },
  accessEventsAppended: {
    type: 'counter',
    name: 'dim_access_events_appended_total',
    help: 'Access events handed to the event log by this process: appended, or dropped because the buffer was full.',
    labels: ['outcome'],
  },
  eventLagSeconds: {
    type: 'gauge',
    name: 'dim_event_lag_seconds',
    help: 'Age of the oldest access event that is not yet applied, per log partition; 0 when all are.',
    labels: ['partition'],
  },
  eventLagMessages: {
    type: 'gauge',
    name: 'dim_event_lag_messages',
    help: 'Access events appended but not yet applied, per log partition.',
    labels: ['partition'],
  },
  deadLetters: {
    type: 'counter',
    name: 'dim_dead_letters_total',
    help: 'Access events put aside because they could not be understood, by source.',
    labels: ['source'],
  },

  // From heat to plans
  placementEvaluations: {
    type: 'counter',
    name: 'dim_placement_evaluations_total',
    help: 'Objects the planner has looked at, by outcome: move, stay or failed.',
    labels: ['outcome'],
  },
  placementEvaluationSeconds: {
    type: 'histogram',
    name: 'dim_placement_evaluation_seconds',
    help: 'Time to look at one batch of objects.',
    labels: [],
    buckets: REQUEST_SECONDS,
  },
  placementReviewsDue: {
    type: 'gauge',
    name: 'dim_placement_reviews_due',
    help: 'Objects whose review time has come and that wait for the planner.',
    labels: [],
  },
  plans: {
    type: 'counter',
    name: 'dim_plans_total',
    help: 'Plans that reached a state: proposed, approved, applied, rejected or superseded.',
    labels: ['state'],
  },
  planSavingEstimatedUsd: {
    type: 'gauge',
    name: 'dim_plan_saving_estimated_usd',
    help: 'Monthly saving that the open plans promise, in US dollars of list prices.',
    labels: [],
  },
  costMonthlyUsd: {
    type: 'gauge',
    name: 'dim_cost_monthly_usd',
    help: 'Cost per month in US dollars: now, with everything hot, and after the open plans, in the parts storage (exact) and reads (expected at the present heat).',
    labels: ['scenario', 'part'],
  },

  // Migrations
  migrationJobs: {
    type: 'counter',
    name: 'dim_migration_jobs_total',
    help: 'Migrations that ended, by outcome (the end state) and by source and target location.',
    labels: ['outcome', 'from', 'to'],
  },
  migrationQueue: {
    type: 'gauge',
    name: 'dim_migration_queue_gauge',
    help: 'Unfinished migrations by state.',
    labels: ['state'],
  },
  migrationsInFlight: {
    type: 'gauge',
    name: 'dim_migration_inflight',
    help: 'Migrations this process works on at this moment.',
    labels: [],
  },
  migrationsStopped: {
    type: 'gauge',
    name: 'dim_migrations_stopped',
    help: '1 while every migration is stopped by a person, else 0.',
    labels: [],
  },
  migrationsPaused: {
    type: 'gauge',
    name: 'dim_migration_pauses',
    help: 'Stores and plans that are paused, stores that refuse our credentials among them, by which of the two.',
    labels: ['by'],
  },
  migrationsHeld: {
    type: 'gauge',
    name: 'dim_migrations_held',
    help: 'Unfinished migrations that rest because their plan or one of their stores is paused or refuses our credentials.',
    labels: [],
  },
  migrationsOverdue: {
    type: 'gauge',
    name: 'dim_migrations_overdue',
    help: 'Unfinished migrations past their deadline.',
    labels: [],
  },
  migrationDeadlinesMissed: {
    type: 'counter',
    name: 'dim_migration_deadlines_missed_total',
    help: 'Deadlines that passed before readers got the target copy, of single migrations and of plans.',
    labels: ['of'],
  },
  migrationBytes: {
    type: 'counter',
    name: 'dim_migration_bytes_total',
    help: 'Bytes copied by migrations, by source and target location.',
    labels: ['from', 'to'],
  },
  migrationPhaseSeconds: {
    type: 'histogram',
    name: 'dim_migration_phase_seconds',
    help: 'Time a migration spends in one step of its life cycle.',
    labels: ['phase'],
    buckets: PHASE_SECONDS,
  },
  migrationRetries: {
    type: 'counter',
    name: 'dim_migration_retries_total',
    help: 'Failed attempts of migrations that will be tried again, by kind of error.',
    labels: ['kind'],
  },
  verifyFailures: {
    type: 'counter',
    name: 'dim_verify_failures_total',
    help: 'Copies whose bytes did not prove to be right, by reason. Any increase deserves a person.',
    labels: ['reason'],
  },
  leaseTakeovers: {
    type: 'counter',
    name: 'dim_lease_takeovers_total',
    help: 'Leases taken over from an owner that did not renew them, by what was leased.',
    labels: ['resource'],
  },

  // Gateway
  gatewayRequests: {
    type: 'counter',
    name: 'dim_gateway_requests_total',
    help: 'S3 requests answered, by operation, HTTP status and the store that served the bytes (none if none did).',
    labels: ['operation', 'code', 'store'],
  },
  gatewayRequestSeconds: {
    type: 'histogram',
    name: 'dim_gateway_request_duration_seconds',
    help: 'Time from the first byte of an S3 request to the last byte of its answer.',
    labels: ['operation'],
    buckets: REQUEST_SECONDS,
  },
  gatewayFirstByteSeconds: {
    type: 'histogram',
    name: 'dim_gateway_first_byte_seconds',
    help: 'Time from an S3 read to the first byte of its answer, by store.',
    labels: ['store'],
    buckets: REQUEST_SECONDS,
  },
  gatewayBytes: {
    type: 'counter',
    name: 'dim_gateway_bytes_total',
    help: 'Bytes of content, by direction: sent to or received from clients.',
    labels: ['direction'],
  },
  gatewayRequestsInFlight: {
    type: 'gauge',
    name: 'dim_gateway_requests_inflight',
    help: 'S3 requests being answered at this moment.',
    labels: [],
  },
  gatewayReadFallbacks: {
    type: 'counter',
    name: 'dim_gateway_read_fallback_total',
    help: 'Reads that were served from another copy or looked up again, by reason.',
    labels: ['reason'],
  },

  gatewayForeignChanges: {
    type: 'counter',
    name: 'dim_gateway_foreign_changes_total',
    help: 'Reads that met bytes which others had changed or removed at the store, and the catalog followed.',
    labels: ['change'],
  },

  // Stores and locations
  storeRequests: {
    type: 'counter',
    name: 'dim_store_requests_total',
    help: 'Requests to a store, by operation and outcome (ok, or the kind of error).',
    labels: ['store', 'operation', 'outcome'],
  },
  storeRequestSeconds: {
    type: 'histogram',
    name: 'dim_store_request_duration_seconds',
    help: 'Time until a store answered, without the time to stream the body.',
    labels: ['store', 'operation'],
    buckets: REQUEST_SECONDS,
  },
  storeUp: {
    type: 'gauge',
    name: 'dim_store_up',
    help: '1 while the last request to the store was answered, 0 while it was not.',
    labels: ['store'],
  },
  storeBytes: {
    type: 'counter',
    name: 'dim_store_bytes_total',
    help: 'Bytes of content carried to and from a store, by direction: sent or received.',
    labels: ['store', 'direction'],
  },
  storeRetries: {
    type: 'counter',
    name: 'dim_store_retries_total',
    help: 'Requests of background work that were made again after a passing failure, by operation.',
    labels: ['store', 'operation'],
  },
  storeCircuitOpen: {
    type: 'gauge',
    name: 'dim_store_circuit_open',
    help: '1 while a store is left alone because it left most requests unanswered, 0 otherwise.',
    labels: ['store'],
  },
  storeRefuses: {
    type: 'gauge',
    name: 'dim_store_refuses_credentials',
    help: '1 while a store refuses our credentials and background work leaves it alone, 0 otherwise.',
    labels: ['store'],
  },
  locationFull: {
    type: 'gauge',
    name: 'dim_location_full',
    help: '1 while the store of a location takes no more bytes and what would be copied there waits, 0 otherwise.',
    labels: ['location'],
  },
  storeConcurrencyLimit: {
    type: 'gauge',
    name: 'dim_store_concurrency_limit',
    help: 'How many requests of background work this process asks a store at once, by direction: read or write.',
    labels: ['store', 'direction'],
  },
  storeBudgetWaitSeconds: {
    type: 'counter',
    name: 'dim_store_budget_wait_seconds_total',
    help: 'Seconds that requests of background work waited for the budget of a store.',
    labels: ['store'],
  },
  storeDrillFaults: {
    type: 'counter',
    name: 'dim_store_drill_faults_total',
    help: 'Requests to a store that failed or lied on purpose, by fault and operation.',
    labels: ['store', 'fault', 'operation'],
  },
  locationBytes: {
    type: 'gauge',
    name: 'dim_location_bytes',
    help: 'Bytes of all copies in a location.',
    labels: ['location', 'tier'],
  },
  locationObjects: {
    type: 'gauge',
    name: 'dim_location_objects',
    help: 'Copies of objects in a location, in every state.',
    labels: ['location', 'tier'],
  },

  // The scrubber
  scrubbedCopies: {
    type: 'counter',
    name: 'dim_scrubbed_copies_total',
    help: 'Copies compared with the catalog, by verdict: same, unproven, missing, changed, corrupt.',
    labels: ['verdict'],
  },
  scrubbedBytes: {
    type: 'counter',
    name: 'dim_scrubbed_bytes_total',
    help: 'Bytes read by the scrubber.',
    labels: [],
  },
  scrubUsd: {
    type: 'counter',
    name: 'dim_scrub_usd_total',
    help: 'What the scrubber’s requests, retrieval and egress cost, at list prices.',
    labels: [],
  },
  quarantinedObjects: {
    type: 'gauge',
    name: 'dim_quarantined_objects',
    help: 'Objects without a copy known to be good, counted up to 10,000. Any deserves a person at once.',
    labels: [],
  },
  scrubCondemned: {
    type: 'counter',
    name: 'dim_scrub_condemned_total',
    help: 'Copies found bad twice, by what became of their object: repairing, rolling-back, awaiting-copy, quarantined, moved-on.',
    labels: ['outcome'],
  },

  // What nobody needs
  reconciled: {
    type: 'counter',
    name: 'dim_reconciled_total',
    help: 'What comparisons of containers with the catalog met, by verdict: listed, known, dark, missing, deleted and so on.',
    labels: ['verdict'],
  },
  orphanBytes: {
    type: 'gauge',
    name: 'dim_orphan_bytes',
    help: 'Bytes in the ledger of orphans that still lie in stores, by kind and state.',
    labels: ['kind', 'state'],
  },
  orphanMonthlyUsd: {
    type: 'gauge',
    name: 'dim_orphan_monthly_usd',
    help: 'What keeping the bytes in the ledger of orphans costs per month, by kind and state.',
    labels: ['kind', 'state'],
  },

  // This process
  httpRequests: {
    type: 'counter',
    name: 'dim_http_requests_total',
    help: 'Requests to the API, by route pattern, method and HTTP status.',
    labels: ['route', 'method', 'code'],
  },
  httpRequestSeconds: {
    type: 'histogram',
    name: 'dim_http_request_duration_seconds',
    help: 'Time to answer a request to the API, by route pattern and method.',
    labels: ['route', 'method'],
    buckets: REQUEST_SECONDS,
  },
  streamClients: {
    type: 'gauge',
    name: 'dim_stream_clients',
    help: 'Clients connected to the live stream.',
    labels: [],
  },
  loopSteps: {
    type: 'counter',
    name: 'dim_loop_steps_total',
    help: 'Steps of the worker loops, by loop and outcome: worked, idle or failed.',
    labels: ['loop', 'outcome'],
  },
  databaseConnections: {
    type: 'gauge',
    name: 'dim_database_connections',
    help: 'Connections of the database pool, by state: idle or busy.',
    labels: ['state'],
  },
  databaseWaiting: {
    type: 'gauge',
    name: 'dim_database_waiting',
    help: 'Callers that wait for a connection of the database pool.',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>
