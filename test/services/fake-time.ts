import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'

const HOW_TO_GET_IT =
  'no libfaketime is installed: install the package "faketime" or "libfaketime" of your system'
const PLACES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib64/faketime/libfaketimeMT.so.1',
  '/usr/lib/faketime/libfaketimeMT.so.1',
]

/** Where the library is that gives a process a wrong clock; {@link clockOf} uses it. */
export interface FakeTime {
  readonly library: string
}

/**
 * Finds libfaketime, or answers why there is none, for the caller to skip its tests with; with
 * `DIM_REQUIRE_SERVICES=1` it throws.
 */
export function findFakeTime(): FakeTime | { readonly missing: string } {
  const library = PLACES.find(path => existsSync(path))
  if (library !== undefined) return { library }
  if (process.env.DIM_REQUIRE_SERVICES === '1') throw new Error(HOW_TO_GET_IT)
  return { missing: HOW_TO_GET_IT }
}

/** A clock of processes that can be put forward and back while they run. */
export interface WrongClock {
  /** What a process needs in its environment to believe it. Time-outs still take as long as they take. */
  readonly environment: Readonly<Record<string, string>>
  /** `+1h`, `-10m`, as libfaketime reads it. */
  set(offset: string): Promise<void>
}

/** Makes a clock that `file` keeps. */
export async function clockOf({ library }: FakeTime, file: string, offset: string): Promise<WrongClock> {
  const set = (to: string) => writeFile(file, `${to}\n`)
  await set(offset)
  return {
    set,
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
  }
}
