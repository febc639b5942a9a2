import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { locationsQuery } from '../api/queries.ts'
import type { Tier } from '../api/types.ts'

/** The tier of every location by its id; undefined for one that is not known (yet). */
export function useLocationTiers(): (locationId: string) => Tier | undefined {
  const { data } = useQuery(locationsQuery)
  return useMemo(() => {
    const tiers = new Map((data ?? []).map(location => [location.id, location.tier]))
    return id => tiers.get(id)
  }, [data])
}
