import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeForS3, requestSigner } from './sign-request.ts'

const credentials = { accessKeyId: 'DIMEXAMPLE', secretAccessKey: 'a secret/with+signs=' }
const ours = requestSigner(credentials, 'eu-west-1')
const theirs = new SignatureV4({
  credentials,
  region: 'eu-west-1',
  service: 's3',
  sha256: Sha256,
  uriEscapePath: false,
  applyChecksum: false,
})

// An independent implementation is the oracle: the one inside the AWS SDK.
test('signs as the AWS SDK does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.string(),
      fc.date({ min: new Date('2000-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }),
      async (key, prefix, now) => {
        const path = `/bucket/${encodeForS3(key, { keepSlashes: true })}`
        const headers = ours(
          {
            method: 'GET',
            host: 'localhost:7601',
            path,
            query: `list-type=2&prefix=${encodeForS3(prefix)}`,
            headers: { 'content-type': 'text/plain' },
            payloadSha256: 'UNSIGNED-PAYLOAD',
          },
          now,
        )
        const signed = await theirs.sign(
          {
            method: 'GET',
            protocol: 'http:',
            hostname: 'localhost',
            port: 7601,
            path,
            query: { 'list-type': '2', prefix },
            headers: {
              host: 'localhost:7601',
              'content-type': 'text/plain',
              'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
            },
          },
          { signingDate: now },
        )
        expect(headers.authorization).toBe(signed.headers.authorization)
      },
    ),
    { numRuns: 50 },
  )
})
