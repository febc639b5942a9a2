/**
 * What a process can do. Roles run together by default and alone when asked; they meet only in the
 * database.
 */
export const ROLE_NAMES = ['api', 'gateway', 'ingest', 'planner', 'migrator', 'scrubber'] as const
export type RoleName = (typeof ROLE_NAMES)[number]
