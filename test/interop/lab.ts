import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile as write } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type RawConfig, startGateway, type TestGateway } from '../helpers/gateway.ts'
import { localCertificate } from '../helpers/http2-lab.ts'
import { scrape } from '../helpers/scrape.ts'
import { until } from '../helpers/until.ts'
import { type Origin, startOrigin } from './origin.ts'

/** A gateway of two threads, what is behind it, and what foreign clients need to come to it. */
export interface InteropLab extends TestGateway {
  readonly origin: Origin
  /** As it was written. */
  readonly config: RawConfig
  /** The authority that its certificate is of, PEM: the text, and a file with it. */
  readonly ca: string
  readonly caFile: string
  /** Writes a file that goes with the test. @returns Its path. */
  readonly writeFile: (name: string, content: Buffer | string) => Promise<string>
  /** What `/metrics` says of the requests so far: how many there were of each status. */
  readonly answered: () => Promise<ReadonlyMap<string, number>>
}

/**
 * Starts it. Over `/` there is the origin by HTTP/1.1, below `/h2` the same by HTTP/2.
 *
 * @param secure - Whether clients speak TLS, with HTTP/2 if they like.
 * @param more - Further groups and routes, and what is to be different of `server`.
 */
export async function startInteropLab(
  t: TestContext,
  secure: boolean,
  more: { server?: RawConfig; upstreams?: RawConfig; routes?: RawConfig[] } = {}
): Promise<InteropLab> {
  const [origin, { ca, certificate }] = await Promise.all([startOrigin(t), localCertificate()])
  const folder = await mkdtemp(join(tmpdir(), 'interop-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const writeHere = async (name: string, content: Buffer | string): Promise<string> => {
    await write(join(folder, name), content)
    return join(folder, name)
  }
  const caFile = await writeHere('ca.pem', ca)
  const config = {
    server: { ...(secure && { tls: { certificates: [certificate] } }), ...more.server },
    upstreams: {
      origin: { backends: [origin.url] },
      modern: { backends: [origin.http2Url], protocol: 'h2' },
      ...more.upstreams
    },
    routes: [
      { path: '/', upstream: 'origin' },
      { path: '/h2', upstream: 'modern', rewrite: '/' },
      ...(more.routes ?? [])
    ]
  }
  const gateway = await startGateway(t, config, { workers: 2 })
  return {
    ...gateway,
    origin,
    config,
    ca,
    caFile,
    writeFile: writeHere,
    answered: async () => {
      const counts = new Map<string, number>()
      for (const [series, value] of await scrape(gateway.adminUrl)) {
        const status = /^xecureapi_requests_total\{.*status="(\d+)"/.exec(series)?.[1]
        if (status !== undefined) counts.set(status, (counts.get(status) ?? 0) + value)
      }
      return counts
    }
  }
}

/**
 * Runs a client, and holds the gateway's and the origin's counts of its requests to what they must be.
 *
 * @param expected - How many of each status.
 * @param forwarded - How many get to the origin; by default all.
 */
export async function assertCounted<T>(
  lab: InteropLab,
  expected: Readonly<Record<string, number>>,
  client: () => Promise<T>,
  forwarded?: number
): Promise<T> {
  const before = await lab.answered()
  const requests = lab.origin.requests()
  const told = await client()
  const moved = async (): Promise<Record<string, number>> => {
    const found: Record<string, number> = {}
    for (const [status, count] of await lab.answered()) {
      const by = count - (before.get(status) ?? 0)
      if (by > 0) found[status] = by
    }
    return found
  }
  const all = sumOf(expected)
  await until('all are counted', async () => sumOf(await moved()) >= all)
  assert.deepEqual(await moved(), expected)
  assert.equal(lab.origin.requests() - requests, forwarded ?? all)
  return told
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
