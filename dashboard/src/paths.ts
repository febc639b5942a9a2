/** The only place where links of the dashboard are built. Everything shown can be linked to. */

interface ObjectsView {
  readonly bucket?: string
  readonly prefix?: string
  readonly tier?: string
  readonly location?: string
  readonly state?: string
  readonly sort?: string
  /** The object whose details are open. */
  readonly open?: { readonly bucket: string; readonly key: string }
}

interface MigrationsView {
  readonly active?: string
  readonly state?: string
  readonly direction?: string
  readonly bucket?: string
  readonly planId?: string
  /** `true`: only those past their deadline. */
  readonly overdue?: string
  /** The migration whose details are open. */
  readonly open?: string
}

interface UpkeepView {
  /** Which orphans are listed. */
  readonly state?: string
  readonly kind?: string
  /** The comparison whose findings are open. */
  readonly run?: string
  /** The orphan whose details are open. */
  readonly open?: string
}

export const paths = {
  overview: () => '/',
  objects: ({ open, ...filters }: ObjectsView = {}) =>
    withSearch('/objects', { ...filters, open: open && objectAddress(open.bucket, open.key) }),
  object: (bucket: string, key: string) => withSearch('/objects', { open: objectAddress(bucket, key) }),
  plans: (view: { readonly state?: string } = {}) => withSearch('/plans', { ...view }),
  plan: (id: string, view: { readonly decision?: string } = {}) =>
    withSearch(`/plans/${encodeURIComponent(id)}`, { ...view }),
  migrations: (view: MigrationsView = {}) => withSearch('/migrations', { ...view }),
  migration: (id: string) => withSearch('/migrations', { open: id }),
  stores: () => '/stores',
  upkeep: (view: UpkeepView = {}) => withSearch('/upkeep', { ...view }),
  events: () => '/events',
  policies: () => '/policies',
} as const

/** An object as one text, `bucket/key`. Bucket names contain no slash, keys may contain anything. */
export function objectAddress(bucket: string, key: string): string {
  return `${bucket}/${key}`
}

/** Reads {@link objectAddress}; null when it is none. */
export function parseObjectAddress(address: string): { bucket: string; key: string } | null {
  const slash = address.indexOf('/')
  if (slash < 1 || slash === address.length - 1) return null
  return { bucket: address.slice(0, slash), key: address.slice(slash + 1) }
}

function withSearch(path: string, search: Readonly<Record<string, string | undefined>>): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== '') parameters.set(name, value)
  }
  const text = parameters.toString()
  return text === '' ? path : `${path}?${text}`
}
