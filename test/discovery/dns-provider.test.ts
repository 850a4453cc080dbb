import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { type DnsPace, DnsProvider, type DnsProviderOptions } from '../../src/discovery/dns-provider.ts'
import { type DnsServer, startDnsServer } from '../helpers/dns-server.ts'
import { until } from '../helpers/until.ts'
import { listenTo } from './listening.ts'

const NAME = 'catalog.test'

/** Looks often; whatever is missing stays so for longer than a test takes. */
const FAST: DnsPace = {
  minTtl: 20,
  maxTtl: 20,
  minRetry: 20,
  maxRetry: 20,
  timeout: 10_000,
  tries: 1,
  believeAfter: 3_600_000
}

function discovering(t: TestContext, server: DnsServer, options: Partial<DnsProviderOptions> = {}) {
  const { pace, ...rest } = options
  return listenTo(
    t,
    new DnsProvider({
      name: NAME,
      port: 3001,
      protocol: 'http:',
      servers: [server.address],
      pace: { ...FAST, ...pace },
      ...rest
    })
  )
}

/** Waits for whole looks that begin from now on. */
async function looks(server: DnsServer, count = 2): Promise<void> {
  const before = server.count(NAME, 'A')
  await until('it looks again', () => server.count(NAME, 'A') > before + count)
}

test('addresses of both kinds are backends that keep the name; only another set is told', async (t) => {
  const server = await startDnsServer(t)
  server.set(NAME, {
    A: [{ address: '10.0.0.2' }, { address: '10.0.0.1' }, { address: '10.0.0.2' }],
    AAAA: [{ address: 'fd00::1' }]
  })
  const { sets, statuses, expectUrls } = discovering(t, server)
  await expectUrls('http://10.0.0.1:3001', 'http://10.0.0.2:3001', 'http://[fd00::1]:3001')
  assert.deepEqual(
    sets[0]?.map(({ authority }) => authority),
    Array.from({ length: 3 }, () => 'catalog.test:3001')
  )
  server.set(NAME, { A: [{ address: '10.0.0.1' }, { address: '10.0.0.2' }], AAAA: [{ address: 'fd00::1' }] })
  await looks(server)
  assert.equal(sets.length, 1)
  server.set(NAME, { AAAA: [{ address: 'fd00::2' }] })
  await expectUrls('http://[fd00::2]:3001')
  assert.equal(sets.length, 2)
  assert.deepEqual(statuses, [])
})

for (const reply of ['servfail', 'refused', 'nxdomain'] as const) {
  test(`the last set stays while the answer is ${reply}, and the next one counts`, async (t) => {
    const server = await startDnsServer(t)
    server.set(NAME, { A: [{ address: '10.0.0.1' }] })
    const { sets, statuses, expectUrls, expectReason } = discovering(t, server)
    await expectUrls('http://10.0.0.1:3001')
    server.set(NAME, reply)
    await expectReason(reply)
    await looks(server)
    assert.equal(sets.length, 1)
    server.set(NAME, { A: [{ address: '10.0.0.9' }] })
    await expectUrls('http://10.0.0.9:3001')
    await expectReason(undefined)
    assert.equal(statuses.length, 2, 'each change is told once')
    assert.match(statuses[0]?.detail ?? '', /^catalog\.test: the name .*; the last known backends are kept$/)
  })
}

test('a name server that hangs is asked by one look at a time and changes nothing', async (t) => {
  const server = await startDnsServer(t)
  server.set(NAME, { A: [{ address: '10.0.0.1' }] })
  const { sets, expectUrls, expectReason } = discovering(t, server, {
    pace: { minTtl: 5, maxTtl: 5, minRetry: 5, maxRetry: 5, timeout: 250 }
  })
  await expectUrls('http://10.0.0.1:3001')
  server.set(NAME, 'hang')
  await expectReason('timeout')
  const before = server.count(NAME, 'A')
  const begin = performance.now()
  await delay(600)
  const asked = server.count(NAME, 'A') - before
  const passed = performance.now() - begin
  assert.ok(asked <= passed / 200 + 1, `${asked} questions in ${passed} ms, each of which waits for 250 ms`)
  assert.equal(sets.length, 1)
  server.set(NAME, { A: [{ address: '10.0.0.2' }] })
  await expectUrls('http://10.0.0.2:3001')
})

test('a name that is gone is believed to be when it was for long enough without interruption', async (t) => {
  const server = await startDnsServer(t)
  let now = 0
  server.set(NAME, { A: [{ address: '10.0.0.1' }] })
  const { sets, statuses, expectUrls, expectReason } = discovering(t, server, {
    now: () => now,
    pace: { believeAfter: 30_000 }
  })
  await expectUrls('http://10.0.0.1:3001')
  server.set(NAME, 'nxdomain')
  await expectReason('nxdomain')
  now = 29_999
  await looks(server)
  server.set(NAME, 'servfail')
  await expectReason('servfail')
  server.set(NAME, 'nxdomain')
  await expectReason('nxdomain')
  now = 59_998
  await looks(server)
  assert.equal(sets.length, 1, 'the failure between began the time anew')
  now = 60_000
  await expectUrls()
  await expectReason(undefined)
  assert.deepEqual(statuses.at(-1), {})
})

test('a name that does not exist from the start has no backends once that is believed, not before', async (t) => {
  const server = await startDnsServer(t)
  let now = 0
  const { sets, expectUrls, expectReason } = discovering(t, server, {
    now: () => now,
    pace: { believeAfter: 30_000 }
  })
  await expectReason('nxdomain')
  await looks(server)
  assert.deepEqual(sets, [])
  now = 30_000
  await expectUrls()
})

test('addresses of one kind stay when only they can not be looked up, and the other ones change', async (t) => {
  const server = await startDnsServer(t)
  server.set(NAME, { A: [{ address: '10.0.0.1' }], AAAA: [{ address: 'fd00::1' }] })
  const { expectUrls, expectReason } = discovering(t, server)
  await expectUrls('http://10.0.0.1:3001', 'http://[fd00::1]:3001')
  server.set(NAME, { A: [{ address: '10.0.0.2' }], AAAA: 'servfail' })
  await expectUrls('http://10.0.0.2:3001', 'http://[fd00::1]:3001')
  await expectReason('servfail')
  server.set(NAME, { A: [{ address: '10.0.0.2' }] })
  await expectUrls('http://10.0.0.2:3001')
  await expectReason(undefined)
})

test('the next look waits for the TTL, but never below the bounds of it, nor above them', async (t) => {
  const server = await startDnsServer(t)
  server.set('short.test', { A: [{ address: '10.0.0.1', ttl: 0 }] })
  server.set('long.test', { A: [{ address: '10.0.0.1', ttl: 86_400 }] })
  const pace = { minTtl: 150, maxTtl: 300 }
  discovering(t, server, { name: 'short.test', pace })
  discovering(t, server, { name: 'long.test', pace })
  const begin = performance.now()
  await until('both were asked again', () =>
    ['short.test', 'long.test'].every((name) => server.count(name, 'A') >= 3)
  )
  const passed = performance.now() - begin
  assert.ok(server.count('short.test', 'A') <= passed / (150 * 0.9) + 1, 'not sooner than the bound')
})

test('nothing is asked and told any more after the stop, which ends a look', async (t) => {
  const server = await startDnsServer(t)
  server.set(NAME, 'hang')
  const provider = new DnsProvider({
    name: NAME,
    protocol: 'http:',
    servers: [server.address],
    pace: FAST
  })
  const { sets, statuses } = listenTo(t, provider)
  await until('it asks', () => server.count(NAME, 'AAAA') > 0 && server.count(NAME, 'A') > 0)
  provider.stop()
  const asked = server.count(NAME)
  server.set(NAME, { A: [{ address: '10.0.0.1' }] })
  await delay(200)
  assert.equal(server.count(NAME), asked)
  assert.deepEqual([...sets, ...statuses], [])
})

test('the servers of a service are backends with their own names, tiers and weights', async (t) => {
  const server = await startDnsServer(t)
  server.set('_http._tcp.catalog.test', {
    SRV: [
      { target: 'b.test', port: 3002, priority: 20, weight: 1 },
      { target: 'a.test', port: 3001, priority: 10, weight: 3 }
    ]
  })
  server.set('a.test', { A: [{ address: '10.0.0.1' }], AAAA: [{ address: 'fd00::1' }] })
  server.set('b.test', { A: [{ address: '10.0.0.2' }] })
  const { sets, expectUrls } = discovering(t, server, { name: '_http._tcp.catalog.test', protocol: 'https:' })
  await expectUrls('https://10.0.0.1:3001', 'https://10.0.0.2:3002', 'https://[fd00::1]:3001')
  assert.deepEqual(sets[0], [
    { url: 'https://10.0.0.1:3001', weight: 3, tier: 0, authority: 'a.test:3001' },
    { url: 'https://10.0.0.2:3002', weight: 1, tier: 1, authority: 'b.test:3002' },
    { url: 'https://[fd00::1]:3001', weight: 3, tier: 0, authority: 'a.test:3001' }
  ])
})

test('targets of a service move while its records can not be looked up; a new target waits for its address', async (t) => {
  const server = await startDnsServer(t)
  const name = '_http._tcp.catalog.test'
  server.set(name, { SRV: [{ target: 'a.test', port: 3001 }] })
  server.set('a.test', { A: [{ address: '10.0.0.1' }] })
  const { sets, expectUrls, expectReason } = discovering(t, server, { name })
  await expectUrls('http://10.0.0.1:3001')
  server.set(name, 'servfail')
  server.set('a.test', { A: [{ address: '10.0.0.2' }] })
  await expectUrls('http://10.0.0.2:3001')
  await expectReason('servfail')
  server.set('b.test', 'refused')
  server.set(name, { SRV: [{ target: 'b.test', port: 3001 }] })
  await expectReason('refused')
  assert.equal(sets.length, 2, 'a set that is not known yet takes nothing away')
  server.set('b.test', { A: [{ address: '10.0.0.3' }] })
  await expectUrls('http://10.0.0.3:3001')
  server.set(name, { SRV: [{ target: '.', port: 0 }] })
  await expectReason('nodata')
  assert.equal(sets.length, 3)
})
