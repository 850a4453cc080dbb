import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { Explanation, ForwardedExplanation } from '../../src/explain.ts'
import type { Problem } from '../../src/problem.ts'
import { HEALTH_PATH, startBackends } from '../helpers/backend.ts'
import { runCommand } from '../helpers/child-gateway.ts'
import { exchange, type ExchangeOptions } from '../helpers/exchange.ts'
import { type RawConfig, readAdmin, startGateway } from '../helpers/gateway.ts'
import { keepAliveAgent, sendMany } from '../helpers/load.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { until } from '../helpers/until.ts'

test('the admin API says what the gateway is and does', async (t) => {
  const [a, b] = (await startBackends(t, 2)).map(({ url: origin }) => origin) as [string, string]
  const ill = await closedPort()
  const config: RawConfig = {
    upstreams: {
      catalog: { balancing: 'least-connections', backends: [a, { url: b, weight: 3 }] },
      inventory: {
        backends: [a, ill],
        healthCheck: { path: HEALTH_PATH, interval: '10s', unhealthyAfter: 1 }
      }
    },
    routes: [
      {
        name: 'products',
        path: '/api/products/:id',
        methods: ['GET'],
        upstream: 'catalog',
        rewrite: '/p/:id'
      },
      { name: 'stock', path: '/stock', hosts: ['shop.example.com'], upstream: 'inventory' },
      {
        name: 'canary',
        path: '/canary',
        upstream: [
          { group: 'catalog', weight: 95 },
          { group: 'inventory', weight: 5 }
        ],
        splitBy: 'header:X-User-Id',
        mode: 'buffered'
      }
    ]
  }
  const { gateway, url, adminUrl, file, write } = await startGateway(t, config, { workers: 1 })
  const ask = async (path: string, options?: ExchangeOptions): Promise<[status: number, body: unknown]> => {
    const { status, body, headers } = await exchange(`${adminUrl}${path}`, options)
    const type = status < 400 ? /^application\/json/ : /^application\/problem\+json$/
    if (path !== '/readyz' && status !== 422) assert.match(String(headers['content-type']), type)
    return [status, JSON.parse(body)]
  }
  await until('the first probes are answered', () => gateway.readiness.status === 'ready')
  await sendMany(keepAliveAgent(t), `${url}/api/products/1`, 8, 1)

  await t.test('/healthz and /readyz', async () => {
    assert.deepEqual(await ask('/healthz'), [200, { status: 'ok' }])
    assert.deepEqual(await ask('/readyz'), [
      200,
      { status: 'ready', generation: 1, workers: { configured: 1, serving: 1 } }
    ])
  })

  await t.test('/api/upstreams and /api/upstreams/:group', async () => {
    const [status, groups] = (await ask('/api/upstreams')) as [number, Record<string, unknown>[]]
    assert.equal(status, 200)
    assert.deepEqual(
      groups.map(({ name, balancing }) => [name, balancing]),
      [
        ['catalog', 'least-connections'],
        ['inventory', 'round-robin']
      ]
    )
    assert.deepEqual(await ask('/api/upstreams/inventory'), [200, groups[1]])
    const { name: _name, balancing: _balancing, backends: _backends, ...live } = groups[0]!
    assert.deepEqual(live, {
      panic: false,
      breaker: null,
      waiting: 0,
      concurrency: null,
      tiers: [{ tier: 0, share: 1, panic: false }]
    })
    const [, weighted] = groups[0]!.backends as Record<string, unknown>[]
    const { since, latency, timeToFirstByte, ...rest } = weighted!
    assert.deepEqual(rest, {
      id: new URL(b).host,
      url: b,
      weight: 3,
      tier: 0,
      maxInFlight: 0,
      state: 'active',
      health: 'healthy',
      reason: 'no_health_check',
      ejectedUntil: null,
      inFlight: 0,
      source: 'file',
      version: 0,
      ttl: null,
      leaving: null,
      share: 0.75,
      attempts: 6,
      failures: 0,
      failuresInRow: 0,
      utilization: null
    })
    assert.ok((latency as number) > 0 && (latency as number) < 30)
    assert.ok(Date.parse(String(since)) <= Date.now())
    assert.ok((timeToFirstByte as { p99: number }).p99 > 0)
    const states = (groups[1]!.backends as Record<string, unknown>[]).map(({ health, reason }) => [
      health,
      reason
    ])
    assert.deepEqual(states, [
      ['healthy', 'probe_passed'],
      ['unhealthy', 'connect_refused']
    ])
  })

  await t.test('an unknown group, an unknown path and an unknown method are problems', async () => {
    for (const [path, method, status] of [
      ['/api/upstreams/nobody', 'GET', 404],
      [`/api/upstreams/${'long'.repeat(50)}`, 'GET', 404],
      ['/api/nothing', 'GET', 404],
      ['/api/upstreams?x=1', 'GET', 400],
      ['/api/routes', 'DELETE', 405]
    ] as const) {
      const [answered, body] = await ask(path, { method })
      assert.equal(answered, status, path)
      assert.equal((body as Problem).status, status)
      if (path.startsWith('/api/upstreams/')) assert.match((body as Problem).detail, /no upstream group/)
    }
  })

  await t.test('no value of a header that a route sets is shown', async (sub) => {
    process.env['XECUREAPI_TEST_TOKEN'] = 'supersecret'
    const secret = await startGateway(sub, {
      upstreams: { stock: { backends: [a] } },
      routes: [
        {
          path: '/',
          upstream: 'stock',
          headers: { request: { set: { authorization: 'Bearer ${env:XECUREAPI_TEST_TOKEN}' } } }
        }
      ]
    })
    const text = await (await fetch(`${secret.adminUrl}/api/routes`)).text()
    assert.match(text, /"set":\["authorization"\]/)
    assert.doesNotMatch(text, /supersecret/)
  })

  await t.test('/api/routes', async () => {
    const [, routes] = (await ask('/api/routes')) as [number, Record<string, unknown>[]]
    const { source, ...first } = routes[0]!
    assert.deepEqual(first, {
      name: 'products',
      path: '/api/products/:id',
      methods: ['GET'],
      upstream: 'catalog',
      rewrite: '/p/:id',
      mode: 'stream'
    })
    assert.match(String(source), /gateway\.yaml:\d+$/)
    assert.deepEqual(routes[1]!.hosts, ['shop.example.com'])
    const { upstream, splitBy, mode } = routes[2]!
    assert.deepEqual([splitBy, mode], ['header:x-user-id', 'buffered'])
    assert.deepEqual(upstream, [
      { group: 'catalog', weight: 95 },
      { group: 'inventory', weight: 5 }
    ])
  })

  const explain = async (query: string): Promise<Explanation> =>
    (await ask(`/api/explain?${query}`))[1] as Explanation

  await t.test('/api/explain says where a request would go, and why', async () => {
    const found = (await explain('method=get&url=/api/products/42/x%3Fq=1')) as ForwardedExplanation
    assert.equal(found.outcome, 'forward')
    assert.deepEqual(
      [found.route.name, found.target, found.params, found.group, found.balancing],
      ['products', '/p/42/x?q=1', { id: '42' }, 'catalog', 'least-connections']
    )
    assert.deepEqual(
      found.backends.map(({ url: origin, accepted, reason }) => [origin, accepted, reason]),
      [
        [a, true, 'no_health_check'],
        [b, true, 'no_health_check']
      ]
    )
    const byHost = (await explain('url=/stock&header=Host:shop.example.com')) as ForwardedExplanation
    assert.deepEqual(
      byHost.backends.map(({ accepted, reason }) => [accepted, reason]),
      [
        [true, 'probe_passed'],
        [false, 'ill']
      ]
    )
    assert.equal((await explain('url=/stock')).outcome, 'no_route')
    assert.equal((await explain('url=https://shop.example.com/stock')).outcome, 'forward')
    const { outcome, ...refused } = await explain('method=POST&url=/api/products/1')
    assert.equal(outcome, 'method_not_allowed')
    assert.deepEqual('allow' in refused && refused.allow, ['GET'])
  })

  await t.test('/api/explain takes the key from a header, and an address', async () => {
    const byChance = (await explain('url=/canary')) as ForwardedExplanation
    assert.deepEqual([byChance.group, byChance.split!.reason], ['catalog', 'chance'])
    const byKey = (await explain(
      'url=/canary&header=X-User-Id:7&header=x-other:1&client=192.0.2.1'
    )) as ForwardedExplanation
    assert.deepEqual([byKey.split!.reason, byKey.split!.key], ['key', 'header:x-user-id'])
  })

  await t.test('/api/explain refuses what it does not know', async () => {
    for (const query of [
      '',
      'url=nowhere',
      'url=/&colour=red',
      'url=/&header=nocolon',
      'url=/&client=me',
      'url=/&method=G%20T'
    ]) {
      const [status, body] = await ask(`/api/explain?${query}`)
      assert.equal(status, 400, query)
      assert.equal((body as { title: string }).title, 'Bad Request')
    }
  })

  await t.test('`xecureapi explain` asks the running gateway, or the file when none answers', async (sub) => {
    const explained = async (...words: string[]): Promise<[code: number | null, text: string]> => {
      const command = runCommand(sub, 'explain', '--config', file, ...words)
      const { code } = await command.ended
      return [code, command.stdout() + command.stderr()]
    }
    const [live, offline] = await Promise.all([
      explained('get', '/stock', '--header', 'Host: shop.example.com', '--admin', adminUrl),
      explained('GET', '/stock', '--header', 'Host: shop.example.com', '--admin', ill)
    ])
    assert.equal(live[0], 0)
    assert.match(live[1], /^from the running gateway\n/)
    assert.match(live[1], new RegExp(`${new URL(ill).host} +rejected +ill \\(connect_refused\\)`))
    assert.match(live[1], new RegExp(`${new URL(a).host} +accepted +probe_passed`))
    assert.equal(offline[0], 0)
    assert.match(offline[1], /no gateway answers\n/)
    assert.match(offline[1], new RegExp(`${new URL(ill).host} +accepted +initial`))
  })

  await t.test('/api/config/validate reads the file without applying it', async () => {
    assert.deepEqual(await ask('/api/config/validate', { method: 'POST' }), [
      200,
      { valid: true, errors: [] }
    ])
    await writeFile(file, 'routes:\n  - path: /a\n    upstream: nobody\n  - path: 1\n')
    const [status, body] = await ask('/api/config/validate', { method: 'POST' })
    const { valid, errors } = body as {
      valid: boolean
      errors: { text: string; line: number; path: string }[]
    }
    assert.deepEqual([status, valid], [200, false])
    assert.ok(errors.length >= 2)
    for (const { text, line } of errors) assert.match(text, new RegExp(`gateway\\.yaml:${line}: routes`))
  })

  await t.test('/api/config/reload applies it, or says every error', async () => {
    const [status, body] = (await ask('/api/config/reload', { method: 'POST' })) as [
      number,
      Record<string, unknown>
    ]
    assert.equal(status, 422)
    assert.deepEqual(
      [body.type, body.trigger, body.outcome, body.generation],
      ['reload', 'admin', 'failed', 1]
    )
    assert.ok((body.errors as string[]).length >= 2)
    await write({ ...config, routes: [{ name: 'all', path: '/', upstream: 'catalog' }] })
    assert.deepEqual(await ask('/api/config/reload', { method: 'POST' }), [
      200,
      { type: 'reload', trigger: 'admin', outcome: 'applied', generation: 2, errors: [] }
    ])
    assert.deepEqual(
      (await readAdmin<{ name: string }[]>(gateway, '/api/routes')).map(({ name }) => name),
      ['all']
    )
    assert.deepEqual(await ask('/api/config/reload', { method: 'POST' }), [
      200,
      { type: 'reload', trigger: 'admin', outcome: 'unchanged', generation: 2, errors: [] }
    ])
  })
})
