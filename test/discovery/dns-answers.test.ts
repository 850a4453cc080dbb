import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBackends, serviceBackends, type ServiceTarget } from '../../src/discovery/dns-answers.ts'

function target(name: string, address: string, priority = 0, weight = 0, port = 3001): ServiceTarget {
  return { record: { name, port, priority, weight }, addresses: [address] }
}

function weights(...given: number[]): (number | undefined)[] {
  const targets = given.map((weight, index) => target('a.test', `10.0.0.${index + 1}`, 0, weight))
  return serviceBackends(targets, 'http:').map(({ weight }) => weight)
}

test('addresses are sorted and each is one backend; IPv6 stands in brackets, in its shortest form', () => {
  const addresses = ['fd00:0:0::1', '10.0.0.2', '10.0.0.1', 'fd00::1', '10.0.0.2']
  assert.deepEqual(addressBackends(addresses, 'Catalog.Internal.', 3001, 'http:'), [
    { url: 'http://10.0.0.1:3001', authority: 'catalog.internal:3001' },
    { url: 'http://10.0.0.2:3001', authority: 'catalog.internal:3001' },
    { url: 'http://[fd00::1]:3001', authority: 'catalog.internal:3001' }
  ])
})

test('the default port is named neither in the URL nor in the authority', () => {
  const expected = [{ url: 'https://10.0.0.1', authority: 'catalog.internal' }]
  assert.deepEqual(addressBackends(['10.0.0.1'], 'catalog.internal', 443, 'https:'), expected)
  assert.deepEqual(addressBackends(['10.0.0.1'], 'catalog.internal', undefined, 'https:'), expected)
})

test('priorities become tiers by their rank, of which there are sixteen', () => {
  const targets = Array.from({ length: 18 }, (_, index) =>
    target('a.test', `10.0.1.${index + 10}`, index * 1000)
  )
  assert.deepEqual(
    serviceBackends(targets.toReversed(), 'http:').map(({ tier }) => tier),
    [...Array.from({ length: 16 }, (_, index) => index), 15, 15]
  )
})

test('weights stay as they are, are scaled down where they do not fit, and a 0 gets the smallest share', () => {
  assert.deepEqual(weights(0, 0), [1, 1])
  assert.deepEqual(weights(1, 3, 1000), [1, 3, 1000])
  assert.deepEqual(weights(65_535, 32_768, 1), [1000, 500, 1])
  assert.deepEqual(weights(0, 10, 5), [1, 1000, 500])
})

test('weights count among those of the same priority', () => {
  const targets = [
    target('a.test', '10.0.0.1', 1, 0),
    target('b.test', '10.0.0.2', 2, 0),
    target('c.test', '10.0.0.3', 2, 4)
  ]
  assert.deepEqual(
    serviceBackends(targets, 'http:').map(({ tier, weight }) => [tier, weight]),
    [
      [0, 1],
      [1, 1],
      [1, 1000]
    ]
  )
})

test('an address that several records name is one backend, the same in whatever order they came', () => {
  const targets = [
    target('z.test', '10.0.0.1', 2, 50),
    target('b.test', '10.0.0.1', 1, 5),
    target('c.test', '10.0.0.1', 1, 9),
    target('a.test', '10.0.0.1', 1, 9)
  ]
  const expected = [{ url: 'http://10.0.0.1:3001', weight: 9, tier: 0, authority: 'a.test:3001' }]
  assert.deepEqual(serviceBackends(targets, 'http:'), expected)
  assert.deepEqual(serviceBackends(targets.toReversed(), 'http:'), expected)
})

test('a target without addresses is no backend', () => {
  const { record } = target('a.test', '')
  assert.deepEqual(serviceBackends([{ record, addresses: [] }], 'http:'), [])
})
