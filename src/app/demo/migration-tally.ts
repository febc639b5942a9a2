import type { DemoApi } from './demo-api.ts'

/** How the migrations of the demo ended so far, and how many have not. */
export interface MigrationTally {
  readonly done: number
  readonly failed: number
  readonly promoted: number
  readonly demoted: number
  readonly unfinished: number
}

interface MigrationItem {
  readonly state: string
  readonly direction: 'promotion' | 'demotion' | 'lateral'
}

interface MigrationPage {
  readonly items: readonly MigrationItem[]
  readonly nextCursor: string | null
}

/** Ends that are no failure: finished, or given up because the object itself changed or a person said so. */
const ENDED_WELL = new Set(['done', 'aborted', 'rolled-back', 'retained'])
const PAGES_MAX = 200

/** Counts every migration there is, page by page. */
export async function tallyMigrations(api: DemoApi): Promise<MigrationTally> {
  const tally = { done: 0, failed: 0, promoted: 0, demoted: 0, unfinished: 0 }
  let cursor: string | null = ''
  for (let page = 0; cursor !== null && page < PAGES_MAX; page++) {
    const found: MigrationPage = await api.get<MigrationPage>(
      `/v1/migrations?limit=1000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    )
    for (const migration of found.items) count(tally, migration)
    cursor = found.nextCursor
  }
  return tally
}

function count(tally: { -readonly [Name in keyof MigrationTally]: number }, migration: MigrationItem): void {
  if (migration.state === 'done') {
    tally.done++
    if (migration.direction === 'promotion') tally.promoted++
    if (migration.direction === 'demotion') tally.demoted++
  } else if (migration.state === 'quarantined') tally.failed++
  else if (!ENDED_WELL.has(migration.state)) tally.unfinished++
}
