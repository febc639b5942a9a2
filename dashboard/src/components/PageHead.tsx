import { type ReactNode, useEffect } from 'react'

interface PageHeadProps {
  readonly title: string
  /** One line on what this page is for now. */
  readonly children?: ReactNode
  readonly actions?: ReactNode
}

/** The title of a page, in the page and in the browser's tab. */
export function PageHead({ title, children, actions }: PageHeadProps): ReactNode {
  useEffect(() => {
    document.title = `${title} · Data in Motion`
  }, [title])
  return (
    <div className="mb-4 flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
      <div className="min-w-0">
        <h1 className="text-xl font-semibold">{title}</h1>
        {children === undefined ? null : <p className="text-ink-soft">{children}</p>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  )
}
