import { type Command, InvalidArgumentError } from 'commander'
import { rest } from '../workers/timers.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Session } from './session.ts'

/** Runs one command; resolves to an {@link ExitCode}, or to nothing when all is well. */
export type Handler<Options> = (session: Session, options: Options, ...values: string[]) => Promise<unknown>

/** Gives a command what it does. Set up once by {@link main}, handed to every registration. */
export type Bind = <Options>(command: Command, handler: Handler<Options>) => void

/** Adds one command below its noun. */
export type Register = (noun: Command, bind: Bind) => void

/** Most items a list prints unless told otherwise. */
const LIST_LIMIT_DEFAULT = 100

/** Adds the options of every list. */
export function withListOptions(command: Command): Command {
  return command.option(
    '--limit <n>',
    'print at most this many; 0 prints all',
    wholeNumber,
    LIST_LIMIT_DEFAULT,
  )
}

/** Adds `--watch`. */
export function withWatch(command: Command): Command {
  return command.option('-w, --watch [seconds]', 'print again every few seconds (2) until Ctrl-C', positive)
}

/** `--limit` as the number of items to fetch. */
export function limitOf(options: { limit: number }): number {
  return options.limit === 0 ? Number.POSITIVE_INFINITY : options.limit
}

/** Runs `print` once, or again and again when watching. */
export async function watching(
  session: Session,
  watch: number | true | undefined,
  print: () => Promise<void>,
): Promise<ExitCode> {
  if (watch === undefined) {
    await print()
    return EXIT.ok
  }
  const seconds = watch === true ? 2 : watch
  while (!session.signal.aborted) {
    if (session.terminal.isInteractive) session.terminal.print('\x1b[2J\x1b[H')
    await print()
    await rest(seconds * 1_000, session.signal)
  }
  return EXIT.interrupted
}

/** An option's value as a whole number from 0 on. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** An option's value as a number above 0. */
export function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

/** An option's value as a number from 0 to 1. */
export function share(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return value
}

/** An option's value as a number from 0 on. */
export function notNegative(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && Number.isFinite(value)))
    throw new InvalidArgumentError('It must be a number from 0 on.')
  return value
}

/** Collects a repeated option; false is what its opposite left, as `--no-budget` does of `--budget`. */
export function repeated(text: string, before: readonly string[] | false | undefined): string[] {
  return [...(before === undefined || before === false ? [] : before), text]
}

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/
const UNIT_SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 }

/** An option's value such as `90`, `90s`, `5m`, `2h` or `1d`, in seconds. */
export function seconds(text: string): number {
  const [, amount, unit] = DURATION.exec(text) ?? []
  if (amount === undefined) throw new InvalidArgumentError('It must be a time such as 90s, 5m, 2h or 1d.')
  return Number(amount) * UNIT_SECONDS[unit ?? 's']!
}
