import { test } from 'node:test'
import { fuzzRequests } from '../scenarios/forwarding/generate/fuzz-requests.ts'
import { fuzzResponses } from '../scenarios/forwarding/generate/fuzz-responses.ts'

const MINUTES = 60_000
/** Another one every day: each run looks where none has looked. */
const seed = Math.floor(Date.now() / 86_400_000) * 1_000_000

for (const workers of [0, 1]) {
  test(`100,000 damaged requests do no harm, with ${workers} workers`, async (t) => {
    await fuzzRequests(t, {
      seed: seed + workers * 100_000,
      requests: 100_000,
      milliseconds: 20 * MINUTES,
      workers
    })
  })

  test(`20,000 damaged responses do no harm, with ${workers} workers`, async (t) => {
    await fuzzResponses(t, {
      seed: seed + workers * 100_000,
      requests: 20_000,
      milliseconds: 10 * MINUTES,
      workers
    })
  })
}
