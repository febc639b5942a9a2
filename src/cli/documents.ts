import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { parseDocument } from 'yaml'
import { CliError, EXIT } from './exit-codes.ts'

/** A document as written: a mapping, of ours one with `apiVersion` and `kind`. */
export type Document = Readonly<Record<string, unknown>>

/** Reads a document of ours, in YAML or JSON. Throws like {@link readMapping}. */
export function readDocument(file: string): Promise<Document> {
  return readMapping(file, 'a mapping with apiVersion and kind')
}

/**
 * Reads a mapping in YAML or JSON; `-` is standard input. Throws with exit code 2 and every syntax error, or with
 * what it must be.
 */
export async function readMapping(file: string, what: string): Promise<Document> {
  const document = parseDocument(await readInput(file))
  if (document.errors.length > 0)
    throw new CliError(EXIT.usage, document.errors.map(error => `${file}: ${error.message}`).join('\n'))
  const value: unknown = document.toJS()
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Document
  throw new CliError(EXIT.usage, `${file}: must be ${what}`)
}

/** The name a document gives itself. */
export function documentName(document: Document, file: string): string {
  const metadata = document.metadata as { name?: unknown } | undefined
  const name = document.name ?? metadata?.name
  if (typeof name === 'string') return name
  throw new CliError(EXIT.usage, `${file}: has no name (metadata.name)`)
}

/** Reads a secret from a file, less a trailing line break; `-` is standard input. */
export async function readSecret(file: string): Promise<string> {
  return (await readInput(file)).replace(/\r?\n$/, '')
}

async function readInput(file: string): Promise<string> {
  if (file === '-') return text(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const isMissing = code === 'ENOENT'
    throw new CliError(isMissing ? EXIT.notFound : EXIT.error, `${file} cannot be read (${code})`, { cause })
  }
}
