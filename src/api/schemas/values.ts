import { z } from 'zod'
import { READER_CLASSES } from '../../domain/access-event.ts'
import { TIERS } from '../../domain/tier.ts'

/** An identifier in the text form of a UUID. Ids of objects are digests, so no version bits are promised. */
export const idSchema = z.guid()

/** The name people give a store, a location or a policy. */
export const nameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,62}$/,
    'must be 1 to 63 lower-case letters, digits, dots, hyphens or underscores',
  )

/** A moment of the wall clock, ISO 8601 in UTC. */
export const wallTimeSchema = z.iso.datetime()

/** A moment of the model clock, ISO 8601 in UTC; differs from wall time only where a time scale is set. */
export const modelTimeSchema = z.iso.datetime().meta({ description: 'Model clock' })

/** A calendar day, `YYYY-MM-DD`. */
export const daySchema = z.iso.date()

/** A number of bytes. */
export const bytesSchema = z.int().min(0)

/** A number of things. */
export const countSchema = z.int().min(0)

/** Hot, warm or cold. */
export const tierSchema = z.enum(TIERS)

/** What kind of reader an access key stands for. */
export const readerClassSchema = z.enum(READER_CLASSES)

/** Who did something, as `<kind>:<name>`. */
export const principalSchema = z.string()

/** The id and name of something another resource refers to. */
export const referenceSchema = z.object({ id: idSchema, name: z.string() })

/** Path parameters of a single resource. */
export const idParametersSchema = z.object({ id: idSchema })

/** Number of a resource's change; sent as `ETag: "<revision>"`, asked back by `If-Match`. */
export const revisionSchema = z.int().min(1)
