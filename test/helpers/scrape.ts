import assert from 'node:assert/strict'
import { exchange } from './exchange.ts'

/** All series of one scrape, `name{label="value",…}` with labels in the order of their names. */
export type Scrape = ReadonlyMap<string, number>

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** Reads `/metrics`. */
export async function scrape(adminUrl: string): Promise<Scrape> {
  const { status, headers, body } = await exchange(`${adminUrl}/metrics`)
  assert.equal(status, 200)
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/)
  const found = new Map<string, number>()
  for (const line of body.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, name, labels = '', value] = LINE.exec(line) ?? assert.fail(`no sample: ${line}`)
    const sorted = [...labels.matchAll(LABEL)].map(([label]) => label).sort()
    const series = sorted.length === 0 ? name! : `${name}{${sorted.join(',')}}`
    assert.ok(!found.has(series), `${series} is there once`)
    found.set(series, Number(value))
  }
  return found
}

/** Depends on how fast a machine is, or moves by itself. */
const RESTLESS =
  /^(?:process_|nodejs_)|_bucket\{|_sum(?:\{|$)|_latency_seconds|^xecureapi_(?:event_loop|connections|group_connect|last_reload_success_timestamp)/

/**
 * What has moved from one scrape to another, without what a scrape cannot know: of histograms there are only the counts.
 *
 * @returns Without `xecureapi_`, by how much; of series that went, what they had, negative.
 */
export function moved(before: Scrape, after: Scrape): Record<string, number> {
  const found: Record<string, number> = {}
  for (const series of new Set([...before.keys(), ...after.keys()])) {
    if (RESTLESS.test(series)) continue
    const by = (after.get(series) ?? 0) - (before.get(series) ?? 0)
    if (by !== 0) found[series.replace(/^xecureapi_/, '')] = Math.round(by * 1e6) / 1e6
  }
  return found
}

/** Scrapes until this has moved; what else moves is an error. */
export async function untilMoved(
  adminUrl: string,
  before: Scrape,
  expected: Readonly<Record<string, number>>
): Promise<Scrape> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const after = await scrape(adminUrl)
    const found = moved(before, after)
    try {
      assert.deepEqual(found, expected)
      return after
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
