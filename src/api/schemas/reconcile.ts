import { z } from 'zod'
import { ORPHAN_KINDS, ORPHAN_STATES } from '../../domain/orphan.ts'
import { RECONCILE_VERDICTS, type ReconcileCounts } from '../../domain/reconcile.ts'
import { pageQueryOf } from './page.ts'
import {
  bytesSchema,
  countSchema,
  idSchema,
  principalSchema,
  referenceSchema,
  wallTimeSchema,
} from './values.ts'

const described = (description: string) => countSchema.meta({ description })

const countsSchema: z.ZodType<ReconcileCounts> = z.object({
  listed: described('Entries of the inventory'),
  listedBytes: bytesSchema,
  known: described('Entries that are as the catalog says'),
  underWay: described('Entries with which a write or a move of ours is not finished'),
  dark: described('Entries the catalog knows nothing of'),
  darkBytes: bytesSchema,
  forgotten: described('Entries that say we made them, where the catalog knows no copy'),
  forgottenBytes: bytesSchema,
  missing: described('Copies of an exclusive bucket that are gone: suspect now'),
  missingBytes: bytesSchema,
  changed: described('Copies of an exclusive bucket whose bytes are other ones: suspect now'),
  followed: described('Changes by others that the catalog has followed'),
  unsettled: described('Copies left to the next run'),
  parts: described('Uploads in parts, older than a day, that nobody needs'),
  partsAborted: described('Of them, those of moves of ours that have ended: aborted'),
  leftovers: described('Retained and suspect copies'),
  confirmed: described('Orphans that two scans saw, far enough apart'),
  deleted: countSchema,
  deletedBytes: bytesSchema,
  withheld: described('Confirmed orphans that were not deleted because of a cap or a check'),
})

const sourceSchema = z
  .strictObject({
    storeId: idSchema,
    container: z.string().min(1).max(255),
    key: z.string().min(1).max(1_024),
  })
  .nullable()
  .meta({
    description:
      'Where the manifest of an inventory lies that S3, Azure or Google wrote; null: our own listing of the container',
  })

/** Comparing a container with the catalog. */
export const reconcileRunSchema = z.object({
  id: idSchema,
  location: referenceSchema,
  container: z.string(),
  prefix: z.string(),
  inventory: sourceSchema,
  deletes: z.boolean(),
  apartHours: z.number(),
  state: z.enum(['running', 'interrupted', 'done', 'failed']),
  phase: z.enum(['reading', 'unseen', 'leftovers', 'deleting']),
  takenAt: wallTimeSchema.nullable().meta({ description: 'When the inventory was taken' }),
  counts: countsSchema,
  error: z.string().nullable(),
  startedAt: wallTimeSchema,
  updatedAt: wallTimeSchema,
  finishedAt: wallTimeSchema.nullable(),
  principal: principalSchema,
})
export type ReconcileRunResource = z.infer<typeof reconcileRunSchema>

/** A run to be started. Defaults are the careful ones. */
export const reconcileCreateSchema = z.strictObject({
  locationId: idSchema.meta({ description: 'A location of the container that is compared' }),
  prefix: z.string().max(1_024).default(''),
  inventory: sourceSchema.default(null),
  deletes: z.boolean().default(false).meta({
    description: 'Delete confirmed orphans at the end, of moves of ours that have ended, within the caps',
  }),
  apartHours: z.number().min(1).max(8_760).default(24).meta({
    description: 'How far apart the two scans must be that confirm an orphan',
  }),
  deletionsMax: z.int().min(0).max(1_000_000).default(1_000),
  deletedBytesMax: bytesSchema.default(2 ** 40),
  deletedShareMax: z.number().min(0).max(1).default(0.01).meta({
    description: 'Nothing is deleted when more than this share of the listed objects would be',
  }),
  acceptMissing: z.boolean().default(false).meta({
    description: 'Go on although most of what should lie there is missing',
  }),
})

/** One thing a run found. */
export const reconcileFindingSchema = z.object({
  verdict: z.enum(RECONCILE_VERDICTS),
  nativeKey: z.string(),
  objectId: idSchema.nullable(),
  bytes: bytesSchema,
  detail: z.string(),
})
export type ReconcileFindingResource = z.infer<typeof reconcileFindingSchema>

export const findingsQuerySchema = pageQueryOf({ verdict: z.enum(RECONCILE_VERDICTS).optional() })

/** Bytes in a store that no reader can reach through us and that somebody pays for. */
export const orphanSchema = z.object({
  id: idSchema,
  kind: z.enum(ORPHAN_KINDS),
  state: z.enum(ORPHAN_STATES),
  store: referenceSchema,
  container: z.string(),
  nativeKey: z.string(),
  location: referenceSchema.nullable(),
  bucket: referenceSchema.nullable(),
  bytes: bytesSchema,
  monthlyUsd: z.number().nullable().meta({ description: 'What keeping them costs; null without a price' }),
  objectId: idSchema.nullable(),
  copyId: idSchema.nullable().meta({ description: 'The copy, of a retained or suspect one' }),
  migrationId: idSchema.nullable().meta({ description: 'The migration of ours that brought them' }),
  reason: z.string(),
  outcome: z.string().nullable().meta({ description: 'What came of the last decision' }),
  firstSeenAt: wallTimeSchema,
  lastSeenAt: wallTimeSchema,
  decidedAt: wallTimeSchema.nullable(),
  decidedBy: principalSchema.nullable(),
})
export type OrphanResource = z.infer<typeof orphanSchema>

/** What the ledger of orphans adds up to, of those that are still there. */
export const orphanSumsSchema = z.object({
  items: z.array(
    z.object({
      kind: z.enum(ORPHAN_KINDS),
      state: z.enum(ORPHAN_STATES),
      orphans: countSchema,
      bytes: bytesSchema,
      monthlyUsd: z.number().meta({ description: 'Of those that have a price' }),
    }),
  ),
})

export const orphansQuerySchema = pageQueryOf({
  state: z.enum(ORPHAN_STATES).optional(),
  kind: z.enum(ORPHAN_KINDS).optional(),
  locationId: idSchema.optional(),
})
