import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { objectsQuery, scrubQuery } from '../api/queries.ts'
import { formatCount } from '../format/quantity.ts'
import { paths } from '../paths.ts'
import { PathLink } from './PathLink.tsx'
import { useInfinite } from './use-infinite.ts'

/** So many are named; each opens with the evidence. */
const NAMED_MAX = 2
const LINK = 'font-medium text-alarm underline underline-offset-2'

/** Says on every page that objects have no copy known to be good: the worst that can be said here. */
export function QuarantineBanner(): ReactNode {
  const { data } = useQuery(scrubQuery)
  const objects = data?.quarantinedObjects ?? 0
  return objects === 0 ? null : <Banner objects={objects} />
}

function Banner({ objects }: { objects: number }): ReactNode {
  const { rows } = useInfinite(objectsQuery({ state: 'quarantined' }))
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b-2 border-alarm bg-alarm-soft px-6 py-2 max-sm:px-3"
    >
      <p className="min-w-0">
        <strong className="font-semibold text-alarm">
          {objects === 1
            ? '1 object has no good copy.'
            : `${formatCount(objects)} objects have no good copy.`}
        </strong>{' '}
        <span className="text-ink-soft">
          Nothing of {objects === 1 ? 'it' : 'them'} is moved or deleted until somebody looks.
        </span>
      </p>
      <p className="flex min-w-0 flex-wrap gap-x-4 gap-y-1">
        {(rows ?? []).slice(0, NAMED_MAX).map(({ bucket, key }) => (
          <PathLink
            key={`${bucket}/${key}`}
            to={paths.object(bucket, key)}
            title={`The evidence: ${bucket}/${key}`}
            className={`${LINK} max-w-72 truncate`}
          >
            {`${bucket}/${key}`}
          </PathLink>
        ))}
        <PathLink to={paths.objects({ state: 'quarantined' })} className={LINK}>
          Show {objects === 1 ? 'it' : `all ${formatCount(objects)}`}
        </PathLink>
      </p>
    </div>
  )
}
