import { afterAll, describe, expect, it } from 'vitest'
import { startS3Server } from '../../../test/services/s3-server.ts'
import { HOUR, MINUTE } from '../../domain/duration.ts'
import { expectFailure } from '../contract/samples.ts'
import { s3Credentials, s3Settings } from './config.ts'
import { createS3Store } from './s3-store.ts'
import { S3Wire } from './s3-wire.ts'
import { ServerClock } from './server-clock.ts'

const NOON = Date.UTC(2026, 0, 1, 12)

describe('the clock requests are signed by', () => {
  const refusal = (at: number, status = 403) => ({ status, headers: { date: new Date(at).toUTCString() } })

  it('is ours until a server refuses for its own, and follows when ours is put right', () => {
    let ours = NOON + HOUR
    const clock = new ServerClock(() => ours)
    expect(clock.now().getTime()).toBe(ours)
    expect(clock.learnFrom(refusal(NOON), clock.now())).toBe(true)
    expect(clock.now().getTime()).toBe(NOON)
    ours = NOON
    expect(clock.learnFrom(refusal(NOON), clock.now())).toBe(true)
    expect(clock.now().getTime()).toBe(NOON)
  })

  it('stays as it is where the refusal has another reason, or tells no date', () => {
    const clock = new ServerClock(() => NOON)
    for (const answer of [
      refusal(NOON + 4 * MINUTE),
      refusal(NOON + HOUR, 200),
      refusal(NOON + HOUR, 404),
      { status: 403, headers: {} },
      { status: 403, headers: { date: 'some day' } },
    ]) {
      expect(clock.learnFrom(answer, clock.now())).toBe(false)
    }
    expect(clock.now().getTime()).toBe(NOON)
  })
})

const server = await startS3Server()
const name = 'requests of a machine whose clock is wrong'
if ('missing' in server) {
  describe.skip(`${name} [skipped: ${server.missing}]`, () => it('succeed', () => undefined))
} else {
  afterAll(server.stop)
  const { accessKeyId, endpoint, secretAccessKey } = server
  const settings = s3Settings.parse({ endpoint })

  describe.each([
    ['ahead', HOUR],
    ['behind', -HOUR],
  ])(`${name}, an hour %s`, (_, offsetMs) => {
    it('succeed although they are refused first, and refused credentials stay refused', async () => {
      const credentials = s3Credentials.parse({ accessKeyId, secretAccessKey })
      const store = createS3Store({ name: 'versitygw', settings, credentials })
      await store.ensureContainer('clocks')
      const now = () => Date.now() + offsetMs
      const wire = new S3Wire({ settings, credentials, now })
      const operation = { store: 'versitygw', operation: 'put', key: `k${offsetMs}` }
      const object = { container: 'clocks', as: 'write' } as const
      const head = { ...object, method: 'HEAD', as: 'read' } as const
      const first = Array.from({ length: 8 }, () => expectFailure(wire.send(operation, head), 'not-found'))
      await Promise.all(first)
      const put = {
        ...object,
        method: 'PUT',
        body: Buffer.from('noon'),
        payloadSha256: 'UNSIGNED-PAYLOAD',
      } as const
      const answer = await wire.send(operation, put)
      expect(answer.status).toBe(200)
      answer.body.drop()
      expect(await store.head('clocks', operation.key)).toMatchObject({ size: 4 })

      const wrong = s3Credentials.parse({ accessKeyId, secretAccessKey: 'not-the-secret' })
      const stranger = new S3Wire({ settings, credentials: wrong, now })
      await expectFailure(stranger.send(operation, head), 'access-denied')
      await Promise.all([wire.close(), stranger.close(), store.close()])
    })
  })
}
