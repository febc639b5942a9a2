import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'

/** Environment variables that concern us, with `*_FILE` secrets already read from their files. */
export type Environment = Readonly<Record<string, string>>

const OURS = /^(DIM_|DATABASE_URL$|DATABASE_URL_FILE$|NO_COLOR$|CI$|XDG_DATA_HOME$|HOME$)/

/**
 * Reads the process's environment: the only place that does. `NAME_FILE` stands for `NAME` with the
 * content of that file, less a trailing line break, so that secrets need not be in the environment itself.
 *
 * Throws an Error naming the variable when such a file cannot be read, or when both are set.
 */
export function readEnvironment(source: NodeJS.ProcessEnv = process.env): Environment {
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(source)) {
    if (value === undefined || !OURS.test(name)) continue
    if (!name.endsWith('_FILE')) {
      values[name] = value
      continue
    }
    const target = name.slice(0, -'_FILE'.length)
    if (source[target] !== undefined) throw new Error(`both ${target} and ${name} are set: unset one`)
    try {
      values[target] = readFileSync(value, 'utf8').replace(/\r?\n$/, '')
    } catch (cause) {
      throw new Error(`${name}: cannot read ${value}`, { cause })
    }
  }
  return values
}

/** Where data lies when nobody says otherwise: the user's data folder. */
export function defaultDataFolder(environment: Environment): string {
  const base = environment.XDG_DATA_HOME ?? path.join(environment.HOME ?? homedir(), '.local', 'share')
  return path.join(base, 'data-in-motion')
}

/** The process's environment without our own variables: for children that have a configuration file. */
export function environmentOfOthers(source: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(source).filter(([name]) => !/^(DIM_|DATABASE_URL)/.test(name)))
}
