import type { WriteCondition } from '../object-store.ts'
import { refusalOf, worksAt } from '../probe-answers.ts'
import { ARCHIVE_CLASSES } from './capabilities.ts'
import { BYTES, OTHER, type Probe } from './probe-frame.ts'

/** The classes of S3, in the order of what they cost to keep. Operators name others; those are set by hand. */
const KNOWN_CLASSES = [
  'STANDARD',
  'INTELLIGENT_TIERING',
  'STANDARD_IA',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const

/** Counts only when the source's condition is honoured and the copy has the facts it was told. */
export async function probeCopy({ store, container, key }: Probe): Promise<boolean> {
  const facts = { headers: { contentType: 'text/x' }, metadata: { a: 'b' } }
  const { identity } = await store.put(container, key, BYTES, { size: BYTES.length, ...facts })
  const to = { container, key: `${key}-copy` }
  const told = { size: BYTES.length, metadata: { c: 'd' } }
  if (await worksAt(store.copyWithin!({ container, key, identity: OTHER }, to, told))) return false
  if (!(await worksAt(store.copyWithin!({ container, key, identity }, to, told)))) return false
  const copied = await store.head(container, to.key).catch(() => null)
  return copied?.size === BYTES.length && JSON.stringify(copied.metadata) === JSON.stringify(told.metadata)
}

/** Whether a copy by one request compares what lies at its target. */
export async function probeConditionalCopy({ open, container, key }: Probe): Promise<boolean> {
  const store = open({ conditionalCopy: true })
  try {
    const { identity } = await store.put(container, key, BYTES, { size: BYTES.length })
    const to = { container, key: `${key}-copy` }
    const present = await store.put(container, to.key, BYTES, { size: BYTES.length, metadata: { n: '1' } })
    const copy = (condition: WriteCondition) =>
      refusalOf(store.copyWithin!({ container, key, identity }, to, { size: BYTES.length, condition }))
    if ((await copy({ kind: 'absent' })) !== 'precondition-failed') return false
    if ((await copy({ kind: 'identity', identity: OTHER })) !== 'precondition-failed') return false
    return (await copy({ kind: 'identity', identity: present.identity })) === null
  } catch (error) {
    return worksAt(Promise.reject(error))
  } finally {
    await store.close()
  }
}

/** The classes the server takes and tells again; none of a server that takes any word for one. */
export async function probeStorageClasses({ store, container, key }: Probe): Promise<string[]> {
  const isKept = async (storageClass: string) => {
    const put = store.put(container, key, BYTES, { size: BYTES.length, storageClass })
    if (!(await worksAt(put))) return false
    return ((await store.head(container, key)).storageClass ?? 'STANDARD') === storageClass
  }
  if (await isKept('DIM_NO_SUCH_CLASS')) return []
  const found: string[] = []
  for (const storageClass of KNOWN_CLASSES) if (await isKept(storageClass)) found.push(storageClass)
  return found.length > 1 ? found : []
}

/** Which of these classes have to be restored before they are read; undefined where no class could be one. */
export async function probeArchiveClasses(
  { store, container, key }: Probe,
  classes: readonly string[],
): Promise<string[] | undefined> {
  const candidates = classes.filter(name => (ARCHIVE_CLASSES as readonly string[]).includes(name))
  if (candidates.length === 0) return undefined
  const found: string[] = []
  for (const storageClass of candidates) {
    await store.put(container, key, BYTES, { size: BYTES.length, storageClass })
    const read = store.get(container, key).then(({ body }) => body.destroy())
    if ((await refusalOf(read)) === 'archived') found.push(storageClass)
  }
  return found
}
