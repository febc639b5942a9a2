import type { Role } from './schemas/token.ts'

/** `public`: no token is needed. Otherwise the least role that may use the route. */
export type RouteRole = Role | 'public'

/**
 * Who may do what: every route of the API with the least role it asks for. A route without an entry cannot
 * be registered, and an entry without a route fails a test.
 */
export const ROLES_OF_ROUTES: Readonly<Record<string, RouteRole>> = {
  'GET /livez': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'public', // the configuration may ask for a viewer
  'GET /openapi.json': 'public',
  'GET /*': 'public', // the dashboard's files

  'POST /v1/session': 'public',
  'GET /v1/session': 'viewer',
  'DELETE /v1/session': 'public',

  'GET /v1/stores': 'viewer',
  'GET /v1/stores/:id': 'viewer',
  'POST /v1/stores': 'admin',
  'PATCH /v1/stores/:id': 'admin',
  'DELETE /v1/stores/:id': 'admin',
  'POST /v1/stores/:id/probe': 'operator',
  'POST /v1/stores/:id/findings': 'admin',
  'GET /v1/stores/:id/limits': 'viewer',
  'GET /v1/store-loads': 'viewer',
  'PATCH /v1/stores/:id/limits': 'admin',
  'POST /v1/stores/:id/drill': 'admin',
  'DELETE /v1/stores/:id/drill': 'operator',
  'POST /v1/stores/:id/pause': 'operator',
  'POST /v1/stores/:id/resume': 'operator',

  'GET /v1/locations': 'viewer',
  'GET /v1/locations/:id': 'viewer',
  'POST /v1/locations': 'admin',
  'PATCH /v1/locations/:id': 'admin',
  'POST /v1/locations/:id/clear-full': 'operator',
  'DELETE /v1/locations/:id': 'admin',
  'GET /v1/locations/:id/retirement': 'viewer',
  'POST /v1/locations/:id/retire': 'admin',
  'POST /v1/locations/:id/reinstate': 'admin',

  'GET /v1/buckets': 'viewer',
  'GET /v1/buckets/:id': 'viewer',
  'POST /v1/buckets': 'admin',
  'PATCH /v1/buckets/:id': 'admin',

  'GET /v1/objects': 'viewer',
  'GET /v1/objects/:bucket/:key': 'viewer',
  'GET /v1/objects/:bucket/:key/explanation': 'viewer',
  'GET /v1/objects/:bucket/*': 'viewer',
  'PATCH /v1/objects/:bucket/:key': 'operator',
  'PATCH /v1/objects/:bucket/*': 'operator',

  'GET /v1/policies': 'viewer',
  'GET /v1/policies/:id': 'viewer',
  'POST /v1/policies': 'admin',
  'PUT /v1/policies/:id': 'admin',
  'POST /v1/policies/validation': 'viewer',

  'GET /v1/price-books': 'viewer',
  'GET /v1/price-books/:id': 'viewer',
  'POST /v1/price-books': 'admin',

  'GET /v1/plans': 'viewer',
  'GET /v1/plans/:id': 'viewer',
  'GET /v1/plans/:id/status': 'viewer',
  'GET /v1/plans/:id/decisions': 'viewer',
  'GET /v1/plans/:id/fidelity': 'viewer',
  'PATCH /v1/plans/:id': 'operator',
  'POST /v1/plans/:id/approve': 'operator',
  'POST /v1/plans/:id/reject': 'operator',
  'POST /v1/plans/:id/pause': 'operator',
  'POST /v1/plans/:id/resume': 'operator',
  'GET /v1/decisions/:id': 'viewer',

  'GET /v1/migrations': 'viewer',
  'GET /v1/migrations/status': 'viewer',
  // Whoever sees that something goes wrong must be able to stop it without looking for somebody else.
  'POST /v1/migrations/stop': 'operator',
  'POST /v1/migrations/resume': 'operator',
  'GET /v1/migrations/:id': 'viewer',
  'PATCH /v1/migrations/:id': 'operator',
  'POST /v1/migrations/:id/pause': 'operator',
  'POST /v1/migrations/:id/resume': 'operator',
  'POST /v1/migrations/:id/cancel': 'operator',
  'POST /v1/migrations/:id/retry': 'operator',
  'POST /v1/migrations/:id/rollback': 'operator',
  'POST /v1/migrations/:id/undo': 'operator',

  'GET /v1/events': 'viewer',
  'GET /v1/events/lag': 'viewer',
  // What arrived malformed may hold anything, so it is not for everybody.
  'GET /v1/dead-letters': 'operator',
  'GET /v1/dead-letters/:id': 'operator',
  'POST /v1/dead-letters/:id/replay': 'operator',
  'DELETE /v1/dead-letters/:id': 'operator',

  'GET /v1/simulations': 'viewer',
  'GET /v1/simulations/:id': 'viewer',
  'POST /v1/simulations/bursts': 'operator',

  'GET /v1/access-keys': 'admin',
  'POST /v1/access-keys': 'admin',
  'DELETE /v1/access-keys/:id': 'admin',

  'GET /v1/tokens': 'admin',
  'POST /v1/tokens': 'admin',
  'DELETE /v1/tokens/:id': 'admin',

  'GET /v1/imports': 'viewer',
  'GET /v1/imports/:id': 'viewer',
  'POST /v1/imports': 'operator',
  'POST /v1/imports/:id/resume': 'operator',

  'GET /v1/reconcile-runs': 'viewer',
  'GET /v1/reconcile-runs/:id': 'viewer',
  'GET /v1/reconcile-runs/:id/findings': 'viewer',
  'POST /v1/reconcile-runs': 'operator',
  'POST /v1/reconcile-runs/:id/resume': 'operator',

  'GET /v1/orphans': 'viewer',
  'GET /v1/orphan-sums': 'viewer',
  'GET /v1/orphans/:id': 'viewer',
  'POST /v1/orphans/:id/delete': 'operator',
  'POST /v1/orphans/:id/keep': 'operator',
  'POST /v1/orphans/:id/adopt': 'operator',

  'GET /v1/scrub': 'viewer',
  'POST /v1/scrub/pause': 'operator',
  'POST /v1/scrub/start': 'operator',

  'GET /v1/overview': 'viewer',
  'GET /v1/activity': 'viewer',
  'GET /v1/stream': 'viewer',
}
