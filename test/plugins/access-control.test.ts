import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import accessControl from '../../plugins/access-control.ts'
import problemDetails from '../../plugins/problem-details.ts'
import rateLimiting from '../../plugins/rate-limiting.ts'
import requestRecord from '../../plugins/request-record.ts'
import routing from '../../plugins/routing.ts'
import { hashApiKey } from '../../src/access/api-keys.ts'
import type { JwksSource } from '../../src/access/jwks-source.ts'
import { hexOf } from '../../src/config/resolve-access.ts'
import type { AccessConfig, RateLimitConfig } from '../../src/config/types.ts'
import { RouteTable } from '../../src/routing/route-table.ts'
import { AUTH } from '../access/auth.ts'
import { type TestKey, testKey } from '../access/tokens.ts'
import { route } from '../routing/routes.ts'
import { group } from '../upstreams/groups.ts'
import { plainApp } from './plain-app.ts'

const KEY = 'key-of-acme'
const PARTNERS = { name: 'partners', keys: [{ name: 'acme', hash: hexOf(hashApiKey(KEY)) }] }

interface Parts {
  readonly access: Partial<AccessConfig>
  readonly rateLimit?: readonly RateLimitConfig[]
  readonly key?: TestKey
}

/** A plain app with one route, which tells who calls. */
async function guarded(t: TestContext, { access, rateLimit, key }: Parts): Promise<FastifyInstance> {
  const app = Fastify()
  t.after(() => app.close())
  const own = {
    access: { allow: [], deny: [], satisfy: 'all', ...access },
    ...(rateLimit && { rateLimit })
  } as const
  const table = new RouteTable([{ ...route('/guarded'), ...own }])
  await app.register(problemDetails)
  await app.register(requestRecord)
  await app.register(routing, { table })
  await app.register(accessControl, {
    auth: { ...AUTH, apiKeys: [PARTNERS] },
    jwks: sourceOf(key),
    trustProxy: ['127.0.0.1']
  })
  if (rateLimit) await app.register(rateLimiting, { trustProxy: ['127.0.0.1'] })
  app.all('/guarded', ({ record }) => `${record.consumer} by ${record.consumerAuth}`)
  app.get('/open', () => 'open')
  return app
}

function sourceOf(key: TestKey | undefined): JwksSource {
  return {
    current: (url) => ({ url, checkedAt: 0, keys: key && [key.jwk] }),
    refreshed: async () => undefined
  }
}

interface Answer {
  readonly status: number
  /** What was answered, or why it was refused. */
  readonly said: string
  readonly challenge: unknown
}

async function ask(
  app: FastifyInstance,
  headers: Record<string, string> = {},
  url = '/guarded'
): Promise<Answer> {
  const { statusCode, body, headers: fields } = await app.inject({ url, headers })
  const said = statusCode < 400 ? body : (JSON.parse(body) as { detail: string }).detail
  return { status: statusCode, said, challenge: fields['www-authenticate'] }
}

suite('a route that asks for an API key', () => {
  test('lets through who has one, and knows whose it is', async (t) => {
    const app = await guarded(t, { access: { apiKeys: 'partners' } })
    const answer = await ask(app, { 'X-API-Key': KEY })
    assert.deepEqual([answer.status, answer.said], [200, 'acme by apiKeys:partners'])
  })

  test('refuses all others with 401 and says what it asks for', async (t) => {
    const app = await guarded(t, { access: { apiKeys: 'partners' } })
    const refused = [{}, { 'x-api-key': 'wrong' }, { 'x-api-key': '' }, { 'x-api-key': `${KEY}, ${KEY}` }]
    for (const headers of refused as Record<string, string>[]) {
      const { status, challenge } = await ask(app, headers)
      assert.deepEqual([status, challenge], [401, 'ApiKey'])
    }
    assert.equal((await ask(app, {}, '/open')).said, 'open')
  })

  test('refuses before a body is read', async (t) => {
    const app = await guarded(t, { access: { apiKeys: 'partners' } })
    const headers = { 'content-type': 'application/json' }
    const { statusCode } = await app.inject({
      method: 'POST',
      url: '/guarded',
      headers,
      payload: '{ no json'
    })
    assert.equal(statusCode, 401)
  })
})

suite('a route that asks for a token', () => {
  test('lets through who has one, and knows whose it is', async (t) => {
    const key = await testKey()
    const app = await guarded(t, { access: { jwt: 'shop' }, key })
    const authorization = `bearer  ${await key.token({ sub: 'ann' })}`
    for (let round = 0; round < 2; round++)
      assert.equal((await ask(app, { authorization })).said, 'ann by jwt:shop')
  })

  test('refuses all others with 401, and says what is wrong with a token', async (t) => {
    const key = await testKey()
    const app = await guarded(t, { access: { jwt: 'shop' }, key })
    const expired = `Bearer ${await key.token({ sub: 'ann', exp: 1 })}`
    const [missing, wrong, basic] = await Promise.all(
      [{}, { authorization: expired }, { authorization: 'Basic eA==' }].map((headers) =>
        ask(app, headers as Record<string, string>)
      )
    )
    assert.deepEqual([missing!.status, missing!.challenge], [401, 'Bearer'])
    assert.deepEqual(wrong, {
      status: 401,
      said: 'The token has expired.',
      challenge: 'Bearer error="invalid_token"'
    })
    assert.equal(basic!.status, 401)
  })

  test('answers 503 while there are no keys to check it with', async (t) => {
    const key = await testKey()
    const app = await guarded(t, { access: { jwt: 'shop' } })
    const answer = await ask(app, { authorization: `Bearer ${await key.token({ sub: 'ann' })}` })
    assert.deepEqual([answer.status, answer.challenge], [503, undefined])
  })
})

suite('a route that asks for both', () => {
  const keyed = { 'x-api-key': KEY }

  test('wants both, and knows the person', async (t) => {
    const key = await testKey()
    const app = await guarded(t, { access: { apiKeys: 'partners', jwt: 'shop' }, key })
    const token = { authorization: `Bearer ${await key.token({ sub: 'ann' })}` }
    const answers = await Promise.all(
      [{}, keyed, token, { ...keyed, ...token }].map((each) => ask(app, each))
    )
    assert.deepEqual(
      answers.map(({ status }) => status),
      [401, 401, 401, 200]
    )
    assert.equal(answers[3]!.said, 'ann by jwt:shop')
  })

  test('with `any` is content with one of them', async (t) => {
    const key = await testKey()
    const app = await guarded(t, { access: { apiKeys: 'partners', jwt: 'shop', satisfy: 'any' }, key })
    const token = { authorization: `Bearer ${await key.token({ sub: 'ann' })}` }
    const wrong = { 'x-api-key': 'wrong' }
    const said = async (headers: Record<string, string>) => (await ask(app, headers)).said
    assert.equal(await said(keyed), 'acme by apiKeys:partners')
    assert.equal(await said({ ...wrong, ...token }), 'ann by jwt:shop')
    assert.equal(await said(wrong), 'The API key is not valid.')
    assert.equal((await ask(app)).challenge, 'Bearer, ApiKey')
  })
})

suite('a route that goes by address', () => {
  async function statusFrom(app: FastifyInstance, address: string): Promise<number> {
    return (await ask(app, { 'x-forwarded-for': address })).status
  }

  test('takes those that it allows, in whatever form they come', async (t) => {
    const app = await guarded(t, { access: { allow: ['192.0.2.0/24', '2001:db8::/32'] } })
    for (const address of [
      '192.0.2.7',
      '::ffff:192.0.2.7',
      '::ffff:c000:207',
      '2001:DB8::1',
      '[2001:db8::1]:80'
    ])
      assert.equal(await statusFrom(app, address), 200, address)
    for (const address of ['192.0.3.7', '::ffff:192.0.3.7', '2001:db9::1', '::192.0.2.7'])
      assert.equal(await statusFrom(app, address), 403, address)
  })

  test('refuses those that it denies, whatever it allows', async (t) => {
    const app = await guarded(t, { access: { allow: ['192.0.2.0/24'], deny: ['192.0.2.66'] } })
    const statuses = await Promise.all(
      ['192.0.2.65', '192.0.2.66', '::ffff:192.0.2.66'].map((each) => statusFrom(app, each))
    )
    assert.deepEqual(statuses, [200, 403, 403])
  })

  test('asks for credentials only who comes from the right place', async (t) => {
    const app = await guarded(t, { access: { deny: ['192.0.2.66'], apiKeys: 'partners' } })
    assert.deepEqual([await statusFrom(app, '192.0.2.65'), await statusFrom(app, '192.0.2.66')], [401, 403])
  })
})

const limit = (from: 'ip' | 'consumer'): RateLimitConfig => ({
  name: 'guarded',
  limit: 1,
  per: 3_600_000,
  burst: 2,
  cost: 1,
  dryRun: false,
  allow: [],
  maxKeys: 10,
  key: [{ from }]
})

suite('limits beside it', () => {
  test('by address also count who is refused, so that guessing is limited', async (t) => {
    const app = await guarded(t, { access: { apiKeys: 'partners' }, rateLimit: [limit('ip')] })
    const statuses: number[] = []
    for (let count = 0; count < 3; count++) statuses.push((await ask(app, { 'x-api-key': 'guess' })).status)
    assert.deepEqual(statuses, [401, 401, 429])
  })

  test('by consumer are one for all addresses of a consumer, and nobody else’s', async (t) => {
    const app = await guarded(t, { access: { apiKeys: 'partners' }, rateLimit: [limit('consumer')] })
    const from = async (address: string, key = KEY) =>
      (await ask(app, { 'x-forwarded-for': address, 'x-api-key': key })).status
    const mine = [await from('192.0.2.1'), await from('192.0.2.2'), await from('192.0.2.3')]
    assert.deepEqual(mine, [200, 200, 429])
    // Who is not known goes by address.
    const unknown = [await from('192.0.2.4', 'x'), await from('192.0.2.4', 'x'), await from('192.0.2.4', 'x')]
    assert.deepEqual([...unknown, await from('192.0.2.5', 'x')], [401, 401, 429, 401])
  })

  test('by consumer know who a token is of', async (t) => {
    const key = await testKey()
    const app = await guarded(t, { access: { jwt: 'shop' }, rateLimit: [limit('consumer')], key })
    const [ann, bob] = await Promise.all(['ann', 'bob'].map((sub) => key.token({ sub })))
    const status = async (token: string | undefined) =>
      (await ask(app, { authorization: `Bearer ${token}` })).status
    assert.deepEqual(
      [await status(ann), await status(ann), await status(ann), await status(bob)],
      [200, 200, 429, 200]
    )
  })
})

test('a limit by consumer holds apart who has the same name by a key and by a token', async (t) => {
  const key = await testKey()
  const access = { apiKeys: 'partners', jwt: 'shop', satisfy: 'any' } as const
  const app = await guarded(t, { access, rateLimit: [limit('consumer')], key })
  const token = { authorization: `Bearer ${await key.token({ sub: 'acme' })}` }
  const statuses: number[] = []
  for (const each of [token, token, token, { 'x-api-key': KEY }]) statuses.push((await ask(app, each)).status)
  assert.deepEqual(statuses, [200, 200, 429, 200])
})

test('an app that names what is not there does not start', async (t) => {
  await assert.rejects(guarded(t, { access: { apiKeys: 'nobody' } }), /unknown auth\.apiKeys "nobody"/)
})

test('an app that forwards routes with rules, but has nobody to look at them, does not start', async (t) => {
  const access = { allow: [], deny: [], satisfy: 'all', apiKeys: 'partners' } as const
  const routes = [{ ...route('/guarded'), access }]
  await assert.rejects(
    plainApp(t, { upstreams: [group('catalog', ['a'])], routes }),
    /register access-control before/
  )
})
