import type { JWK } from 'jose'
import { fetchFailure } from '../fetch-failure.ts'
import { usableKeys } from './usable-keys.ts'

/** How long a question may take as a whole, in milliseconds. */
const TIMEOUT = 5000
/** The largest set that is read, in bytes. */
const MAX_SIZE = 256 * 1024
/** How long an answer is good for, in milliseconds, unless it says so itself, and then within these bounds. */
const GOOD_FOR = { usual: 10 * 60_000, least: 60_000, most: 60 * 60_000 }

/** An issuer's answer. */
export type JwksAnswer =
  | { readonly keys: readonly JWK[]; /** Milliseconds. */ readonly goodFor: number }
  | { readonly reason: string }

/** Asks an issuer for its keys. Never follows elsewhere: who answers for these keys is configured. */
export async function fetchJwks(url: string, stopped: AbortSignal): Promise<JwksAnswer> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'manual',
      signal: AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT)])
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      return { reason: `status_${response.status}` }
    }
    const text = await readUpTo(response, MAX_SIZE)
    if (text === undefined) return { reason: 'too_large' }
    const keys = usableKeys(parse(text))
    return keys.length === 0 ? { reason: 'no_usable_keys' } : { keys, goodFor: goodFor(response.headers) }
  } catch (error) {
    return { reason: fetchFailure(error) }
  }
}

async function readUpTo({ body }: Response, most: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > most) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function goodFor(headers: Headers): number {
  const [, age] = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(headers.get('cache-control') ?? '') ?? []
  if (age === undefined) return GOOD_FOR.usual
  return Math.min(Math.max(Number(age) * 1000, GOOD_FOR.least), GOOD_FOR.most)
}
