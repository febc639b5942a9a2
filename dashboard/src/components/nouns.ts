import { paths } from '../paths.ts'
import type { IconName } from '../ui/Icon.tsx'

/** A page of the rail. */
export interface Noun {
  readonly name: string
  readonly icon: IconName
  readonly path: string
}

/** The nouns in the order of the flow. */
export const NOUNS: readonly Noun[] = [
  { name: 'Overview', icon: 'overview', path: paths.overview() },
  { name: 'Objects', icon: 'objects', path: paths.objects() },
  { name: 'Policies', icon: 'policies', path: paths.policies() },
  { name: 'Plan', icon: 'plan', path: paths.plans() },
  { name: 'Migrations', icon: 'migrations', path: paths.migrations() },
  { name: 'Stores', icon: 'stores', path: paths.stores() },
  { name: 'Upkeep', icon: 'upkeep', path: paths.upkeep() },
  { name: 'Events', icon: 'events', path: paths.events() },
]
