import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContext, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { saveExpectedReads } from '../../src/database/accesses/expected-reads.ts'
import { quarantineObject } from '../../src/database/catalog/last-copies.ts'
import { advanceBudgetClock } from '../../src/database/catalog/store-limits.ts'
import { tellCircuit } from '../../src/database/catalog/store-loads.ts'
import { createMigrations } from '../../src/database/migrations/migration-creation.ts'
import type { Database } from '../../src/database/postgres.ts'
import { enterSightings, type OrphanSighting } from '../../src/database/upkeep/orphans.ts'
import { newId, objectIdOf } from '../../src/domain/identifiers.ts'
import { startTestApi, type TestApi } from '../builders/api.ts'
import { seedCatalog, seedObjects, type TestCatalog } from '../builders/catalog.ts'
import { createTestDatabase, type TestDatabase } from '../builders/database.ts'
import { aPolicy, aPriceBook } from '../builders/placement.ts'
import { startChromium, type TestBrowser } from '../services/chromium.ts'

/**
 * The built dashboard in a real browser against the real API and a real database. What is looked for is what
 * a person would: can everything be reached, read and undone, by mouse, by keyboard, on a phone, in the dark.
 */

const DAY_MS = 86_400_000
const OBJECTS = 400
const PAGES = [
  '/',
  '/objects',
  '/policies',
  '/plans',
  '/migrations',
  '/stores',
  '/upkeep',
  '/events',
] as const
const WIDE = { width: 1280, height: 800, colourScheme: 'light' } as const
const PHONE = { width: 390, height: 844, colourScheme: 'dark' } as const

let folder: string
let test: TestDatabase
let api: TestApi
let origin: string
let catalog: TestCatalog
let browser: TestBrowser | { readonly missing: string }

beforeAll(async () => {
  browser = await startChromium()
  if ('missing' in browser) return
  folder = await mkdtemp(join(tmpdir(), 'dim-dashboard-'))
  await build({
    root: join(import.meta.dirname, '..', '..', 'dashboard'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  })
  test = await createTestDatabase()
  catalog = await seedCatalog(test.database, {
    policy: aPolicy(),
    priceBook: aPriceBook([
      { id: 'hot', storageUsdPerGbMonth: 0.1, retrievalUsdPerGb: 0.1 },
      { id: 'warm', storageUsdPerGbMonth: 0.02 },
      { id: 'cold', storageUsdPerGbMonth: 0.004 },
    ]),
  })
  await seedObjects(test.database, catalog.bucketId, someObjects())
  api = await startTestApi(test.database, { dashboardFolder: folder })
  origin = await api.app.listen({ host: '127.0.0.1', port: 0 })
}, 120_000)

afterAll(async () => {
  if ('missing' in browser) return
  await browser.close()
  await api.app.close()
  await test.drop()
  await rm(folder, { recursive: true, force: true })
})

function someObjects() {
  const now = Date.now()
  return Array.from({ length: OBJECTS }, (_, index) => ({
    key: index === 0 ? 'strange/../a//ü ?#&=%2F.txt' : `films/${String(index).padStart(4, '0')}.mkv`,
    size: 1_000_000 + index * 1_000,
    locationId: catalog.locationIds[(['hot', 'warm', 'cold'] as const)[index % 3]!],
    enteredAt: now - 10 * DAY_MS,
    lnHeats: null,
    reviewAt: null,
  }))
}

/** A proposed plan of one decision: the object of `key` goes from hot to cold. */
async function proposePlan(database: Database, key: string): Promise<{ planId: string }> {
  const { rows } = await database.query('select id from object where key = $1', [key])
  const planId = newId()
  await database.query(
    `insert into plan (id, state, approval, policy_id, policy_revision, price_book_id, objects, bytes,
                       monthly_saving_usd, one_time_usd, created_ms, principal)
     values ($1, 'proposed', 'person', $2, 1, $3, 1, 5000000, 1.25, 0.5, $4, 'planner:test')`,
    [planId, catalog.policyId, catalog.priceBookId, Date.now()],
  )
  await database.query(
    `insert into decision (id, plan_id, object_id, bucket_id, key, generation, placement_version,
                           from_location_id, to_location_id, reason, size, monthly_saving_usd, one_time_usd,
                           payback_days, evidence, principal)
     values ($1, $2, $3, $4, $5, 1, 1, $6, $7, 'heat-fell-below-band', 5000000, 1.25, 0.5, 12,
             '{"alternatives": [], "inputs": {}}', 'planner:test')`,
    [newId(), planId, rows[0].id, catalog.bucketId, key, catalog.locationIds.hot, catalog.locationIds.cold],
  )
  return { planId }
}

interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** What the browser complained about, and requests that went anywhere else. */
  readonly complaints: string[]
}

/** Opens the dashboard signed in; skips the test where there is no browser. */
async function visit(
  skip: TestContext['skip'],
  options: { path?: string; window?: typeof WIDE | typeof PHONE; role?: 'viewer' | 'operator' } = {},
): Promise<Visit> {
  if ('missing' in browser) return skip(browser.missing)
  const context = await browser.open(options.window ?? WIDE)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  page.on('request', request => {
    if (new URL(request.url()).origin !== origin) complaints.push(`asked ${request.url()}`)
  })
  await page.goto(`${origin}/#token=${api.tokens[options.role ?? 'operator']}`)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  if (options.path !== undefined) {
    await page.goto(origin + options.path)
    await page.getByRole('heading', { level: 1 }).waitFor()
  }
  return { page, context, complaints }
}

/** Waits until nothing on the page stands in for something that loads. */
async function settled(page: Page): Promise<void> {
  const unsettled = page.locator('.skeleton, [aria-busy="true"]')
  await expect.poll(() => unsettled.count(), { timeout: 20_000 }).toBe(0)
}

describe('signing in', () => {
  it('asks for a token, says when it is wrong, and lets a right one in', async ({ skip }) => {
    const { page, context } = await visit(skip)
    await context.clearCookies()
    await page.goto(`${origin}/objects`)
    await page.getByLabel('Token', { exact: true }).fill('dim_wrong')
    await page.keyboard.press('Enter')
    await page.getByText('This token is unknown, expired or revoked.').waitFor()
    await page.getByLabel('Token', { exact: true }).fill(api.tokens.viewer)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Objects' }).waitFor()
    await context.close()
  })

  it('takes the token of a link out of the address', async ({ skip }) => {
    const { page, context } = await visit(skip)
    expect(page.url()).not.toContain(api.tokens.operator)
    await page.goBack()
    expect(page.url()).not.toContain(api.tokens.operator)
    await context.close()
  })
})

describe('every page', () => {
  it('reads well in a wide window by day', { timeout: 120_000 }, ({ skip }) => readAll(skip, WIDE))
  it('reads well on a phone by night', { timeout: 120_000 }, ({ skip }) => readAll(skip, PHONE))

  async function readAll(skip: TestContext['skip'], window: typeof WIDE | typeof PHONE): Promise<void> {
    const { page, context, complaints } = await visit(skip, { window })
    for (const path of PAGES) {
      await page.goto(origin + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await settled(page)
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa'])
        .analyze()
      expect([path, violations.map(each => `${each.id}: ${each.nodes[0]?.html}`)]).toEqual([path, []])
      const overflow = await page
        .locator('html')
        .evaluate(element => element.scrollWidth - element.clientWidth)
      expect([path, overflow]).toEqual([path, 0])
    }
    expect(complaints).toEqual([])
    await context.close()
  }
})

describe('an object', () => {
  it('opens from the keyboard, explains itself, and closes with Escape', async ({ skip }) => {
    const { page, context, complaints } = await visit(skip, { path: '/objects?prefix=films' })
    const row = page.getByRole('row').filter({ hasText: 'films/0001.mkv' })
    await row.focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const drawer = page.getByRole('dialog')
    await drawer.getByRole('heading', { name: 'What each place would cost' }).waitFor()
    expect(await drawer.textContent()).toContain('films/0002.mkv')
    expect(new URL(page.url()).searchParams.get('open')).toBe('photos/films/0002.mkv')
    const { violations } = await new AxeBuilder({ page }).include('[role=dialog]').analyze()
    expect(violations.map(each => `${each.id}: ${each.nodes[0]?.html}`)).toEqual([])
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    expect(new URL(page.url()).searchParams.get('open')).toBeNull()
    expect(complaints).toEqual([])
    await context.close()
  })

  it('is linked to, however strange its key', async ({ skip }) => {
    const key = 'strange/../a//ü ?#&=%2F.txt'
    const path = `/objects?open=${encodeURIComponent(`photos/${key}`)}`
    const { page, context, complaints } = await visit(skip, { path })
    await page.getByRole('dialog').getByText('One copy').waitFor()
    expect(await page.getByRole('dialog').textContent()).toContain(key)
    expect(complaints).toEqual([])
    await context.close()
  })

  it('is found by the search from anywhere', async ({ skip }) => {
    const { page, context } = await visit(skip)
    await page.keyboard.press('Control+k')
    await page.keyboard.type('photos/films/0123')
    await page.getByRole('option', { name: /films\/0123/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText('One copy').waitFor()
    await context.close()
  })

  it('stays one of many: only the rows in sight are drawn, the rest come as one scrolls', async ({
    skip,
  }) => {
    const { page, context } = await visit(skip, { path: '/objects' })
    const table = page.getByRole('table', { name: 'Objects' })
    await table.getByRole('row').nth(5).waitFor()
    expect(await table.getByRole('row').count()).toBeLessThan(80)
    await expect
      .poll(
        async () => {
          await table.evaluate(element => element.scrollTo(0, element.scrollHeight))
          return table.getByText('films/0399.mkv').count()
        },
        { timeout: 20_000 },
      )
      .toBe(1)
    await context.close()
  })
})

describe('a plan', () => {
  it('is in the overview: what is paid now less what it saves is what comes after', async ({ skip }) => {
    await proposePlanOrSkip(skip, 'films/0009.mkv')
    await saveExpectedReads(test.database, {
      at: Date.now(),
      modelAt: Date.now(),
      loads: [
        {
          locationId: catalog.locationIds.hot,
          policyId: null,
          readsPerMonth: 10,
          bytesPerMonth: 5_000_000_000,
        },
      ],
    })
    const { page, context } = await visit(skip)
    const table = page.getByRole('table', { name: 'Dollars per month, in storage and reads' })
    const amounts = async (name: RegExp) => {
      const cells = table.getByRole('row', { name }).getByRole('cell')
      const texts = (await cells.allTextContents()).filter(text => text.includes('$'))
      return texts.map(text => Number(text.replace('−', '-').replace(/[$,]/g, '')))
    }
    // The first sample may be of a moment before the expected reads were counted.
    await expect
      .poll(async () => (await amounts(/plans? saves?/))[2] ?? 0, { timeout: 20_000 })
      .toBeGreaterThan(0)
    const [now, saved, after] = [
      await amounts(/^Now/),
      await amounts(/plans? saves?/),
      await amounts(/^After/),
    ]
    expect(saved[2]).toBeGreaterThan(0)
    expect(now[1]).toBe(0.5)
    for (const column of [0, 1, 2]) expect(now[column]! - saved[column]!).toBeCloseTo(after[column]!, 6)
    await page.getByText('expected at the present heat, as of').waitFor()
    await context.close()
  })

  it('asks once, naming objects, bytes, dollars and the way back, and then is approved', async ({ skip }) => {
    const { planId } = await proposePlanOrSkip(skip, 'films/0003.mkv')
    const { page, context } = await visit(skip, { path: `/plans/${planId}` })
    await page.getByRole('button', { name: 'Approve' }).click()
    // The note that it was done is a dialog to assistive technology, too.
    const question = page.getByRole('dialog').filter({ hasText: 'Undo' })
    const text = await question.textContent()
    for (const part of ['Objects', '4.77 MiB', '+$1.25 per month', '$0.500', 'Undo', 'roll back for 1 d']) {
      expect(text).toContain(part)
    }
    await question.getByRole('button', { name: 'Approve and move' }).click()
    await question.waitFor({ state: 'detached' })
    await expect
      .poll(
        async () =>
          (await test.database.query('select state from plan where id = $1', [planId])).rows[0].state,
      )
      .not.toBe('proposed')
    await context.close()
  })

  it('cannot be approved by a viewer, who is told why', async ({ skip }) => {
    const { planId } = await proposePlanOrSkip(skip, 'films/0006.mkv')
    const { page, context } = await visit(skip, { path: `/plans/${planId}`, role: 'viewer' })
    const button = page.getByRole('button', { name: 'Approve' })
    expect(await button.getAttribute('aria-disabled')).toBe('true')
    await button.focus()
    await page.getByText('Your token may only look.').waitFor()
    await context.close()
  })

  async function proposePlanOrSkip(skip: TestContext['skip'], key: string) {
    if ('missing' in browser) return skip(browser.missing)
    return proposePlan(test.database, key)
  }
})

describe('operating the queue', () => {
  /** Migrations that wait: one object each, from hot to cold. */
  async function planMoves(skip: TestContext['skip'], indexes: readonly number[]): Promise<void> {
    if ('missing' in browser) return skip(browser.missing)
    const moves = indexes.map(index => ({
      id: newId(),
      objectId: objectIdOf(catalog.bucketId, `films/${String(index).padStart(4, '0')}.mkv`),
      generation: 1,
      placementVersion: 1,
      targetCopyId: newId(),
      targetLocationId: catalog.locationIds.cold,
      priority: 40,
      direction: 'demotion' as const,
      graceMs: 0,
      attemptsMax: 5,
      decisionId: null,
      planId: null,
      monthlySavingUsd: 0.1,
      oneTimeUsd: 0,
    }))
    const { refused } = await createMigrations(test.database, moves, 'user:test')
    expect(refused).toEqual([])
  }

  it('stops everything after one question with a reason, says so on every page, and goes on', async ({
    skip,
  }) => {
    await planMoves(skip, [12, 15])
    const { page, context, complaints } = await visit(skip, { path: '/migrations' })
    await page.getByRole('row').filter({ hasText: 'films/0012.mkv' }).waitFor()
    await page.getByRole('button', { name: 'Stop all migrations' }).click()
    const question = page.getByRole('dialog').filter({ hasText: 'Undo' })
    const confirm = question.getByRole('button', { name: 'Stop everything' })
    expect(await confirm.getAttribute('aria-disabled')).toBe('true')
    await question.getByLabel('Why').fill('smoke in rack 4')
    const { violations } = await new AxeBuilder({ page }).include('[role=dialog]').analyze()
    expect(violations.map(each => `${each.id}: ${each.nodes[0]?.html}`)).toEqual([])
    await confirm.click()
    await page.getByText('All migrations are stopped', { exact: true }).waitFor()
    await page.getByText('everything is stopped').waitFor()
    await page.goto(`${origin}/objects`)
    await page.getByText('smoke in rack 4').waitFor()
    await page.getByRole('button', { name: 'System: Stopped' }).waitFor()
    await page.getByRole('button', { name: 'Resume all' }).click()
    await page
      .getByRole('dialog')
      .filter({ hasText: 'Undo' })
      .getByRole('button', { name: 'Resume all' })
      .click()
    await page.getByText('All migrations are stopped', { exact: true }).waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
    await context.close()
  })

  it('pauses a store, shows it where migrations are, and lets it go on from there', async ({ skip }) => {
    await planMoves(skip, [18])
    const { page, context, complaints } = await visit(skip, { path: '/stores' })
    const card = page.locator('section').filter({ hasText: 'store-cold' }).last()
    await card.getByRole('button', { name: 'Pause' }).click()
    const question = page.getByRole('dialog').filter({ hasText: 'Undo' })
    await question.getByLabel('Why (optional)').fill('firmware')
    await question.getByRole('button', { name: 'Pause' }).click()
    await card.getByText(/: firmware/).waitFor()
    await page.goto(`${origin}/migrations`)
    await page.getByText('Store store-cold').waitFor()
    await page.getByText('Store rests').first().waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('Store store-cold').waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
    await context.close()
  })

  it('changes how urgent a migration is, and marks a missed deadline', async ({ skip }) => {
    await planMoves(skip, [21])
    const { page, context, complaints } = await visit(skip, { path: '/migrations' })
    await page.getByRole('row').filter({ hasText: 'films/0021.mkv' }).click()
    const drawer = page.getByRole('dialog')
    await drawer.getByRole('button', { name: 'Urgency' }).click()
    const form = page.getByRole('dialog').filter({ hasText: 'How urgent is it?' })
    await form.getByLabel('Priority, 0 to 100').fill('90')
    await form.getByLabel('Due by (UTC)').fill('2100-01-01T00:00')
    await form.getByRole('button', { name: 'Change' }).click()
    await drawer.getByText('Somebody changed how urgent it is').waitFor()
    await test.database.query(`update migration set due_at = '2020-01-01' where due_at > '2099-01-01'`)
    await page.goto(`${origin}/migrations`)
    await page.getByRole('row').filter({ hasText: 'films/0021.mkv' }).click()
    await drawer.getByText('Deadline missed').waitFor()
    // What is late can still become more urgent.
    await drawer.getByRole('button', { name: 'Urgency' }).click()
    await form.getByLabel('Priority, 0 to 100').fill('95')
    await form.getByRole('button', { name: 'Change' }).click()
    await form.waitFor({ state: 'hidden' })
    await page.goto(`${origin}/migrations`)
    await page.getByRole('row').filter({ hasText: 'films/0021.mkv' }).getByText('overdue').waitFor()
    await page.getByRole('link', { name: 'Show them' }).click()
    await page.getByRole('button', { name: 'Past their deadline only' }).waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })
})

describe('a store', () => {
  it('shows its budget and use, its breaker, and a drill that people can end', async ({ skip }) => {
    if ('missing' in browser) return skip(browser.missing)
    const { database } = test
    const { rows } = await database.query(
      `update store set budget = '[{"requestsPerSecond": 10, "from": "00:00", "to": "00:00"}]',
         is_for_drills = true, drill_until = now() + interval '1 hour',
         drill = '{"seed": "s", "rules": [{"fault": "flips", "on": ["put"], "probability": 0.05}]}'
       where name = 'store-warm' returning id`,
    )
    const { id } = rows[0]
    await advanceBudgetClock(database, id, { requestsMs: 30_000, bytesMs: 0 }, null)
    await tellCircuit(database, id, 'worker/1', true)
    const { page, context, complaints } = await visit(skip, { path: '/stores', window: PHONE })
    const card = page.locator('section').filter({ hasText: 'store-warm' }).last()
    await card.getByText('10 requests per second always').waitFor()
    await card.getByText(/^\d+(\.\d+)? % of requests, last minute$/).waitFor()
    await card.getByText('No, its breaker opened').waitFor()
    await card.getByText('in 1 process').waitFor()
    await card.getByText('flips on put for 5 % of requests').waitFor()
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(each => `${each.id}: ${each.nodes[0]?.html}`)).toEqual([])
    await tellCircuit(database, id, 'worker/1', false)
    await card.getByText('yes, its breaker is closed').waitFor()
    await card.getByRole('button', { name: 'End the drill' }).click()
    await card.getByText('Requests fail on purpose').waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
    await context.close()
  })
})

describe('upkeep', () => {
  const films = (index: number) => `films/${String(index).padStart(4, '0')}.mkv`

  async function axeOf(page: Page): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page }).include('[role=dialog]').analyze()
    return violations.map(each => `${each.id}: ${each.nodes[0]?.html}`)
  }

  it('keeps what the banners say and link to beside a drawer that is open', async ({ skip }) => {
    if ('missing' in browser) return skip(browser.missing)
    await quarantineObject(test.database, objectIdOf(catalog.bucketId, films(31)), 'its only copy is corrupt')
    const path = `/objects?open=${encodeURIComponent(`photos/${films(33)}`)}`
    const { page, context, complaints } = await visit(skip, { path })
    const drawer = page.getByRole('dialog')
    await drawer.getByText('One copy').waitFor()
    const banner = page.getByRole('alert').filter({ hasText: '1 object has no good copy.' })
    await banner.waitFor()
    await expect
      .poll(async () => {
        const [above, below] = [await banner.boundingBox(), await drawer.boundingBox()]
        return above!.y + above!.height - below!.y
      })
      .toBe(0)
    // A click that something else would get is refused by the browser's driver.
    await banner.getByRole('link', { name: `photos/${films(31)}` }).click()
    await drawer.getByText('its only copy is corrupt', { exact: true }).waitFor()
    await test.database.query('update object set quarantined_because = null')
    expect(complaints).toEqual([])
    await context.close()
  })

  it('says on every page that an object has no good copy, with the evidence one click away', async ({
    skip,
  }) => {
    if ('missing' in browser) return skip(browser.missing)
    const because = 'its only copy, in hot, is corrupt'
    await quarantineObject(test.database, objectIdOf(catalog.bucketId, films(30)), because)
    const { page, context, complaints } = await visit(skip, { path: '/events', window: PHONE })
    const banner = page.getByRole('alert').filter({ hasText: '1 object has no good copy.' })
    await page.getByRole('button', { name: 'System: Needs you' }).waitFor()
    await banner.getByRole('link', { name: `photos/${films(30)}` }).click()
    await page.getByRole('dialog').getByText(because, { exact: true }).waitFor()
    await test.database.query('update object set quarantined_because = null')
    await page.goto(`${origin}/upkeep`)
    await page.getByText('all have a good copy').waitFor()
    expect(await banner.count()).toBe(0)
    expect(complaints).toEqual([])
    await context.close()
  })

  it('pauses the scrubber with a reason, which everybody reads, and lets it go on', async ({ skip }) => {
    const { page, context, complaints } = await visit(skip, { path: '/upkeep' })
    const scrubber = page.locator('section').filter({ hasText: 'Scrubber' })
    await scrubber.getByRole('button', { name: 'Pause' }).click()
    const question = page.getByRole('dialog').filter({ hasText: 'Undo' })
    await question.getByLabel('Why (optional)').fill('month-end')
    await question.getByRole('button', { name: 'Pause' }).click()
    await scrubber.getByText(/: month-end Repairs go on/).waitFor()
    await scrubber.getByRole('button', { name: 'Go on' }).click()
    await scrubber.getByText('Not running').waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })

  it('compares a container on request, deletes nothing, and shows what was found', async ({ skip }) => {
    const { page, context, complaints } = await visit(skip, { path: '/upkeep' })
    await page.getByRole('button', { name: 'Compare now' }).click()
    const question = page.getByRole('dialog').filter({ hasText: 'Compare a container' })
    await question.getByLabel('Location').selectOption({ label: 'warm' })
    await question.getByRole('button', { name: 'Compare' }).click()
    const drawer = page.getByRole('dialog').filter({ hasText: 'warm compared with the catalog' })
    await drawer.getByText('no, people decide').waitFor()
    const run = new URL(page.url()).searchParams.get('run')!
    await test.database.query(
      `insert into reconcile_finding (run_id, verdict, native_key, bytes, detail)
       values ($1, 'missing', 'films/gone.mkv', 5000, 'the store has nothing there')`,
      [run],
    )
    await page.reload()
    await drawer.getByText('films/gone.mkv').waitFor()
    expect(await axeOf(page)).toEqual([])
    await drawer.getByLabel('Which findings').selectOption('dark')
    await drawer.getByText('None of these.').waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })

  it('shows what orphans cost, and lets people decide only what is safe', async ({ skip }) => {
    if ('missing' in browser) return skip(browser.missing)
    await enterOrphan('backup/unknown.tar', 2.5)
    const { page, context, complaints } = await visit(skip, { path: '/upkeep?kind=dark' })
    await page.getByText('$2.50').first().waitFor()
    await page.getByRole('row').filter({ hasText: 'backup/unknown.tar' }).click()
    const drawer = page.getByRole('dialog').filter({ hasText: 'What is known' })
    const refused = drawer.getByRole('button', { name: 'Delete' })
    expect(await refused.getAttribute('aria-disabled')).toBe('true')
    await refused.hover()
    await page.getByText('we never delete them').waitFor()
    expect(await axeOf(page)).toEqual([])
    await drawer.getByRole('button', { name: 'Keep' }).click()
    const question = page.getByRole('dialog').filter({ hasText: 'Undo' })
    expect(await question.textContent()).toContain('$2.50')
    await question.getByRole('button', { name: 'Keep' }).click()
    await drawer.getByText('a person keeps them').waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })

  async function enterOrphan(nativeKey: string, monthlyUsd: number): Promise<void> {
    const { database } = test
    const stores = await database.query(`select id from store where name = 'store-cold'`)
    const place = { storeId: stores.rows[0].id, container: 'data' }
    const sighting: OrphanSighting = {
      kind: 'dark',
      nativeKey,
      locationId: catalog.locationIds.cold,
      bytes: 100_000_000_000,
      etag: 'e',
      versionId: null,
      objectId: null,
      copyId: null,
      migrationId: null,
      bucketId: catalog.bucketId,
      reason: 'nobody here knows these bytes',
      monthlyUsd,
    }
    await enterSightings(database, place, { id: newId(), takenAt: new Date() }, [sighting])
  }

  it('undoes a finished move, and says its price before it starts', async ({ skip }) => {
    if ('missing' in browser) return skip(browser.missing)
    const id = await finishMove(films(33))
    const { page, context, complaints } = await visit(skip, { path: `/migrations?open=${id}` })
    await page.getByRole('button', { name: 'Undo' }).click()
    const question = page.getByRole('dialog').filter({ hasText: 'Undo this migration?' })
    await question.getByText('Moves the object back to hot').waitFor()
    expect(await question.textContent()).toMatch(/Costs once\$0\.\d+Per month(costs|saves) \$/)
    expect(await axeOf(page)).toEqual([])
    const reverse = () =>
      test.database.query('select id from migration where target_location_id = $1 and finished_at is null', [
        catalog.locationIds.hot,
      ])
    expect((await reverse()).rows).toEqual([])
    await question.getByRole('button', { name: 'Undo it' }).click()
    await question.waitFor({ state: 'detached' })
    await expect.poll(() => new URL(page.url()).searchParams.get('open')).not.toBe(id)
    expect((await reverse()).rows).toEqual([{ id: new URL(page.url()).searchParams.get('open') }])
    expect(complaints).toEqual([])
    await context.close()
  })

  /** A move from hot to cold whose grace is over. */
  async function finishMove(key: string): Promise<string> {
    const { database } = test
    const [id, objectId, targetCopyId] = [newId(), objectIdOf(catalog.bucketId, key), newId()]
    const move = {
      id,
      objectId,
      generation: 1,
      placementVersion: 1,
      targetCopyId,
      targetLocationId: catalog.locationIds.cold,
      priority: 40,
      direction: 'demotion' as const,
      graceMs: 0,
      attemptsMax: 5,
      decisionId: null,
      planId: null,
      monthlySavingUsd: 0.1,
      oneTimeUsd: 0,
    }
    expect((await createMigrations(database, [move], 'user:test')).refused).toEqual([])
    await database.query(`update migration set state = 'done', finished_at = now() where id = $1`, [id])
    await database.query('update copy set id = $2, location_id = $3 where object_id = $1', [
      objectId,
      targetCopyId,
      catalog.locationIds.cold,
    ])
    return id
  }
})

describe('a lost connection', () => {
  it('says so, says what is not harmed, and heals by itself', async ({ skip }) => {
    const { page, context } = await visit(skip)
    const { port } = new URL(origin)
    api.app.server.closeAllConnections()
    await api.app.close()
    await page.getByText(/Connection lost/).waitFor()
    await page.getByText(/Reads and moves go on without this page/).waitFor()
    await page.getByText('Unreachable').waitFor()
    const tokens = api.tokens
    api = { ...(await startTestApi(test.database, { dashboardFolder: folder })), tokens }
    await api.app.listen({ host: '127.0.0.1', port: Number(port) })
    await page.getByText(/Connection lost/).waitFor({ state: 'detached', timeout: 25_000 })
    await page.getByText('Steady').waitFor()
    await context.close()
  }, 60_000)
})
