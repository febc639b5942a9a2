import { useQuery } from '@tanstack/react-query'
import { Outlet, useLocation } from '@tanstack/react-router'
import { type ReactNode, type RefObject, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { overviewQuery } from '../api/queries.ts'
import { classNames } from '../ui/class-names.ts'
import { Icon } from '../ui/Icon.tsx'
import { CommandPalette } from './CommandPalette.tsx'
import { ConnectionBanner } from './ConnectionBanner.tsx'
import { ClockProvider, type ClockReading, clockReadingOf } from './model-clock.tsx'
import { NOUNS } from './nouns.ts'
import { PathLink } from './PathLink.tsx'
import { QuarantineBanner } from './QuarantineBanner.tsx'
import { StopBanner } from './StopAll.tsx'
import { TopLine } from './TopLine.tsx'

/** The frame around every page: rail, top line, what is wrong with the connection, the page. */
export function AppFrame(): ReactNode {
  const overview = useQuery(overviewQuery)
  const [searching, setSearching] = useState(false)
  const reading = useClockReading(overview.data)
  const top = useFrameTop()
  return (
    <ClockProvider reading={reading}>
      <a
        href="#page"
        className="sr-only z-60 rounded bg-raised px-3 py-2 text-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      <Rail />
      <div className="flex min-h-dvh flex-col sm:pl-[168px] max-lg:sm:pl-14">
        <div ref={top} className="sm:sticky sm:top-0 sm:z-20 max-sm:contents">
          <TopLine overview={overview.data} onSearch={() => setSearching(true)} />
          <ConnectionBanner lastAnswerAt={overview.dataUpdatedAt} />
          <StopBanner />
          <QuarantineBanner />
        </div>
        <main id="page" className="flex-1 px-6 pt-5 pb-10 max-sm:px-3 max-sm:pt-4 max-sm:pb-20">
          <Outlet />
        </main>
      </div>
      <CommandPalette open={searching} onOpenChange={setSearching} />
    </ClockProvider>
  )
}

/**
 * Tells drawers (`--frame-top`) where the top line and the banners end: what a banner says and links to must not
 * lie under what somebody has open. On phones a drawer is the whole screen.
 */
function useFrameTop(): RefObject<HTMLDivElement | null> {
  const top = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const element = top.current
    if (element === null) return undefined
    const { style } = document.documentElement
    const watch = new ResizeObserver(() => style.setProperty('--frame-top', `${element.offsetHeight}px`))
    watch.observe(element)
    return () => {
      watch.disconnect()
      style.removeProperty('--frame-top')
    }
  }, [])
  return top
}

/** The server's clocks as last heard; the same reading while the overview is the same. */
function useClockReading(overview: Parameters<typeof clockReadingOf>[0] | undefined): ClockReading | null {
  const before = useRef<{ at: string; reading: ClockReading } | null>(null)
  return useMemo(() => {
    if (overview === undefined) return null
    if (before.current?.at !== overview.at) {
      before.current = { at: overview.at, reading: clockReadingOf(overview, Date.now()) }
    }
    return before.current.reading
  }, [overview])
}

/** The nouns: at the left, narrower on small screens, at the bottom on phones. */
function Rail(): ReactNode {
  const { pathname } = useLocation()
  return (
    <nav
      aria-label="Pages"
      className={classNames(
        'fixed z-20 flex border-line bg-surface',
        'sm:inset-y-0 sm:left-0 sm:w-[168px] sm:flex-col sm:gap-0.5 sm:border-r sm:px-2 sm:py-3 max-lg:sm:w-14',
        'max-sm:inset-x-0 max-sm:bottom-0 max-sm:h-14 max-sm:border-t max-sm:pb-[env(safe-area-inset-bottom)]',
      )}
    >
      <div className="flex h-8 items-center gap-2 px-2.5 pb-3 text-sm font-semibold whitespace-nowrap max-sm:hidden">
        <BrandMark />
        <span className="max-lg:hidden">Data in Motion</span>
      </div>
      {NOUNS.map(noun => {
        const current = noun.path === '/' ? pathname === '/' : pathname.startsWith(noun.path)
        return (
          <PathLink
            key={noun.name}
            to={noun.path}
            current={current}
            title={noun.name}
            className={classNames(
              'flex items-center rounded text-sm no-underline transition-colors duration-100',
              'sm:h-8 sm:gap-2.5 sm:px-2.5',
              'max-sm:min-w-0 max-sm:flex-1 max-sm:flex-col max-sm:justify-center max-sm:gap-0.5 max-sm:text-[10px]',
              current
                ? 'bg-selected font-medium text-ink max-sm:bg-transparent max-sm:text-accent'
                : 'text-ink-soft hover:bg-hover hover:text-ink',
            )}
          >
            <Icon name={noun.icon} />
            <span className="max-lg:sm:sr-only">{noun.name}</span>
          </PathLink>
        )
      })}
    </nav>
  )
}

/** Three steps from hot to cold. */
export function BrandMark(): ReactNode {
  return (
    <span aria-hidden="true" className="inline-flex h-4 items-end gap-0.5">
      <span className="h-4 w-1 rounded-[1px] bg-hot" />
      <span className="h-3 w-1 rounded-[1px] bg-warm" />
      <span className="h-2 w-1 rounded-[1px] bg-cold" />
    </span>
  )
}
