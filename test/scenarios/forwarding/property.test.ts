import { test } from 'node:test'
import { checkRandomRequests } from './generate/check-requests.ts'
import { checkRandomResponses } from './generate/check-responses.ts'

test('random requests arrive as they were sent, however their bytes are split', async (t) => {
  await checkRandomRequests(t, { seed: 1, count: 300, milliseconds: 3_000 })
})

test('random responses arrive as they were sent, however their bytes are split', async (t) => {
  await checkRandomResponses(t, { seed: 1, count: 300, milliseconds: 3_000 })
})
