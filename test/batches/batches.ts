import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')

/** Browsers and other programs, which are measured against the clock or take a core for themselves. */
const OTHER_PROGRAMS =
  /^test\/(?:dashboard|deploy|docker|docs|examples|interop|migration|monitoring|package)\//
/** Whole gateways that are broken, flooded or measured. */
const HARSH =
  /^test\/scenarios\/.*(?:browser|certificates|chaos|crash|floods|fuzz|hostile|http2-limits|kill|memory|overload|process|property|redis|reload|stop|tls|watch)/
/** What changes the clock or the environment of a process changes it for every test in it. */
const CHANGES_ITS_PROCESS =
  /\bmock\.(?:timers|method|module)\b|\bprocess\.(?:env\[|chdir)|\/(?:fake-threads|scripted)\.ts'/
const SCENARIO = /^test\/scenarios\//

/**
 * Which test files have a process each, and which share one. To start a process and to load the gateway costs more than
 * most files need for their tests: half of the time of the two cores went there.
 */
export interface Batches {
  readonly alone: readonly string[]
  readonly units: readonly string[]
  readonly scenarios: readonly string[]
}

/** Sorts all test files; paths are relative to the checkout. */
export function testBatches(): Batches {
  const files = globSync('test/**/*.test.ts', { cwd: ROOT }).toSorted()
  const isAlone = (file: string): boolean =>
    OTHER_PROGRAMS.test(file) ||
    HARSH.test(file) ||
    CHANGES_ITS_PROCESS.test(readFileSync(join(ROOT, file), 'utf8'))
  const shared = files.filter((file) => !isAlone(file))
  return {
    alone: files.filter(isAlone),
    units: shared.filter((file) => !SCENARIO.test(file)),
    scenarios: shared.filter((file) => SCENARIO.test(file))
  }
}

/** Loads every `of`th file of a batch, from the `nth` on: their tests run one after the other in this process. */
export async function runBatch(batch: 'units' | 'scenarios', nth: number, of: number): Promise<void> {
  // What a test waits for may keep no process alive, and one that ends takes the tests of all files along.
  const alive = setInterval(() => {}, 60_000)
  const files = testBatches()[batch].filter((_, index) => index % of === nth - 1)
  for (const file of files) await import(join(ROOT, file))
  // Not before: it would be called as soon as the tests of the first files are through.
  after(() => clearInterval(alive))
}
