import type { ReactNode } from 'react'
import { PageHead } from '../components/PageHead.tsx'
import { PathLink } from '../components/PathLink.tsx'
import { paths } from '../paths.ts'

/** An address that leads nowhere. */
export function NotFoundPage(): ReactNode {
  return (
    <>
      <PageHead title="No such page" />
      <p>
        Nothing is at this address. <PathLink to={paths.overview()}>Go to the overview</PathLink>
      </p>
    </>
  )
}
