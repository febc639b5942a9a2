import { z } from 'zod'
import { MIGRATION_HOLDS } from '../../database/migrations/migration-views.ts'
import { MIGRATION_KINDS, MIGRATION_STATES } from '../../domain/migration.ts'
import { pageQueryOf } from './page.ts'
import {
  bytesSchema,
  countSchema,
  idSchema,
  modelTimeSchema,
  principalSchema,
  referenceSchema,
  tierSchema,
  wallTimeSchema,
} from './values.ts'

/** What a person can do with a migration, and which of it its state allows. */
const migrationCanSchema = z.object({
  pause: z.boolean(),
  resume: z.boolean(),
  cancel: z.boolean(),
  retry: z.boolean(),
  rollback: z.boolean(),
})

const placeSchema = referenceSchema.extend({
  tier: tierSchema.nullable().meta({ description: 'Null once the location is removed' }),
})

/** Changing the copies of one object version. */
export const migrationSchema = z.object({
  id: idSchema,
  kind: z.enum(MIGRATION_KINDS),
  state: z.enum(MIGRATION_STATES),
  direction: z.enum(['promotion', 'demotion', 'lateral']),
  bucket: z.string(),
  key: z.string(),
  objectId: idSchema,
  generation: z.int(),
  source: placeSchema,
  target: placeSchema,
  size: bytesSchema,
  bytesCopied: bytesSchema,
  priority: z.int(),
  attempt: z.int(),
  attemptsMax: z.int(),
  paused: z.boolean(),
  cancelRequested: z.boolean(),
  heldBy: z.array(z.enum(MIGRATION_HOLDS)).meta({
    description:
      'What a person stopped or paused, or which store refuses our credentials, that it rests for; `paused` is its own pause',
  }),
  dueBy: wallTimeSchema.nullable().meta({ description: 'By when readers should get the target copy' }),
  overdue: z.boolean().meta({ description: 'They did not by then' }),
  worker: z.string().nullable().meta({ description: 'Who holds the lease' }),
  error: z.object({ kind: z.string(), message: z.string() }).nullable(),
  outage: z
    .object({ since: wallTimeSchema, rests: countSchema })
    .nullable()
    .meta({ description: 'A store does not answer it: since when, and how often it rested for that' }),
  restore: z.object({ since: wallTimeSchema, requests: countSchema, looks: countSchema }).nullable().meta({
    description:
      'The source lies, or lay, in an archive: since when its restore is waited for, how often its store was asked for it and looked at',
  }),
  verifiedBy: z.enum(['target-checksum', 'read-back']).nullable(),
  sha256: z.string().nullable(),
  planId: idSchema.nullable(),
  decisionId: idSchema.nullable(),
  monthlySavingUsd: z.number().nullable(),
  oneTimeUsd: z.number().nullable(),
  graceUntil: modelTimeSchema.nullable(),
  createdAt: wallTimeSchema,
  startedAt: wallTimeSchema.nullable(),
  finishedAt: wallTimeSchema.nullable(),
  nextAttemptAt: wallTimeSchema.nullable(),
  principal: principalSchema,
  can: migrationCanSchema,
})
export type MigrationResource = z.infer<typeof migrationSchema>

/** One step of a migration's timeline. */
export const migrationStepSchema = z.object({
  sequence: z.int(),
  at: wallTimeSchema,
  event: z.string(),
  stateFrom: z.enum(MIGRATION_STATES),
  stateTo: z.enum(MIGRATION_STATES),
  worker: z.string(),
  fencingToken: z.int(),
  secondsBefore: z.number().nullable().meta({ description: 'Since the step before; null for the first' }),
  attempt: z.int().nullable().meta({ description: 'Which try of the stage failed' }),
  error: z.object({ kind: z.string(), message: z.string() }).nullable(),
  restsUntil: wallTimeSchema.nullable().meta({ description: 'When it is tried again' }),
  sha256: z.string().nullable().meta({ description: 'Of the bytes that were copied' }),
  detail: z.record(z.string(), z.unknown()),
})

/** A migration with its timeline, oldest step first. */
export const migrationDetailSchema = migrationSchema.extend({ timeline: z.array(migrationStepSchema) })
export type MigrationDetail = z.infer<typeof migrationDetailSchema>

/** Filters of the list of migrations, newest first. */
export const migrationQuerySchema = pageQueryOf({
  state: z.enum(MIGRATION_STATES).optional(),
  active: z.stringbool().optional().meta({ description: 'true: unfinished only; false: finished only' }),
  direction: z.enum(['promotion', 'demotion', 'lateral']).optional(),
  bucket: z.string().max(63).optional(),
  objectId: idSchema.optional(),
  planId: idSchema.optional(),
  store: z.string().max(63).optional().meta({ description: 'Name of a store it reads or writes in' }),
  overdue: z.stringbool().optional().meta({ description: 'true: only what missed its deadline' }),
  paused: z.stringbool().optional().meta({
    description:
      'true: only what rests because it, its plan or a store of it is paused, a store refuses us, or everything is stopped',
  }),
  errorKind: z.string().max(63).optional().meta({ description: 'Kind of the last error' }),
})
