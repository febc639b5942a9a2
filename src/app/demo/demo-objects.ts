import { createHash } from 'node:crypto'
import { mkdir, open, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Bytes } from '../../domain/bytes.ts'
import { contentOf } from '../../simulator/traffic/content.ts'
import { seededRandom } from '../../simulator/traffic/random.ts'
import { DEMO } from './demo-settings.ts'

/** An object of the demo: anyone can compute its bytes again from key and size. */
export interface DemoObject {
  readonly key: string
  readonly size: Bytes
}

/** What a studio keeps: a few shapes of key, so that prefixes mean something on the dashboard. */
const SHAPES: readonly ((index: number) => string)[] = [
  index => `renders/shot-${pad(index % 240, 3)}/frame-${pad(index, 5)}.exr`,
  index => `footage/day-${pad(index % 40, 2)}/clip-${pad(index, 5)}.mov`,
  index => `stills/2026/${pad((index % 12) + 1, 2)}/DSC_${pad(index, 5)}.jpg`,
  index => `audio/takes/take-${pad(index, 5)}.wav`,
  index => `datasets/motion-capture/part-${pad(index, 5)}.parquet`,
]

/** The demo's objects, the same on every machine. */
export function listDemoObjects(count: number = DEMO.objects): DemoObject[] {
  const random = seededRandom(`${DEMO.seed}/sizes`)
  return Array.from({ length: count }, (_, index) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
    const size = Math.round(DEMO.sizeMedianBytes * Math.exp(DEMO.sizeSigma * normal))
    return {
      key: SHAPES[index % SHAPES.length]!(index),
      size: Math.min(DEMO.sizeBytesMax, Math.max(DEMO.sizeBytesMin, size)),
    }
  })
}

/**
 * Writes the objects as plain files, as if they had always lain there; files that are complete already are
 * left alone. Returns how many bytes there are in all.
 */
export async function writeDemoFiles(folder: string, objects: readonly DemoObject[]): Promise<Bytes> {
  const folders = new Set(objects.map(object => path.dirname(path.join(folder, object.key))))
  for (const each of folders) await mkdir(each, { recursive: true })
  let bytes = 0
  for (const object of objects) {
    const file = path.join(folder, object.key)
    bytes += object.size
    const present = await stat(file).then(
      facts => facts.size === object.size,
      () => false,
    )
    if (present) continue
    const handle = await open(file, 'w')
    try {
      for (const chunk of contentOf(object.key, object.size)) await handle.write(chunk)
    } finally {
      await handle.close()
    }
  }
  return bytes
}

/** SHA-256 of each object's content, by key: the demo's own truth, kept apart from the catalog. */
export function digestDemoObjects(objects: readonly DemoObject[]): Map<string, string> {
  return new Map(
    objects.map(object => {
      const hash = createHash('sha256')
      for (const chunk of contentOf(object.key, object.size)) hash.update(chunk)
      return [object.key, hash.digest('hex')]
    }),
  )
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
