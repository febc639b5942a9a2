import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

const PROGRAM = path.resolve(import.meta.dirname, '../../bin/dim.js')

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A `dim` command in a process and a process group of its own. */
export interface DimProcess {
  readonly pid: number
  readonly ended: Promise<ProcessEnd>
  stdout(): string
  stderr(): string
  /** Resolves to true once something it told people matches, to false when it ended before or time is up. */
  tells(pattern: RegExp, msMax: number): Promise<boolean>
  /** As Ctrl-C does: to the whole group. */
  interrupt(): void
}

/** Starts `dim` with these arguments, as a person does. `environment` comes on top of ours. */
export function startDim(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): DimProcess {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...withoutOurs(process.env), NO_COLOR: '1', ...environment },
  })
  const output = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  const notify = () => {
    for (const listener of listeners) listener()
  }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', text => {
      output[name] += text
      notify()
    })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }) as ProcessEnd)
  let isEnded = false
  void ended.then(() => {
    isEnded = true
    notify()
  })
  return {
    pid: child.pid!,
    ended,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    tells: (pattern, msMax) =>
      new Promise(resolve => {
        const look = () => {
          const isFound = pattern.test(output.stderr) || pattern.test(output.stdout)
          if (isFound || isEnded) finish(isFound)
        }
        const finish = (isFound: boolean) => {
          clearTimeout(timer)
          listeners.delete(look)
          resolve(isFound)
        }
        const timer = setTimeout(() => finish(false), msMax)
        listeners.add(look)
        look()
      }),
    interrupt: () => void process.kill(-child.pid!, 'SIGINT'),
  }
}

/** What a person's shell may say about another installation does not concern the test's. */
function withoutOurs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(DIM_|DATABASE_URL)/.test(name)),
  )
}
