import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { z } from 'zod'
import type { WriteNote } from './written-content.ts'

/** Notes of the demo's writes in a file, one a line of JSON, so that they outlive a killed demo. */
export interface WriteJournal {
  /** What was noted before this start. */
  readonly noted: readonly WriteNote[]
  /** Returns when the operating system has the line: from then on our own death does not lose it. */
  append(note: WriteNote): void
  close(): void
}

const noteSchema = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('begun'),
    write: z.int().positive(),
    key: z.string(),
    sha256: z.string(),
  }),
  z.strictObject({ event: z.literal('ended'), write: z.int().positive(), isSettled: z.boolean() }),
])

/**
 * Opens the journal, made when missing. A line that a dying process left half written is left out: a write
 * was only sent after its whole line was there. Throws for any other line that is no note.
 */
export function openWriteJournal(file: string): WriteJournal {
  const descriptor = openSync(file, 'a+', 0o600)
  const lines = readFileSync(file, 'utf8').split('\n')
  const torn = lines.pop()!
  // What follows a torn line begins on a line of its own.
  if (torn !== '') writeSync(descriptor, ` ${TORN}\n`)
  return {
    noted: lines.flatMap(line => (line.endsWith(TORN) ? [] : [noteSchema.parse(JSON.parse(line))])),
    append: note => void writeSync(descriptor, `${JSON.stringify(note)}\n`),
    close: () => closeSync(descriptor),
  }
}

/** Marks what was before it as half written. No note ends like this: they end with a brace. */
const TORN = '(torn)'
