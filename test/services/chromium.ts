import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'

const HOW_TO_GET_IT =
  'no Chromium is installed: install the package "chromium" of your system, or name a browser in DIM_TEST_CHROMIUM'
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** A real browser of one test file. */
export interface TestBrowser {
  /** Opens a window of its own: nothing is remembered from another. */
  open(options: { width: number; height: number; colourScheme: 'light' | 'dark' }): Promise<BrowserContext>
  close(): Promise<void>
}

/**
 * Starts an installed Chromium without a screen. Without one it answers why, for the caller to skip its
 * tests with; with `DIM_REQUIRE_SERVICES=1` it throws.
 */
export async function startChromium(): Promise<TestBrowser | { readonly missing: string }> {
  const executablePath = [process.env.DIM_TEST_CHROMIUM ?? '', ...PLACES].find(
    path => path !== '' && existsSync(path),
  )
  if (executablePath === undefined) {
    if (process.env.DIM_REQUIRE_SERVICES === '1') throw new Error(HOW_TO_GET_IT)
    return { missing: HOW_TO_GET_IT }
  }
  const home = await mkdtemp(join(tmpdir(), 'dim-chromium-'))
  const browser = await chromium.launch({
    executablePath,
    // Without a sandbox, because tests also run as root; quiet, because nothing may leave this machine.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-sync',
    ],
    env: { ...process.env, HOME: home },
  })
  return {
    open: ({ width, height, colourScheme }) =>
      browser.newContext({ viewport: { width, height }, colorScheme: colourScheme, reducedMotion: 'reduce' }),
    async close() {
      await browser.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}
