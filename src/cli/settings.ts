import { CliError, EXIT } from './exit-codes.ts'

/**
 * Settings from `name=value` arguments. A value that reads as JSON (`true`, `8`, `{"a":1}`) is taken as such,
 * any other as text. Dots make sections: `retry.attempts=3`. Throws with exit code 2.
 */
export function parseSettings(assignments: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = Object.create(null)
  for (const assignment of assignments) {
    const [, name, text] = /^([A-Za-z][A-Za-z0-9.]*)=([\s\S]*)$/.exec(assignment) ?? []
    if (name === undefined || text === undefined)
      throw new CliError(EXIT.usage, `"${assignment}" is no setting: write name=value`)
    const trail = name.split('.')
    let section = settings
    for (const part of trail.slice(0, -1)) {
      section[part] ??= Object.create(null)
      if (typeof section[part] !== 'object')
        throw new CliError(EXIT.usage, `"${assignment}": ${part} is a value already, so it has no sections`)
      section = section[part] as Record<string, unknown>
    }
    const last = trail.at(-1)!
    if (last in section) throw new CliError(EXIT.usage, `${name} is given twice: give it once`)
    section[last] = settingOf(text)
  }
  return settings
}

/**
 * Settings with changes put over them, section by section; a change to null takes a setting away. Pure.
 */
export function mergeSettings(
  settings: Readonly<Record<string, unknown>>,
  changes: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...settings }
  for (const [name, change] of Object.entries(changes)) {
    const present = merged[name]
    if (change === null) delete merged[name]
    else merged[name] = isSection(present) && isSection(change) ? mergeSettings(present, change) : change
  }
  return merged
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function settingOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: the text itself is meant, as with endpoint=https://…
    return text
  }
}
