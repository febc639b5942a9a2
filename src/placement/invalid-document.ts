import { parseDocument } from 'yaml'
import type { z } from 'zod'

/**
 * One thing that is wrong in a document, and where: `threshold.hot.leaveReadsPerDay`, or empty for all of it.
 */
export interface DocumentProblem {
  readonly path: string
  readonly message: string
}

/** A policy or price book that cannot be used; carries every problem found, not only the first. */
export class InvalidDocument extends Error {
  override readonly name = 'InvalidDocument'
  readonly problems: readonly DocumentProblem[]

  constructor(kind: string, problems: readonly DocumentProblem[]) {
    const lines = problems.map(
      problem => `  ${problem.path === '' ? kind : problem.path}: ${problem.message}`,
    )
    super(`this is not a valid ${kind}:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

/** Checks a document that was already read. Throws {@link InvalidDocument} with all problems at once. */
export function checkDocument<S extends z.ZodType>(kind: string, schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new InvalidDocument(
    kind,
    result.error.issues.map(issue => ({ path: pathOf(issue.path), message: issue.message })),
  )
}

/** Reads YAML or JSON text (JSON is YAML). Throws {@link InvalidDocument} naming line and column. */
export function readDocumentText(kind: string, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true })
  if (document.errors.length > 0) {
    throw new InvalidDocument(
      kind,
      document.errors.map(error => ({ path: '', message: error.message.split('\n')[0]!.replace(/:$/, '') })),
    )
  }
  return document.toJS({ maxAliasCount: 100 })
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? String(part) : `${text}.${String(part)}`
  }, '')
}
