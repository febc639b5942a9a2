import { CliError, EXIT, type ExitCode } from './exit-codes.ts'
import type { View } from './output.ts'
import { checkedId } from './references.ts'
import type { Session } from './session.ts'

/** Refusals of one thing; any other failure would meet the next one too. */
const OF_ONE_THING: ReadonlySet<ExitCode> = new Set([EXIT.conflict, EXIT.notFound])

/**
 * Changes one thing after the other and prints what was changed, whatever became of the rest: one that is
 * refused keeps no other from being changed. Resolves to `partial` when only some were, to what the first
 * refusal means when none was. Throws for what is no id before anything is changed.
 */
export async function changeEach<Item>(
  { out, terminal }: Session,
  ids: readonly string[],
  view: View<Item>,
  change: (id: string) => Promise<Item>,
): Promise<ExitCode> {
  const changed: Item[] = []
  const refused: ExitCode[] = []
  try {
    for (const id of ids.map(checkedId)) {
      try {
        changed.push(await change(id))
      } catch (error) {
        if (!(error instanceof CliError && OF_ONE_THING.has(error.exitCode))) throw error
        refused.push(error.exitCode)
        terminal.say(`dim: ${ids.length === 1 ? '' : `${id}: `}${error.message}`)
      }
    }
  } finally {
    if (changed.length > 0) out.list(changed, view)
  }
  const [first] = refused
  if (first === undefined) return EXIT.ok
  return changed.length > 0 ? EXIT.partial : first
}
