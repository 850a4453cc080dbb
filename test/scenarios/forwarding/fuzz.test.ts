import { test } from 'node:test'
import { fuzzRequests } from './generate/fuzz-requests.ts'
import { fuzzResponses } from './generate/fuzz-responses.ts'

test('damaged requests never crash, hang or mislead the gateway, and reach the origin only as they were sent', async (t) => {
  await fuzzRequests(t, { seed: 1, requests: 2_000, milliseconds: 90_000 })
})

test('damaged responses never crash or hang the gateway, and reach only the client that they are for, or nobody', async (t) => {
  await fuzzResponses(t, { seed: 1, requests: 500, milliseconds: 30_000 })
})
