import type { LocationReference } from '../database/catalog/location-references.ts'
import { ApiError, type FieldError } from './problems.ts'

/** The refusal to forget a location: each thing that refers to it, and what to do about it. */
export function stillReferredTo(name: string, references: readonly LocationReference[]): ApiError {
  return refusal(name, references, kinds => `the location ${name} is still referred to by ${kinds}`)
}

/** The refusal to change a store's address while something is bound to the present one, and what to do about it. */
export function stillAtWork(name: string, references: readonly LocationReference[]): ApiError {
  return refusal(
    name,
    references,
    kinds =>
      `the address cannot change while something is under way at location ${name}: ${kinds}; wait for it or cancel it, or give the buckets that write there another location with dim bucket set, and ask again`,
  )
}

function refusal(
  name: string,
  references: readonly LocationReference[],
  wordsOf: (kinds: string) => string,
): ApiError {
  const errors = references.map(
    (reference): FieldError => ({ field: `/${reference.kind}`, message: sentenceOf(name, reference) }),
  )
  const kinds = references.map(({ kind }) => kind.replace('-', ' ')).join(', ')
  return new ApiError('conflict', wordsOf(kinds), { errors })
}

function sentenceOf(location: string, { kind, count, examples }: LocationReference): string {
  const more = count > examples.length ? ` and ${count - examples.length} more` : ''
  const which = examples.length === 0 ? String(count) : examples.join(', ') + more
  switch (kind) {
    case 'copies':
      return `lying there: ${which}; dim tier retire ${location} --apply moves them away`
    case 'buckets':
      return `writing there: ${which}; give them another location with dim bucket set`
    case 'policies':
      return `naming it: ${which}; apply them without it`
    case 'plans':
      return `with undecided moves there or from there: ${which}; approve or reject them`
    case 'pins':
      return `of objects to this location: ${which}; dim object unpin takes them away`
    case 'migrations':
      return `unfinished: ${which}; wait for them, or cancel them`
    case 'writes':
      return `under way or not settled yet: ${which}; they are settled within minutes`
    case 'announcements':
      return `of bytes that may still land there: ${which}; ask again in a minute`
    case 'parts':
      return `of uploads that were cut off: ${which}; they are aborted within a day`
    case 'uploads':
      return `in parts, open: ${which}; complete or abort them`
    case 'imports':
      return `running: ${which}; wait for them`
    case 'reconcile-runs':
      return `running: ${which}; wait for them`
    case 'orphans':
      return `being deleted or adopted: ${which}; wait for them`
    default:
      throw new Error(`unknown reference ${kind satisfies never}`)
  }
}
