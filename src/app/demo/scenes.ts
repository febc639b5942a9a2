import type { ImportResource } from '../../api/schemas/import.ts'
import type { DemoApi } from './demo-api.ts'
import { DEMO } from './demo-settings.ts'
import type { DemoWorld } from './demo-world.ts'
import type { Narrator } from './narrate.ts'

/** What every scene of the demo plays with. */
export interface Scene {
  readonly api: DemoApi
  readonly narrator: Narrator
  readonly world: DemoWorld
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal
}

/** The story does not go on: something awaited did not happen in its time. */
export class DemoStuck extends Error {
  override readonly name = 'DemoStuck'
}

const LOOK_MS = 1_000
const IMPORT_SECONDS_MAX = 120

/** Waits until something is true. Rejects with DemoStuck after `secondsMax`, or when Ctrl-C came. */
export async function waitFor(
  scene: Scene,
  what: string,
  secondsMax: number,
  isTrue: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + secondsMax * 1_000
  while (!(await isTrue())) {
    if (scene.signal.aborted) throw new DemoStuck('stopped by a person')
    if (performance.now() > deadline) throw new DemoStuck(`waited ${secondsMax} seconds for ${what}`)
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
}

/** Lists the files into the catalog; what is there already is only seen again. */
export async function importFiles(scene: Scene): Promise<void> {
  const started = await scene.api.post<ImportResource>('/v1/imports', {
    bucketId: scene.world.bucketId,
    locationId: scene.world.onPremLocationId,
  })
  let job = started
  await waitFor(scene, 'the import', IMPORT_SECONDS_MAX, async () => {
    job = await scene.api.get<ImportResource>(`/v1/imports/${started.id}`)
    return job.state !== 'running'
  })
  if (job.state !== 'done')
    throw new DemoStuck(`the import ${job.state}: ${job.error ?? 'no reason was given'}`)
  scene.narrator.tell(
    `imported ${job.objects} objects without reading a byte of them (${job.known} were known)`,
  )
}

interface ObjectPage {
  readonly items: readonly { readonly key: string }[]
}

/** Keys of objects that lie in the cold tier, or in the warm one when none is cold. */
export async function pickColdKeys(scene: Scene, count: number): Promise<string[]> {
  for (const tier of ['cold', 'warm']) {
    const page = await scene.api.get<ObjectPage>(
      `/v1/objects?bucket=${DEMO.bucket}&tier=${tier}&limit=${count}`,
    )
    if (page.items.length > 0) return page.items.map(item => item.key)
  }
  return []
}
