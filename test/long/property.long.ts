import { test } from 'node:test'
import { checkRandomRequests } from '../scenarios/forwarding/generate/check-requests.ts'
import { checkRandomResponses } from '../scenarios/forwarding/generate/check-responses.ts'

const extent = {
  seed: Math.floor(Date.now() / 86_400_000) * 1_000_000,
  count: 10_000,
  milliseconds: 5 * 60_000
}

test('10,000 connections of random requests arrive as they were sent', async (t) => {
  await checkRandomRequests(t, extent)
})

test('10,000 connections of random responses arrive as they were sent', async (t) => {
  await checkRandomResponses(t, extent)
})
