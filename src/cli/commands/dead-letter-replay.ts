import type { DeadLetterReplay, DeadLetterResource } from '../../api/schemas/event.ts'
import type { Api } from '../api.ts'
import type { Register } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import { checkedId } from '../references.ts'
import { deadLetterReplayView } from '../views/access.ts'

interface ReplayOptions {
  readonly all?: true
  readonly reason?: string
}

/** `dim dead-letter replay`: what is still malformed ends it with exit code 8. */
export const registerDeadLetterReplay: Register = (noun, bind) => {
  const command = noun
    .command('replay [id]')
    .description('read it anew and count its events, each once, however often this is done')
    .option('--all', 'every one that was not replayed yet')
    .option('--reason <text>', 'with --all: only those whose reason contains this text')
  bind<ReplayOptions>(command, async ({ api, out }, options, id) => {
    const replayed: DeadLetterReplay[] = []
    for (const wanted of await idsOf(api, options, id))
      replayed.push(await api.post<DeadLetterReplay>(`/v1/dead-letters/${wanted}/replay`))
    out.list(replayed, deadLetterReplayView)
    const left = replayed.filter(letter => letter.replayedAt === null).length
    if (left > 0) throw new CliError(EXIT.partial, `${left} of ${replayed.length} are still malformed`)
  })
}

async function idsOf(api: Api, { all, reason }: ReplayOptions, id: string | undefined): Promise<string[]> {
  if ((all === true) === (id !== undefined)) throw new CliError(EXIT.usage, 'name one id, or --all')
  if (all !== true && reason !== undefined) throw new CliError(EXIT.usage, '--reason belongs to --all')
  if (id !== undefined) return [checkedId(id)]
  const { items } = await api.list<DeadLetterResource>('/v1/dead-letters', {}, Number.POSITIVE_INFINITY)
  return items
    .filter(letter => letter.replayedAt === null && letter.reason.includes(reason ?? ''))
    .map(letter => letter.id)
}
