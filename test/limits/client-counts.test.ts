import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ClientCounts, createClientCounts, UNCOUNTED } from '../../src/limits/client-counts.ts'

suite('connections of clients', () => {
  test('are counted over all threads, in all and by address', () => {
    const share = createClientCounts(2)
    const [one, other] = [new ClientCounts(share, 0), new ClientCounts(share, 1)]
    one.open()
    other.open()
    assert.equal(one.total, 2)
    const place = one.enter('192.0.2.1')
    assert.equal(one.count, 1)
    const second = other.enter('192.0.2.1')
    assert.equal(other.count, 2)
    other.enter('192.0.2.2')
    assert.equal(other.count, 1)
    one.leave(place)
    other.leave(second)
    other.close()
    one.enter('192.0.2.1')
    assert.deepEqual([one.count, one.total], [1, 1])
  })

  test('of a dead thread are gone', () => {
    const share = createClientCounts(2)
    const [one, other] = [new ClientCounts(share, 0), new ClientCounts(share, 1)]
    one.open()
    other.open()
    one.enter('192.0.2.1')
    other.enter('192.0.2.1')
    new ClientCounts(share, -1).clearRow(0)
    other.enter('192.0.2.1')
    assert.deepEqual([other.count, other.total], [2, 1])
  })

  test('of an address that finds no place are not counted, until there is one', () => {
    const counts = new ClientCounts(createClientCounts(1, 2), 0)
    const first = counts.enter('a')
    counts.enter('b')
    assert.equal(counts.enter('c'), UNCOUNTED)
    assert.equal(counts.count, 0)
    counts.leave(UNCOUNTED)
    counts.enter('a')
    assert.equal(counts.count, 2, 'a flood of others takes no place from who has one')
    counts.leave(first)
    counts.leave(first)
    assert.notEqual(counts.enter('c'), UNCOUNTED)
    assert.equal(counts.count, 1)
  })
})
