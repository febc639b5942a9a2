import { createRootRoute, createRoute, createRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { AppFrame } from './components/AppFrame.tsx'
import { EventsPage } from './pages/EventsPage.tsx'
import { FailedPage } from './pages/FailedPage.tsx'
import { MigrationsPage, type MigrationsSearch } from './pages/MigrationsPage.tsx'
import { NotFoundPage } from './pages/NotFoundPage.tsx'
import { ObjectsPage, type ObjectsSearch } from './pages/ObjectsPage.tsx'
import { OverviewPage } from './pages/OverviewPage.tsx'
import { PlanPage } from './pages/PlanPage.tsx'
import { PlansPage } from './pages/PlansPage.tsx'
import { PoliciesPage } from './pages/PoliciesPage.tsx'
import { StoresPage } from './pages/StoresPage.tsx'
import { UpkeepPage, type UpkeepSearch } from './pages/UpkeepPage.tsx'

/** The map of the dashboard: every address and the page behind it. Links to them are built in paths.ts. */

const root = createRootRoute({ component: AppFrame, notFoundComponent: NotFoundPage })

const overview = createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage })

const objects = createRoute({
  getParentRoute: () => root,
  path: '/objects',
  validateSearch: texts<ObjectsSearch>('bucket', 'prefix', 'tier', 'location', 'state', 'sort', 'open'),
  component: () => <ObjectsPage search={objects.useSearch()} />,
})

const plans = createRoute({
  getParentRoute: () => root,
  path: '/plans',
  validateSearch: texts<{ readonly state?: string }>('state'),
  component: () => <PlansPage search={plans.useSearch()} />,
})

const plan = createRoute({
  getParentRoute: () => root,
  path: '/plans/$id',
  validateSearch: texts<{ readonly decision?: string }>('decision'),
  component: () => {
    const { id } = plan.useParams()
    return <PlanPage key={id} id={id} search={plan.useSearch()} />
  },
})

const migrations = createRoute({
  getParentRoute: () => root,
  path: '/migrations',
  validateSearch: texts<MigrationsSearch>(
    'active',
    'state',
    'direction',
    'bucket',
    'objectId',
    'planId',
    'overdue',
    'open',
  ),
  component: () => <MigrationsPage search={migrations.useSearch()} />,
})

const stores = createRoute({ getParentRoute: () => root, path: '/stores', component: StoresPage })
const upkeep = createRoute({
  getParentRoute: () => root,
  path: '/upkeep',
  validateSearch: texts<UpkeepSearch>('state', 'kind', 'run', 'open'),
  component: () => <UpkeepPage search={upkeep.useSearch()} />,
})
const events = createRoute({ getParentRoute: () => root, path: '/events', component: EventsPage })
const policies = createRoute({ getParentRoute: () => root, path: '/policies', component: PoliciesPage })

/** Makes the router; called once, when the page starts. */
export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren([
      overview,
      objects,
      plans,
      plan,
      migrations,
      stores,
      upkeep,
      events,
      policies,
    ]),
    // Search parameters are plain texts: a key that looks like a number or like JSON stays what it is.
    parseSearch: search => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: search => {
      const text = new URLSearchParams(search as Record<string, string>).toString()
      return text === '' ? '' : `?${text}`
    },
    defaultErrorComponent: ({ error, reset }: ErrorComponentProps) => (
      <FailedPage error={error} reset={reset} />
    ),
    scrollRestoration: true,
  })
}

/** Keeps the named parameters of a search that hold text; everything else in an address is ignored. */
function texts<Search extends object>(...names: readonly (keyof Search & string)[]) {
  return (search: Record<string, unknown>): Search =>
    Object.fromEntries(
      names.flatMap(name =>
        typeof search[name] === 'string' && search[name] !== '' ? [[name, search[name]]] : [],
      ),
    ) as Search
}
