import type { Terminal } from './terminal.ts'

/** One line about something under way, for people. */
export interface Progress {
  /** Shows the line now; without a TTY only now and then, so that logs stay readable. */
  update(line: string): void
  /** Shows a last line and leaves it. */
  finish(line: string): void
}

/** Without a TTY, at most one line in this time. */
const LOG_INTERVAL_MS = 10_000

/** Progress on standard error: one line that overwrites itself on a TTY, a line every ten seconds elsewhere. */
function createProgress(
  terminal: Terminal,
  options: { quiet: boolean; write: (text: string) => void; now: () => number },
): Progress {
  let shownAt = Number.NEGATIVE_INFINITY
  return {
    update(line) {
      if (options.quiet) return
      if (terminal.showsProgress) options.write(`\r\x1b[2K${line}`)
      else if (options.now() - shownAt >= LOG_INTERVAL_MS) {
        shownAt = options.now()
        terminal.say(line)
      }
    },
    finish(line) {
      if (terminal.showsProgress && !options.quiet) options.write('\r\x1b[2K')
      if (!options.quiet) terminal.say(line)
    },
  }
}

/** Progress of a command on this process's standard error. */
export function processProgress(session: { terminal: Terminal; globals: { quiet?: boolean } }): Progress {
  return createProgress(session.terminal, {
    quiet: session.globals.quiet ?? false,
    write: text => process.stderr.write(text),
    now: () => performance.now(),
  })
}
