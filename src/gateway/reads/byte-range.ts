/** Inclusive offsets of the bytes asked for. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The bytes a Range header asks for: null for the whole object, also when the header is malformed or asks
 * for several ranges (S3 sends everything then), `unsatisfiable` when no byte of it exists.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | null {
  const match = header === undefined ? null : /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header)
  if (match === null) return null
  const [, first, last] = match
  if (first === '') {
    if (last === '' || last === undefined) return null
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return null
  return start >= size ? 'unsatisfiable' : { start, end }
}
