import pc from 'picocolors'

/** Where a command's words go: answers to standard output, everything for people to standard error. */
export interface Terminal {
  /** One answer; JSON, tables and nothing else. */
  readonly print: (text: string) => void
  /** A line for people: progress, warnings, hints. */
  readonly say: (line: string) => void
  /** Whether answers are read by a person right now. */
  readonly isInteractive: boolean
  /** Whether progress may overwrite its line. */
  readonly showsProgress: boolean
  /** Colours text, or leaves it as it is. */
  readonly colors: ReturnType<typeof pc.createColors>
}

/** The terminal of this process. No colours and no progress without a TTY, or with NO_COLOR. */
export function processTerminal(noColor: boolean): Terminal {
  const { stdout, stderr } = process
  return {
    print: text => stdout.write(`${text}\n`),
    say: line => stderr.write(`${line}\n`),
    isInteractive: stdout.isTTY === true,
    showsProgress: stderr.isTTY === true && !noColor,
    colors: pc.createColors(stdout.isTTY === true && !noColor),
  }
}

/**
 * Tells once when nobody reads the answers of this process any more, as after `| head`; without it the first
 * write into the closed pipe would be a crash. Words for people are lost without a word. Any other error of
 * an output is thrown where nobody catches it.
 */
export function onceOutputCloses(tell: () => void): void {
  let isTold = false
  const { stdout, stderr } = process
  stdout.on('error', error => {
    ignoreClosedPipe(error)
    if (isTold) return
    isTold = true
    tell()
  })
  stderr.on('error', ignoreClosedPipe)
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
