import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Redacted } from '../../domain/redacted.ts'
import { KEY_FILE_NAME, loadSealingKeys } from './key-file.ts'
import { createSecretBox } from './secret-box.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dim-secrets-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const nothingSealed = async () => false

describe('a redacted secret', () => {
  const secret = new Redacted('hunter2')

  it('prints as redacted everywhere but where it is revealed', () => {
    const printed = [`${secret}`, JSON.stringify({ secret }), inspect({ deep: { secret } }), String(secret)]
    for (const text of printed) expect(text).not.toContain('hunter2')
    expect(secret.reveal()).toBe('hunter2')
  })
})

describe('the key file', () => {
  it('is made once, for its owner only, when twenty processes start at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => loadSealingKeys(folder, nothingSealed)))
    expect(new Set(all.map(([key]) => key.key.toString('hex'))).size).toBe(1)
    expect((await stat(path.join(folder, KEY_FILE_NAME))).mode & 0o777).toBe(0o600)
  })

  it('is not made anew while the database has secrets that its keys open', async () => {
    await expect(loadSealingKeys(folder, async () => true)).rejects.toThrow(
      `${path.join(folder, KEY_FILE_NAME)} is missing`,
    )
    await loadSealingKeys(folder, nothingSealed)
    await loadSealingKeys(folder, async () => true)
  })

  it('is refused when others can read it, and the message says what to run', async () => {
    await loadSealingKeys(folder, nothingSealed)
    await chmod(path.join(folder, KEY_FILE_NAME), 0o644)
    await expect(loadSealingKeys(folder, nothingSealed)).rejects.toThrow(/chmod 600/)
  })

  it('is refused when damaged, without printing what it holds', async () => {
    await loadSealingKeys(folder, nothingSealed)
    const file = path.join(folder, KEY_FILE_NAME)
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.slice(0, 60))
    const error = await loadSealingKeys(folder, nothingSealed).catch((caught: Error) => caught)
    expect(String(error)).toMatch(/line 1 .* is not a key/)
    expect(String(error)).not.toContain(text.slice(17, 40))
  })
})

describe('a secret box', () => {
  it('opens what it sealed, for the purpose it was sealed for', async () => {
    const box = createSecretBox(await loadSealingKeys(folder, nothingSealed))
    const sealed = box.seal(new Redacted('ünïcode secret'), 'store/1')
    expect(sealed.includes(Buffer.from('secret'))).toBe(false)
    expect(box.open(sealed, 'store/1').reveal()).toBe('ünïcode secret')
  })

  it('never seals the same secret to the same bytes', async () => {
    const box = createSecretBox(await loadSealingKeys(folder, nothingSealed))
    const [one, two] = [box.seal(new Redacted('x'), 'a'), box.seal(new Redacted('x'), 'a')]
    expect(one.equals(two)).toBe(false)
  })

  it('does not open what was moved to another row or changed in any byte', async () => {
    const box = createSecretBox(await loadSealingKeys(folder, nothingSealed))
    const sealed = box.seal(new Redacted('secret'), 'store/1')
    expect(() => box.open(sealed, 'store/2')).toThrow(/changed or moved/)
    for (let index = 0; index < sealed.length; index++) {
      const damaged = Buffer.from(sealed)
      damaged[index] = damaged[index]! ^ 1
      expect(() => box.open(damaged, 'store/1')).toThrow()
    }
    expect(() => box.open(sealed.subarray(0, 20), 'store/1')).toThrow(/not a sealed secret/)
  })

  it('opens old secrets after a new key was put in front, and names the key that is missing', async () => {
    const keys = await loadSealingKeys(folder, nothingSealed)
    const sealed = createSecretBox(keys).seal(new Redacted('secret'), 'p')
    const file = path.join(folder, KEY_FILE_NAME)
    const newLine = `${'0'.repeat(16)} ${'1'.repeat(64)}\n`
    await writeFile(file, newLine + (await readFile(file, 'utf8')))
    const rotated = createSecretBox(await loadSealingKeys(folder, nothingSealed))
    expect(rotated.open(sealed, 'p').reveal()).toBe('secret')
    expect(rotated.seal(new Redacted('secret'), 'p').subarray(1, 9).toString('hex')).toBe('0'.repeat(16))
    await writeFile(file, newLine)
    const box = createSecretBox(await loadSealingKeys(folder, nothingSealed))
    expect(() => box.open(sealed, 'p')).toThrow(keys[0].id.toString('hex'))
  })
})
