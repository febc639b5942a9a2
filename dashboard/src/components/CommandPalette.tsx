import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useDeferredValue, useState } from 'react'
import { request } from '../api/client.ts'
import { bucketsQuery } from '../api/queries.ts'
import type { ObjectSummary, Page } from '../api/types.ts'
import { formatBytes } from '../format/quantity.ts'
import { paths } from '../paths.ts'
import { Icon, type IconName } from '../ui/Icon.tsx'
import { NOUNS } from './nouns.ts'
import { useGo } from './PathLink.tsx'
import { TierMark } from './TierMark.tsx'

const OBJECTS_SHOWN = 8

interface Entry {
  readonly value: string
  readonly label: string
  readonly path: string
  readonly icon: IconName
  readonly object?: ObjectSummary
  readonly hint?: string
}

interface CommandPaletteProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}

/** Goes anywhere from the keyboard: pages by name, objects by the start of their key. */
export function CommandPalette({ open, onOpenChange }: CommandPaletteProps): ReactNode {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-[#000]/45" />
        <Dialog.Popup
          aria-label="Search"
          className="fixed top-[12dvh] left-1/2 z-50 w-[calc(100vw-1.5rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-lg border border-line-strong bg-raised shadow-2xl"
        >
          <PaletteList onDone={() => onOpenChange(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function PaletteList({ onDone }: { onDone: () => void }): ReactNode {
  const [text, setText] = useState('')
  const go = useGo()
  const { entries, searching } = useEntries(text)
  return (
    <Autocomplete.Root
      open
      inline
      mode="none"
      items={entries}
      itemToStringValue={entry => (entry as Entry).label}
      autoHighlight="always"
      keepHighlight
      value={text}
      onValueChange={(value, details) => {
        if (details.reason !== 'item-press') setText(value)
      }}
    >
      <div className="flex items-center gap-2 border-b border-line px-3.5 text-ink-faint">
        <Icon name="search" />
        <Autocomplete.Input
          aria-label="Search objects by the start of their key, and pages by name"
          placeholder="Start of a key, bucket/key, or a page"
          className="h-11 w-full border-0 bg-transparent text-base text-ink outline-none placeholder:text-ink-faint"
        />
      </div>
      <Autocomplete.Empty>
        {entries.length > 0 ? null : (
          <p className="px-4 py-6 text-ink-faint">
            {searching ? 'Searching…' : 'Nothing starts like this. Keys are matched from their first letter.'}
          </p>
        )}
      </Autocomplete.Empty>
      <Autocomplete.List className="max-h-[50dvh] overflow-y-auto py-1">
        {(entry: Entry) => (
          <Autocomplete.Item
            key={entry.value}
            value={entry}
            onClick={() => {
              onDone()
              go(entry.path)
            }}
            className="flex h-9 max-sm:h-11 cursor-default items-center gap-2.5 px-3.5 text-sm data-highlighted:bg-selected"
          >
            {entry.object === undefined ? <Icon name={entry.icon} /> : <TierMark tier={entry.object.tier} />}
            <span className="min-w-0 truncate">{entry.label}</span>
            <span className="ml-auto shrink-0 text-xs text-ink-faint">{entry.hint}</span>
          </Autocomplete.Item>
        )}
      </Autocomplete.List>
    </Autocomplete.Root>
  )
}

function useEntries(text: string): { entries: readonly Entry[]; searching: boolean } {
  const typed = useDeferredValue(text.trim())
  const buckets = useQuery({ ...bucketsQuery, enabled: typed !== '' })
  const wanted = splitBucket(
    typed,
    (buckets.data ?? []).map(bucket => bucket.name),
  )
  const found = useQuery({
    queryKey: ['palette', wanted],
    queryFn: ({ signal }) =>
      request<Page<ObjectSummary>>('GET', '/v1/objects', {
        signal,
        query: { ...wanted, limit: OBJECTS_SHOWN },
      }),
    enabled: typed !== '',
    staleTime: 10_000,
  })
  const pages = NOUNS.filter(noun => noun.name.toLowerCase().startsWith(typed.toLowerCase())).map(
    (noun): Entry => ({
      value: `page ${noun.name}`,
      label: noun.name,
      path: noun.path,
      icon: noun.icon,
      hint: 'Page',
    }),
  )
  const objects = (typed === '' ? [] : (found.data?.items ?? [])).map(
    (object): Entry => ({
      value: `object ${object.id}`,
      label: `${object.bucket}/${object.key}`,
      path: paths.object(object.bucket, object.key),
      icon: 'objects',
      object,
      hint: formatBytes(object.size),
    }),
  )
  return { entries: [...pages, ...objects], searching: found.isFetching }
}

/** `bucket/prefix` when what is typed starts with a bucket's name, else a prefix in every bucket. */
function splitBucket(typed: string, buckets: readonly string[]): { bucket?: string; prefix: string } {
  const slash = typed.indexOf('/')
  const bucket = slash > 0 ? typed.slice(0, slash) : ''
  return buckets.includes(bucket) ? { bucket, prefix: typed.slice(slash + 1) } : { prefix: typed }
}
