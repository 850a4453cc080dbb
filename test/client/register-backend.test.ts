import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { registerBackend, RegistrationRefused } from '../../src/client/register-backend.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { until } from '../helpers/until.ts'
import { type Reply } from '../helpers/scripted-gateway.ts'

import { BACKENDS, count, gatewayThat, ID, ONE, options, VIEW } from './registering.ts'

describe('registerBackend', { concurrency: 8 }, () => {
  test('registers with what it is given, renews about each third of the ttl, deregisters on close and is silent then', async (t) => {
    const gateway = await gatewayThat(t, () => undefined)
    const given = options(gateway.url, {
      weight: 2,
      tier: 1,
      maxInFlight: 9,
      initially: 'healthy',
      token: 's'
    })
    const backend = await registerBackend(given)
    assert.equal(backend.id, ID)
    assert.deepEqual(gateway.calls[0]?.body, {
      url: 'https://[::1]:3003',
      ttl: '1s',
      weight: 2,
      tier: 1,
      maxInFlight: 9,
      initially: 'healthy'
    })
    await until('it renewed twice', () => given.told.length >= 3)
    const [, first, second] = gateway.calls
    assert.ok(second!.at - first!.at >= 290, `${second!.at - first!.at} ms between two renewals`)
    await Promise.all([backend.close(), backend.close()])
    const [registration, ...renewals] = gateway.lines()
    assert.equal(registration, `POST ${BACKENDS}`)
    assert.equal(renewals.pop(), `DELETE ${ONE}`)
    assert.deepEqual(new Set(renewals), new Set([`PUT ${ONE}/lease`]))
    assert.deepEqual(new Set(gateway.calls.map(({ token }) => token)), new Set(['Bearer s']))
    assert.deepEqual(given.told, [
      { type: 'registered', id: ID, reason: undefined },
      ...renewals.map(() => ({ type: 'renewed', id: ID, reason: undefined }))
    ])
    const { length } = gateway.calls
    await delay(500)
    assert.equal(gateway.calls.length, length)
  })

  for (const status of [404, 410]) {
    test(`registers again when its lease is gone (${status})`, async (t) => {
      const gateway = await gatewayThat(t, ({ method }, calls) =>
        method === 'PUT' && calls.length === 2 ? status : undefined
      )
      const given = options(gateway.url)
      await using backend = await registerBackend(given)
      await until('it renewed', () => given.told.length >= 4)
      const types = given.told.map(({ type, reason }) => `${type} ${reason}`)
      assert.deepEqual(types.slice(0, 4), [
        'registered undefined',
        `lost said ${status}`,
        'registered undefined',
        'renewed undefined'
      ])
      assert.equal(backend.id, ID)
    })
  }

  test('is lost once, however often it fails to register again, and never gives up', async (t) => {
    const refusals: Reply[] = [503, 403, 'cut', 429]
    const gateway = await gatewayThat(t, ({ method }, calls) => {
      if (calls.length === 1) return undefined
      if (method === 'PUT' && calls.length === 2) return 404
      return method === 'POST' ? refusals.shift() : undefined
    })
    const given = options(gateway.url)
    await using backend = await registerBackend(given)
    await until('it renewed', () => given.told.at(-1)?.type === 'renewed')
    assert.deepEqual(
      given.told.map(({ type }) => type),
      ['registered', 'lost', 'failed', 'failed', 'failed', 'failed', 'registered', 'renewed']
    )
    assert.match(given.told[2]!.reason!, /503: said 503$/)
    assert.match(given.told[3]!.reason!, /\(403\): said 403$/)
    assert.equal(backend.id, ID)
  })

  test('goes on renewing the same lease through errors of the gateway, broken connections and refusals', async (t) => {
    const refusals: Reply[] = [500, 'cut', { status: 401, body: '<html>' }, 'hang']
    const gateway = await gatewayThat(t, ({ method }) => (method === 'PUT' ? refusals.shift() : undefined))
    const given = options(gateway.url)
    await using _ = await registerBackend(given)
    await until('it renewed', () => given.told.at(-1)?.type === 'renewed')
    assert.equal(count(gateway, 'POST'), 1)
    const reasons = given.told.filter(({ type }) => type === 'failed').map(({ reason }) => reason)
    assert.equal(reasons.length, 4)
    assert.match(reasons[2]!, /\(401\): it does not say why/)
    assert.match(reasons[3]!, /does not answer in time$/)
  })

  test('waits as Retry-After says, but at most a third of the ttl', async (t) => {
    const gateway = await gatewayThat(t, ({ method }, calls) =>
      method === 'PUT' && calls.length === 2 ? { status: 503, headers: { 'retry-after': '60' } } : undefined
    )
    await using _ = await registerBackend(options(gateway.url))
    await until('it tried again', () => count(gateway, 'PUT') === 2)
    const wait = gateway.calls[2]!.at - gateway.calls[1]!.at
    assert.ok(wait >= 320 && wait < 20_000, `${wait} ms`)
  })

  test('tries until it is registered for the first time', async (t) => {
    const refusals: Reply[] = [503, 'cut', 429]
    const gateway = await gatewayThat(t, ({ method }) => (method === 'POST' ? refusals.shift() : undefined))
    const given = options(gateway.url)
    await using backend = await registerBackend(given)
    assert.equal(backend.id, ID)
    assert.deepEqual(
      given.told.map(({ type, id }) => [type, id]),
      [...Array.from({ length: 3 }, () => ['failed', undefined]), ['registered', ID]]
    )
  })

  test('gives up trying when its signal is aborted, in the middle of a call too', async (t) => {
    const nobody = await closedPort()
    const gateway = await gatewayThat(t, () => 'hang')
    const reason = new Error('stopped')
    for (const url of [nobody, gateway.url]) {
      const controller = new AbortController()
      const registering = registerBackend(options(url, { signal: controller.signal }))
      setTimeout(() => controller.abort(reason), 50)
      await assert.rejects(registering, reason)
    }
    await assert.rejects(registerBackend(options(nobody, { signal: AbortSignal.abort(reason) })), reason)
  })

  test('a signal that is aborted later ends nothing', async (t) => {
    const gateway = await gatewayThat(t, () => undefined)
    const controller = new AbortController()
    await using _ = await registerBackend(options(gateway.url, { signal: controller.signal }))
    controller.abort()
    await until('it renewed', () => count(gateway, 'PUT') >= 1)
    assert.equal(count(gateway, 'DELETE'), 0)
  })

  for (const status of [400, 401, 403, 404, 409]) {
    test(`is refused at once with what the gateway says: ${status}`, async (t) => {
      const gateway = await gatewayThat(t, () => status)
      await assert.rejects(registerBackend(options(gateway.url, { token: 'not-to-be-shown' })), (error) => {
        assert.ok(error instanceof RegistrationRefused)
        assert.equal(error.status, status)
        const refused = `the gateway at ${gateway.url} refuses the registration (${status}): said ${status}`
        assert.equal(error.message, refused)
        return true
      })
      assert.equal(gateway.calls.length, 1)
    })
  }

  test('is refused by what is no gateway, and by a redirection, which takes the token nowhere', async (t) => {
    const elsewhere = await gatewayThat(t, () => undefined)
    for (const reply of [
      { status: 200, body: '<html>' },
      { status: 307, headers: { location: elsewhere.url } }
    ]) {
      const gateway = await gatewayThat(t, () => reply)
      await assert.rejects(registerBackend(options(gateway.url, { token: 's' })), RegistrationRefused)
    }
    assert.deepEqual(elsewhere.calls, [])
  })

  test('asks the next gateway when one fails, and stays with the one that answers', async (t) => {
    const dead = await closedPort()
    const ill = await gatewayThat(t, () => 503)
    const well = await gatewayThat(t, () => undefined)
    const given = options([dead, ill.url, `${well.url}/`])
    await using _ = await registerBackend(given)
    await until('it renewed', () => given.told.length >= 2)
    assert.deepEqual(
      given.told.slice(0, 2).map(({ type }) => type),
      ['registered', 'renewed']
    )
    assert.equal(ill.calls.length, 1)
    well.answer = () => 'cut'
    ill.answer = () => ({ status: 200, body: {} })
    await until('the other has it', () => count(ill, 'PUT') >= 1)
  })

  test('of a backend that the configuration names, nothing is lost, renewed by a lease, or deregistered', async (t) => {
    const gateway = await gatewayThat(t, ({ method }) => {
      if (method === 'POST') return { status: 200, body: { ...VIEW, source: 'file' } }
      return method === 'PUT' ? 404 : 409
    })
    const given = options(gateway.url)
    const backend = await registerBackend(given)
    await until('it asked again', () => given.told.length >= 2)
    await backend.close()
    assert.deepEqual(
      given.told.slice(0, 2).map(({ type }) => type),
      ['registered', 'renewed']
    )
    assert.equal(count(gateway, 'PUT'), 0)
    assert.ok(given.told.every(({ type }) => type !== 'failed'))
  })

  test('a listener that throws ends no renewal', async (t) => {
    const gateway = await gatewayThat(t, () => undefined)
    const warned = once(process, 'warning')
    const onEvent = (): never => {
      throw new Error('of the listener')
    }
    await using _ = await registerBackend(options(gateway.url, { onEvent }))
    await until('it renewed', () => count(gateway, 'PUT') >= 1)
    assert.equal(((await warned)[0] as Error).message, 'of the listener')
  })

  for (const [what, wrong] of [
    ['a ttl that is none', { ttl: 'soon' }],
    ['a ttl below 1 s', { ttl: 0.5 }],
    ['no gateway', { gateway: [] }],
    ['a gateway that is no URL', { gateway: 'localhost:9090' }],
    ['a gateway with a password', { gateway: 'http://a:b@localhost' }],
    ['a token that no header can hold', { token: 'secret\n' }]
  ] as const) {
    test(`does not begin with ${what}, and quotes no secret`, async () => {
      await assert.rejects(registerBackend(options('http://127.0.0.1:1', wrong)), (error) => {
        assert.ok(error instanceof TypeError)
        assert.doesNotMatch(error.message, /secret|a:b/)
        return true
      })
    })
  }

  test('keeps no process alive', async (t) => {
    const gateway = await gatewayThat(t, () => undefined)
    const module = new URL('../../src/client/register-backend.ts', import.meta.url).href
    const source = `const { registerBackend } = await import('${module}')
      await registerBackend({ gateway: '${gateway.url}', group: 'a', url: 'http://127.0.0.1:1', ttl: '10m' })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'inherit' })
    const kill = setTimeout(() => child.kill(), 30_000)
    assert.deepEqual(await once(child, 'exit'), [0, null])
    clearTimeout(kill)
    assert.deepEqual(gateway.lines(), ['POST /api/upstreams/a/backends'])
  })
})
