import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Redacted } from '../../domain/redacted.ts'
import { type SecretBox, SecretBoxError } from '../../domain/secret-box.ts'

/** A key that seals secrets: 256 bits, and an id that is no secret and travels with what it sealed. */
export interface SealingKey {
  /** 8 bytes. */
  readonly id: Buffer
  /** 32 bytes. */
  readonly key: Buffer
}

const FORMAT = 1
const KEY_ID_BYTES = 8
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES

/**
 * A secret box of AES-256-GCM keys. The first key seals; every key opens what it sealed, so that keys are
 * rotated by putting a new one in front.
 *
 * Sealed form: format (1 byte), key id (8), nonce (12), tag (16), cipher text. Purpose and key id are
 * authenticated with it.
 */
export function createSecretBox(keys: readonly [SealingKey, ...SealingKey[]]): SecretBox {
  const [current] = keys
  return {
    seal(secret, purpose) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', current.key, nonce).setAAD(authenticated(current, purpose))
      const text = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(FORMAT), current.id, nonce, cipher.getAuthTag(), text])
    },
    open(sealed, purpose) {
      const { keyId, nonce, tag, text } = partsOf(Buffer.from(sealed))
      const key = keys.find(candidate => candidate.id.equals(keyId))
      if (key === undefined)
        throw new SecretBoxError(
          'unknown-key',
          `sealed with key ${keyId.toString('hex')}, which is not in the key file: restore sealing-keys in the data folder`,
        )
      const decipher = createDecipheriv('aes-256-gcm', key.key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(authenticated(key, purpose))
        .setAuthTag(tag)
      try {
        return new Redacted(Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8'))
      } catch {
        throw new SecretBoxError('not-authentic', `what is sealed for ${purpose} was changed or moved`)
      }
    },
  }
}

function partsOf(sealed: Buffer): { keyId: Buffer; nonce: Buffer; tag: Buffer; text: Buffer } {
  if (sealed.length < HEADER_BYTES || sealed[0] !== FORMAT)
    throw new SecretBoxError('not-authentic', 'these bytes are not a sealed secret')
  const nonceStart = 1 + KEY_ID_BYTES
  const tagStart = nonceStart + NONCE_BYTES
  return {
    keyId: sealed.subarray(1, nonceStart),
    nonce: sealed.subarray(nonceStart, tagStart),
    tag: sealed.subarray(tagStart, HEADER_BYTES),
    text: sealed.subarray(HEADER_BYTES),
  }
}

function authenticated(key: SealingKey, purpose: string): Buffer {
  return Buffer.concat([Buffer.from('data-in-motion sealed 1\0'), key.id, Buffer.from(purpose, 'utf8')])
}
