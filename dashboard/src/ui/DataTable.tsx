// biome-ignore-all lint/a11y/useSemanticElements: rows are placed absolutely, which table elements cannot be
// biome-ignore-all lint/a11y/useFocusableInteractive: rows that open something are focusable, others need not be
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react'
import { classNames } from './class-names.ts'
import { Skeleton } from './Skeleton.tsx'

const ROW_HEIGHT_PX = 36
/** Rows drawn beyond the visible ones on each side. */
const OVERSCAN_ROWS = 12
/** How near the end (in rows) the next page is asked for. */
const NEAR_END_ROWS = 30
const SKELETON_ROWS = 12

/** One column: its head, its cells, its share of the width. */
export interface Column<Row> {
  readonly id: string
  readonly head: ReactNode
  readonly cell: (row: Row) => ReactNode
  /** A track of a CSS grid: `120px`, `minmax(200px, 1fr)`. */
  readonly track: string
  /** Its track where the table is narrower than 700 pixels. */
  readonly narrowTrack?: string
  readonly align?: 'start' | 'end'
  /** The column is shown from this width of the table on: sm 520, md 700, lg 960, xl 1180 pixels. */
  readonly fromWidth?: 'sm' | 'md' | 'lg' | 'xl'
}

interface DataTableProps<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  /** Undefined while the first page loads. */
  readonly rows: readonly Row[] | undefined
  readonly rowKey: (row: Row) => string
  readonly empty: ReactNode
  readonly onOpen?: (row: Row) => void
  readonly isSelected?: (row: Row) => boolean
  readonly onNearEnd?: () => void
  readonly loadingMore?: boolean
  /** Told when somebody scrolls away from the top, and back. */
  readonly onScrolledAway?: (away: boolean) => void
  /** How many rows keep the place while the first page loads. */
  readonly skeletonRows?: number
  /** CSS height of the scrolling area; short tables are as high as their rows. */
  readonly height?: string
}

/** The table's own width decides, not the window's: a drawer may lie beside it. */
const SHOWN_FROM = {
  sm: '@max-[520px]:hidden',
  md: '@max-[700px]:hidden',
  lg: '@max-[960px]:hidden',
  xl: '@max-[1180px]:hidden',
} as const

/**
 * A table of any number of rows, of which only those in sight are drawn. Arrow keys move between rows,
 * Enter opens one.
 */
export function DataTable<Row>(props: DataTableProps<Row>): ReactNode {
  const { columns, rows, onNearEnd } = props
  const scroller = useRef<HTMLDivElement>(null)
  const count = rows?.length ?? 0
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: OVERSCAN_ROWS,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (count > 0 && last >= count - NEAR_END_ROWS) onNearEnd?.()
  }, [last, count, onNearEnd])

  const grid = gridStyles(columns)
  return (
    <div
      ref={scroller}
      role="table"
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-busy={rows === undefined || undefined}
      className="@container relative overflow-auto"
      onScroll={event => props.onScrolledAway?.(event.currentTarget.scrollTop > 0)}
      style={{ ...grid.variables, maxHeight: props.height ?? 'none' }}
    >
      <div
        role="row"
        aria-rowindex={1}
        className={classNames(
          'sticky top-0 z-10 grid h-8 items-center border-b border-line bg-surface text-xs text-ink-faint',
          grid.className,
        )}
      >
        {columns.map(column => (
          <div key={column.id} role="columnheader" className={cellClass(column)}>
            {column.head}
          </div>
        ))}
      </div>
      {rows === undefined ? (
        <SkeletonRows
          columns={columns}
          gridClass={grid.className}
          count={props.skeletonRows ?? SKELETON_ROWS}
        />
      ) : null}
      {count === 0 && rows !== undefined ? <EmptyRow>{props.empty}</EmptyRow> : null}
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map(item => {
          const row = rows?.[item.index]
          if (row === undefined) return null
          return (
            <div
              key={props.rowKey(row)}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={props.isSelected?.(row)}
              tabIndex={props.onOpen === undefined ? undefined : 0}
              onClick={props.onOpen && (() => props.onOpen?.(row))}
              onKeyDown={props.onOpen && (event => moveOrOpen(event, () => props.onOpen?.(row)))}
              className={classNames(
                'absolute inset-x-0 grid items-center border-b border-line text-sm',
                grid.className,
                props.onOpen !== undefined && 'cursor-pointer hover:bg-hover',
                props.isSelected?.(row) === true && 'bg-selected',
              )}
              style={{ height: ROW_HEIGHT_PX, transform: `translateY(${item.start}px)` }}
            >
              {columns.map(column => (
                <div key={column.id} role="cell" className={cellClass(column)}>
                  {column.cell(row)}
                </div>
              ))}
            </div>
          )
        })}
      </div>
      {props.loadingMore === true ? (
        <p className="px-4 py-2 text-xs text-ink-faint" role="status">
          Loading more…
        </p>
      ) : null}
    </div>
  )
}

function EmptyRow({ children }: { children: ReactNode }): ReactNode {
  return (
    <div role="row">
      <div role="cell">{children}</div>
    </div>
  )
}

function SkeletonRows<Row>({
  columns,
  gridClass,
  count,
}: {
  columns: readonly Column<Row>[]
  gridClass: string
  count: number
}): ReactNode {
  return Array.from({ length: count }, (_, row) => (
    <div
      // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no other identity and never move
      key={row}
      aria-hidden="true"
      className={classNames('grid items-center border-b border-line', gridClass)}
      style={{ height: ROW_HEIGHT_PX }}
    >
      {columns.map((column, index) => (
        <div key={column.id} className={cellClass(column)}>
          <Skeleton width={`${40 + ((row * 7 + index * 13) % 45)}%`} />
        </div>
      ))}
    </div>
  ))
}

function moveOrOpen(event: KeyboardEvent<HTMLDivElement>, open: () => void): void {
  if (event.target !== event.currentTarget) return
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault()
    open()
    return
  }
  const rows = [...(event.currentTarget.parentElement?.children ?? [])] as HTMLElement[]
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return
  event.preventDefault()
  // Drawn rows are not in reading order after scrolling; their row index is.
  const wanted = String(Number(event.currentTarget.ariaRowIndex) + step)
  rows.find(row => row.ariaRowIndex === wanted)?.focus()
}

function cellClass<Row>(column: Column<Row>): string {
  return classNames(
    'min-w-0 overflow-hidden px-2 text-ellipsis whitespace-nowrap',
    column.align === 'end' && 'text-right tabular-nums',
    column.fromWidth !== undefined && SHOWN_FROM[column.fromWidth],
  )
}

/** The grid's tracks at each width, as variables, because hidden columns must not keep their track. */
function gridStyles<Row>(columns: readonly Column<Row>[]): {
  className: string
  variables: Record<`--${string}`, string>
} {
  const tracks = (widths: readonly (string | undefined)[], narrow = false) =>
    columns
      .filter(column => widths.includes(column.fromWidth))
      .map(column => (narrow ? (column.narrowTrack ?? column.track) : column.track))
      .join(' ')
  return {
    className:
      'grid-cols-(--tracks) px-2 @max-[1180px]:grid-cols-(--tracks-xl) @max-[960px]:grid-cols-(--tracks-lg) @max-[700px]:grid-cols-(--tracks-md) @max-[520px]:grid-cols-(--tracks-sm)',
    variables: {
      '--tracks': tracks([undefined, 'sm', 'md', 'lg', 'xl']),
      '--tracks-xl': tracks([undefined, 'sm', 'md', 'lg']),
      '--tracks-lg': tracks([undefined, 'sm', 'md']),
      '--tracks-md': tracks([undefined, 'sm'], true),
      '--tracks-sm': tracks([undefined], true),
    },
  }
}
