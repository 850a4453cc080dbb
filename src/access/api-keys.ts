import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ApiKeySetConfig } from '../config/types.ts'

/** The longest text that is looked at as an API key, in characters. */
const MAX_LENGTH = 512

/** What a configuration holds of an API key: its SHA-256, `sha256:` and 64 hexadecimal digits. */
export function hashApiKey(key: string): string {
  return `sha256:${hash('sha256', key, 'hex')}`
}

/** A new API key: 256 bits that nobody guesses, which is why a hash without salt and stretching is enough. */
export function createApiKey(): string {
  return `xk_${randomBytes(32).toString('base64url')}`
}

interface Entry {
  readonly digest: Buffer
  readonly consumer: string
}

/**
 * A set of API keys, of which only hashes are known. To find a key takes as long whether there is one like it or not: what
 * is looked up is the hash of its hash under a secret of this process, so that the time that the lookup takes tells
 * nothing of the keys ("double HMAC"), and what is found is compared in constant time.
 */
export class ApiKeySet {
  readonly #secret = randomBytes(32)
  readonly #entries = new Map<string, Entry>()

  constructor({ keys }: ApiKeySetConfig) {
    for (const { name, hash: hex } of keys) {
      const digest = Buffer.from(hex, 'hex')
      this.#entries.set(this.#tagOf(digest), { digest, consumer: name })
    }
  }

  /** Whose key it is; undefined when it is nobody's. */
  consumerOf(key: string): string | undefined {
    if (key.length > MAX_LENGTH) return undefined
    const digest = hash('sha256', key, 'buffer')
    const entry = this.#entries.get(this.#tagOf(digest))
    return entry && timingSafeEqual(entry.digest, digest) ? entry.consumer : undefined
  }

  #tagOf(digest: Buffer): string {
    return createHmac('sha256', this.#secret).update(digest).digest('base64')
  }
}
