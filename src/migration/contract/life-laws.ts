import { isEndState, type MigrationKind, type MigrationState, writesTarget } from '../../domain/migration.ts'
import type { MigrationEffect, MigrationEvent } from '../../domain/migration-record.ts'
import type { TransitionTable } from '../transitions.ts'

/** One permitted event of a table. */
interface Step {
  readonly kind: MigrationKind
  readonly from: MigrationState
  readonly event: MigrationEvent
  readonly to: MigrationState
  readonly effects: readonly MigrationEffect[]
}

/** What every step must or must not do, in words. */
const LAWS: Readonly<Record<string, (step: Step) => boolean>> = {
  'the beginning, a restore that is waited for, the switch, every end and every retry are announced': ({
    effects,
    event,
    from,
    to,
  }) => {
    const isMilestone =
      ['switch-won', 'restore-needed'].includes(event) ||
      from === 'planned' ||
      isEndState(to) ||
      isEndState(from)
    return isMilestone === effects.includes('announce')
  },
  'a try is counted when it is taken up, where there is something to try': ({ effects, event, from }) => {
    const isTry =
      event === 'taken-up' &&
      ['planned', 'copying', 'verifying', 'verified', 'deleting-source'].includes(from)
    return isTry === effects.includes('count-attempt')
  },
  'tries are counted anew after the switch and after a retry': ({ effects, event }) =>
    ['switch-won', 'retried'].includes(event) === effects.includes('reset-attempts'),
  'the planner looks again at what moved, was kept, or turned out to be another': ({
    effects,
    event,
    to,
  }) => {
    const isNews =
      ['superseded', 'source-changed', 'switch-lost', 'too-few-copies', 'primary-replaced'].includes(event) ||
      to === 'done' ||
      to === 'retained'
    return isNews === effects.includes('ask-review')
  },
  'a source that is not what its row says is suspect': ({ effects, event }) =>
    ['source-changed', 'source-corrupt'].includes(event) === effects.includes('suspect-source'),
  'a primary, or a copy changed in place, that is not what its row says is suspect': ({
    effects,
    event,
    kind,
  }) =>
    (event === 'primary-lost' || (kind === 'reclassify' && event === 'mismatched')) ===
    effects.includes('suspect-target'),
  'a target that is written has a row before it has bytes, and is complete when it is proven': ({
    effects,
    event,
    from,
    kind,
  }) => {
    const isIntent = event === 'taken-up' && (from === 'planned' || from === 'copying')
    return (
      (writesTarget(kind) && isIntent) === effects.includes('intend-target') &&
      (writesTarget(kind) && event === 'verified') === effects.includes('complete-target')
    )
  },
  'what was published is noted with its identity, and what was read with its digests': ({
    effects,
    event,
    kind,
  }) =>
    (writesTarget(kind) && event === 'copied') === effects.includes('note-target') &&
    (writesTarget(kind) && event === 'copied') === effects.includes('keep-digests'),
  'a copy that changed in place is noted when it did, and proven when it was looked at': ({
    effects,
    event,
    kind,
  }) =>
    (kind === 'reclassify' && event === 'copied') === effects.includes('relocate-copy') &&
    (kind === 'reclassify' && event === 'verified') === effects.includes('prove-target'),
  'the primary changes with the switch, and back with a roll back or the loss of the new one': ({
    effects,
    event,
    kind,
  }) =>
    (event === 'switch-won') === effects.includes('switch-primary') &&
    (event === 'primary-lost' || (kind === 'move' && event === 'rolled-back')) ===
      effects.includes('switch-back'),
  'a copy more counts when it joins, and a copy in grace again when it is not dropped': ({
    effects,
    event,
    from,
    kind,
  }) =>
    (event === 'joined') === effects.includes('join-target') &&
    (event === 'primary-replaced' ||
      (kind === 'drop-copy' &&
        (event === 'rolled-back' || (event === 'too-few-copies' && from === 'deleting-source')))) ===
      effects.includes('take-back'),
  'an end before the switch, and a roll back, leave the target to the sweeper': ({
    effects,
    event,
    from,
    kind,
    to,
  }) => {
    const isKept = event === 'same-place' || event === 'joined'
    const isUnneeded =
      (isBeforeSwitch(from) && isEndState(to) && !isKept) || ['rolled-back', 'superseded'].includes(event)
    return isUnneeded && writesTarget(kind)
      ? effects.includes('discard-target')
      : !effects.includes('discard-target')
  },
  'only an object that moved on after the switch leaves the source to the sweeper': ({
    effects,
    event,
    from,
  }) => (event === 'superseded' && !isBeforeSwitch(from)) === effects.includes('discard-source'),
  'only bytes that are gone, or are the source, lose their row at once': ({ effects, event }) =>
    (event === 'source-deleted') === effects.includes('drop-source') &&
    (event === 'same-place') === effects.includes('drop-target'),
  'a source that cannot be deleted is retained': ({ effects, event, from }) => {
    const isKept =
      event === 'delete-refused' || (event === 'attempts-exhausted' && from === 'deleting-source')
    return isKept === effects.includes('retain-source')
  },
}

function isBeforeSwitch(state: MigrationState): boolean {
  return ['planned', 'waiting-restore', 'copying', 'copied', 'verifying', 'verified'].includes(state)
}

/**
 * The laws that a kind's table breaks, with the step that does; and where it differs from what SPEC.md draws.
 */
export function brokenLaws(kind: MigrationKind, table: TransitionTable, spec: string): string[] {
  const steps = stepsOf(kind, table)
  const broken = Object.entries(LAWS).flatMap(([law, holds]) =>
    steps.filter(step => !holds(step)).map(({ event, from }) => `${law}: ${from} ${event}`),
  )
  const drawn = drawnIn(sectionOf(spec, kind))
  const tabled = steps.map(({ event, from, to }) => `${from} ${event} ${to}`)
  const undrawn = tabled.filter(line => !drawn.includes(line)).map(line => `SPEC.md does not draw ${line}`)
  const missing = drawn.filter(line => !tabled.includes(line)).map(line => `SPEC.md draws ${line}`)
  return [...broken, ...undrawn, ...missing]
}

function stepsOf(kind: MigrationKind, table: TransitionTable): Step[] {
  return Object.entries(table).flatMap(([from, row]) =>
    Object.entries(row).flatMap(([event, cell]) =>
      cell === 'refused'
        ? []
        : [{ ...cell, kind, from: from as MigrationState, event: event as MigrationEvent }],
    ),
  )
}

/** What the page says of one kind: the section that is named like it. */
function sectionOf(spec: string, kind: MigrationKind): string {
  return spec.split(`\n## Kind \`${kind}\`\n`)[1]?.split('\n## ')[0] ?? ''
}

/** The transitions that the page draws, as `from event to`. */
function drawnIn(spec: string): string[] {
  return [...spec.matchAll(/^ {2}(\w+) --> (\w+): (.+)$/gm)].flatMap(([, from, to, events]) =>
    events!.split(', ').map(event => `${from!.replaceAll('_', '-')} ${event} ${to!.replaceAll('_', '-')}`),
  )
}
