import type { ReactNode } from 'react'
import type { OrphanFilters } from '../api/queries.ts'
import { OrphanDrawer } from '../components/OrphanDrawer.tsx'
import { OrphanPanel } from '../components/OrphanPanel.tsx'
import { PageHead } from '../components/PageHead.tsx'
import { useGo } from '../components/PathLink.tsx'
import { ReconcileDrawer } from '../components/ReconcileDrawer.tsx'
import { ReconcilePanel } from '../components/ReconcilePanel.tsx'
import { ScrubPanel } from '../components/ScrubPanel.tsx'
import { paths } from '../paths.ts'

export interface UpkeepSearch extends OrphanFilters {
  /** The comparison whose findings are open. */
  readonly run?: string
  /** The orphan whose details are open. */
  readonly open?: string
}

/** Whether what the catalog says is true: copies looked at, containers compared, bytes that nobody needs. */
export function UpkeepPage({ search }: { search: UpkeepSearch }): ReactNode {
  const { open, run, ...filters } = search
  const go = useGo()
  const isOpen = (open ?? run) !== undefined
  return (
    <>
      <PageHead title="Upkeep">Whether what the catalog says is true, and what lies around it.</PageHead>
      <ScrubPanel />
      <ReconcilePanel
        openId={run}
        onOpen={id => go(paths.upkeep({ ...filters, run: id }), { replace: isOpen })}
      />
      <OrphanPanel
        filters={filters}
        onFilters={wanted => go(paths.upkeep({ ...wanted }), { replace: true })}
        openId={open}
        onOpen={id => go(paths.upkeep({ ...filters, open: id }), { replace: isOpen })}
      />
      <ReconcileDrawer id={run ?? null} onClose={() => go(paths.upkeep(filters))} />
      <OrphanDrawer id={open ?? null} onClose={() => go(paths.upkeep(filters))} />
    </>
  )
}
