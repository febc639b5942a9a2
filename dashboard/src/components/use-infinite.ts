import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import type { PagedQuery } from '../api/queries.ts'

/** A paged list as one list of rows that grows when its end comes near. */
export interface InfiniteRows<Item> {
  /** Undefined until the first page is here. */
  readonly rows: readonly Item[] | undefined
  readonly error: Error | null
  readonly hasMore: boolean
  readonly loadingMore: boolean
  /** Rows of other filters stand in while these load. */
  readonly isPrevious: boolean
  readonly onNearEnd: () => void
  readonly retry: () => void
}

interface InfiniteHabits {
  /** How often what is loaded is read again without being told. */
  readonly refetchEveryMs?: number
}

/** Reads a list page by page. */
export function useInfinite<Item>(paged: PagedQuery<Item>, habits: InfiniteHabits = {}): InfiniteRows<Item> {
  const query = useInfiniteQuery({
    queryKey: paged.queryKey,
    queryFn: ({ signal, pageParam }) => paged.readPage(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: habits.refetchEveryMs ?? false,
  })
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = query
  const rows = useMemo(() => data?.pages.flatMap(page => page.items), [data])
  const onNearEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  return {
    rows,
    error: query.error,
    hasMore: hasNextPage,
    loadingMore: isFetchingNextPage,
    isPrevious: query.isPlaceholderData,
    onNearEnd,
    retry: useCallback(() => void refetch(), [refetch]),
  }
}
