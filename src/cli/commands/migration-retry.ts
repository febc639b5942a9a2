import type { MigrationResource } from '../../api/schemas/migration.ts'
import type { MigrationRetries } from '../../api/schemas/migration-retries.ts'
import { changeEach } from '../change-each.ts'
import type { Register } from '../command.ts'
import { CliError, EXIT, type ExitCode } from '../exit-codes.ts'
import type { View } from '../output.ts'
import { checkedId } from '../references.ts'
import type { Session } from '../session.ts'
import { countText } from '../units.ts'
import { migrationView } from '../views/migration.ts'

/** Requests until the rest is left to the next call: a hundred thousand migrations. */
const REQUESTS_MAX = 200

interface RetryOptions {
  readonly plan?: string
  readonly error?: string
}

/** `dim migration retry`: by id, or all that gave up in a plan or of one kind of error. */
export const registerMigrationRetry: Register = (noun, bind) => {
  const command = noun
    .command('retry [ids...]')
    .description('try again what was aborted or quarantined, or had to keep its source')
    .option('--plan <id>', 'all of a plan that ended quarantined or kept their source')
    .option('--error <kind>', 'all that ended so of this kind of error')
  bind<RetryOptions>(command, async (session, options, ...values) => {
    const ids = values.flat()
    const isMany = options.plan !== undefined || options.error !== undefined
    if (isMany === ids.length > 0) throw new CliError(EXIT.usage, 'name ids, or --plan, --error or both')
    if (isMany) return retryMany(session, options)
    return changeEach(session, ids, migrationView, id =>
      session.api.post<MigrationResource>(`/v1/migrations/${id}/retry`),
    )
  })
}

async function retryMany({ api, out, terminal }: Session, { error, plan }: RetryOptions): Promise<ExitCode> {
  const wanted = {
    ...(plan === undefined ? {} : { planId: checkedId(plan) }),
    ...(error === undefined ? {} : { errorKind: error }),
  }
  const refused = new Map<string, { count: number; example: string }>()
  let retried = 0
  let after: string | null = null
  for (let request = 0; request < REQUESTS_MAX; request++) {
    const answer: MigrationRetries = await api.post('/v1/migrations/retry', {
      ...wanted,
      ...(after === null ? {} : { after }),
    })
    retried += answer.retried
    for (const { because, count, example } of answer.refused) {
      const before = refused.get(because)?.count ?? 0
      refused.set(because, { count: before + count, example })
    }
    after = answer.next
    if (after === null) break
  }
  const rows = [...refused].map(([because, facts]) => ({ because, ...facts }))
  out.one({ retried, refused: rows, next: after }, retriesView)
  for (const { because, count, example } of rows)
    terminal.say(`dim: ${countText(count)} not tried again: ${because}, as ${example}`)
  if (after !== null) terminal.say('dim: there are more; run it again')
  if (rows.length === 0) return EXIT.ok
  return retried > 0 ? EXIT.partial : EXIT.conflict
}

const retriesView: View<MigrationRetries> = {
  name: ({ retried }) => String(retried),
  columns: [
    { header: 'RETRIED', value: ({ retried }) => countText(retried), align: 'right' },
    {
      header: 'REFUSED',
      value: ({ refused }) => countText(refused.reduce((sum, { count }) => sum + count, 0)),
      align: 'right',
    },
  ],
}
