/** How a command ends, for scripts. The same numbers as in `dim --help` and docs/reference/cli.md. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  auth: 4,
  retryable: 5,
  conflict: 6,
  mismatch: 7,
  partial: 8,
  nothingToDo: 9,
  interrupted: 130,
  outputClosed: 141,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** What each exit code means, in the order of the numbers. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.error, 'an error that is none of the below'],
  [EXIT.usage, 'the command line or a document is wrong'],
  [EXIT.notFound, 'there is no such thing'],
  [EXIT.auth, 'not signed in, or not allowed'],
  [EXIT.retryable, 'the server or a store did not answer: trying again may help'],
  [EXIT.conflict, 'somebody was faster, or the state does not allow it'],
  [EXIT.mismatch, 'verification found missing or different bytes'],
  [EXIT.partial, 'done in part'],
  [EXIT.nothingToDo, 'nothing to do'],
  [EXIT.interrupted, 'interrupted (Ctrl-C)'],
  [EXIT.outputClosed, 'whoever read the output has closed it (| head)'],
]

/** A command cannot go on; the message is for people and says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}
