import { expect, it } from 'vitest'
import { startTestApi } from '../../../test/builders/api.ts'
import { createTestDatabase } from '../../../test/builders/database.ts'

it('lists access keys page by page, newest first, also those of one moment', async () => {
  const test = await createTestDatabase()
  const api = await startTestApi(test.database)
  try {
    const made: string[] = []
    for (let index = 0; index < 4; index += 1)
      made.push((await api.send('POST', '/v1/access-keys', { body: {} })).json().id)
    const moment = `update access_key set created_at = '2026-01-01T00:00:00.000123Z' where id = any ($1)`
    await test.database.query(moment, [made.slice(0, 3)])
    const seen: string[] = []
    let cursor = ''
    do {
      const page = (await api.send('GET', `/v1/access-keys?limit=1${cursor}`)).json()
      seen.push(...page.items.map(({ id }: { id: string }) => id))
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
    } while (cursor !== '')
    expect(seen).toEqual([made[3], ...made.slice(0, 3).sort()])
  } finally {
    await api.app.close()
    await test.drop()
  }
})
