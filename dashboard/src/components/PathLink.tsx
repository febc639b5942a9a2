import { useRouter } from '@tanstack/react-router'
import type { MouseEvent, ReactNode } from 'react'

interface PathLinkProps {
  /** Built by paths.ts. */
  readonly to: string
  readonly children: ReactNode
  readonly className?: string
  readonly title?: string
  readonly current?: boolean
}

/** A link inside the dashboard: an ordinary anchor that does not load the page again. */
export function PathLink({ to, children, className, title, current }: PathLinkProps): ReactNode {
  const go = useGo()
  function follow(event: MouseEvent<HTMLAnchorElement>): void {
    event.stopPropagation()
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    go(to)
  }
  return (
    <a
      href={to}
      onClick={follow}
      title={title}
      aria-current={current === true ? 'page' : undefined}
      className={className ?? 'text-accent underline-offset-2 hover:underline'}
    >
      {children}
    </a>
  )
}

/** Goes to a path built by paths.ts; `replace` leaves no step to go back to. */
export function useGo(): (path: string, options?: { replace?: boolean }) => void {
  const router = useRouter()
  return (path, options) => {
    if (options?.replace === true) router.history.replace(path)
    else router.history.push(path)
  }
}
