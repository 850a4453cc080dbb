import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { registerBackend } from '../../src/client/register-backend.ts'
import { until } from '../helpers/until.ts'
import { type Reply } from '../helpers/scripted-gateway.ts'

import { count, gatewayThat, ID, ONE, options, VIEW } from './registering.ts'

describe('close of a registered backend', { concurrency: 8 }, () => {
  test('close waits for a registration that is under way, so that it does not come after', async (t) => {
    const gateway = await gatewayThat(t, ({ method }, calls) => {
      if (method === 'PUT') return 404
      return method === 'POST' && calls.length > 1 ? { status: 201, body: VIEW, after: 200 } : undefined
    })
    const given = options(gateway.url)
    const backend = await registerBackend(given)
    await until('it registers again', () => count(gateway, 'POST') === 2)
    await backend.close()
    assert.equal(given.told.at(-1)?.type, 'registered')
    assert.equal(gateway.lines().at(-1), `DELETE ${ONE}`)
  })

  test('close tries again while it has time, and ends after 5 s even if a gateway hangs', async (t) => {
    const refusals: Reply[] = ['cut', 503]
    const back = await gatewayThat(t, ({ method }) => (method === 'DELETE' ? refusals.shift() : undefined))
    const other = await registerBackend(options(back.url))
    await other.close()
    assert.equal(count(back, 'DELETE'), 3)
    const gateway = await gatewayThat(t, ({ method }) => (method === 'POST' ? undefined : 'hang'))
    const given = options(gateway.url, { ttl: 600 })
    const backend = await registerBackend(given)
    const begin = performance.now()
    await backend.close()
    const took = performance.now() - begin
    assert.ok(took > 4_000 && took < 20_000, `${took} ms`)
    assert.deepEqual(given.told.at(-1), {
      type: 'failed',
      id: ID,
      reason: 'not deregistered in time: its lease runs out'
    })
  })
})
