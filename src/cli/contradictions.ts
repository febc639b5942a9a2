import type { Command } from 'commander'
import { CliError, EXIT } from './exit-codes.ts'

/**
 * Watches which options of a command are given. What it returns throws with exit code 2 when an option and its
 * opposite were, such as `--budget` and `--no-budget`: of two wishes none is guessed.
 */
export function watchOpposites(command: Command): () => void {
  const given = new Set<string>()
  for (const option of command.options)
    command.on(`option:${option.name()}`, () => given.add(option.long ?? option.flags))
  return () => {
    for (const { long, negate } of command.options) {
      const opposite = long?.replace(/^--no-/, '--')
      if (negate && long !== undefined && opposite !== undefined && given.has(long) && given.has(opposite))
        throw new CliError(EXIT.usage, `${opposite} and ${long} contradict each other: give one of them`)
    }
  }
}
