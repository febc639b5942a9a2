import { InvalidArgumentError } from 'commander'
import type { MigrationResource } from '../../api/schemas/migration.ts'
import type { PlanResource } from '../../api/schemas/plan.ts'
import { changeEach } from '../change-each.ts'
import { type Register, seconds, wholeNumber } from '../command.ts'
import { CliError, EXIT } from '../exit-codes.ts'
import type { View } from '../output.ts'
import type { Session } from '../session.ts'
import { migrationView } from '../views/migration.ts'
import { planView } from '../views/plan.ts'

/** `dim migration set-priority` and `set-deadline` */
export const registerMigrationUrgency: Register = urgencyOf<MigrationResource>(
  '/v1/migrations',
  migrationView,
)

/** `dim plan set-priority` and `set-deadline`: for all its migrations, those planned later too. */
export const registerPlanUrgency: Register = urgencyOf<PlanResource>('/v1/plans', planView)

function urgencyOf<Item>(path: string, view: View<Item>): Register {
  const change = (session: Session, ids: readonly string[], body: object) =>
    changeEach(session, ids, view, id => session.api.change<Item>('PATCH', `${path}/${id}`, body))
  return (noun, bind) => {
    bind(
      noun
        .command('set-priority <priority> <ids...>')
        .description(
          'from 0 to 100; higher goes first, promotions have 60 and demotions 40 unless told otherwise',
        ),
      (session, _options, priority = '', ...ids) =>
        change(session, ids.flat(), { priority: checkedPriority(priority) }),
    )
    bind(
      noun
        .command('set-deadline <when> <ids...>')
        .description('by when readers should get the new copy: 2026-12-01T06:00Z, 36h from now, or none'),
      (session, _options, when = '', ...ids) => change(session, ids.flat(), { dueBy: deadlineOf(when) }),
    )
  }
}

function checkedPriority(text: string): number {
  const priority = usage(() => wholeNumber(text))
  if (priority > 100) throw new CliError(EXIT.usage, `a priority is from 0 to 100, not ${text}`)
  return priority
}

/** A moment, a time from now, or null for none. */
function deadlineOf(text: string): string | null {
  if (text === 'none') return null
  if (/^\d+(\.\d+)?[smhd]$/.test(text))
    return new Date(Date.now() + usage(() => seconds(text)) * 1_000).toISOString()
  const at = Date.parse(text)
  if (Number.isNaN(at) || !/^\d{4}-\d\d-\d\d/.test(text))
    throw new CliError(EXIT.usage, `"${text}" is no deadline: write 2026-12-01T06:00Z, 36h or none`)
  return new Date(at).toISOString()
}

function usage<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new CliError(EXIT.usage, error.message)
    throw error
  }
}
