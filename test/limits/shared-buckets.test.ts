import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bucketBytes, bucketLayout, SharedBuckets } from '../../src/limits/shared-buckets.ts'

suite('a layout of buckets', () => {
  test('has as many places as are asked for, or hardly fewer, and never more', () => {
    for (const places of [1, 2, 10, 15, 16, 17, 31, 32, 33, 100, 1000, 16_384, 100_000, 10_000_000]) {
      const { buckets, ways } = bucketLayout(places, () => 0)
      assert.ok(buckets * ways <= places, `${places}`)
      assert.ok(buckets * ways >= places * 0.94, `${places}`)
      assert.ok(ways < 32)
      if (places < 32) assert.equal(buckets * ways, places)
    }
  })

  test('has room for the words of its owner behind the hashes', () => {
    const layout = bucketLayout(40, (ways) => 2 * ways)
    assert.deepEqual(layout, { buckets: 2, ways: 20, size: 61 })
    assert.equal(bucketBytes(layout), 2 * 61 * 8)
  })
})

suite('buckets in shared memory', () => {
  const layout = bucketLayout(100, () => 1)
  const bucketsOf = (buffer: SharedArrayBuffer, row = 0): SharedBuckets =>
    new SharedBuckets(buffer, layout, row)

  test('spread hashes evenly, from the first bucket to the last', () => {
    const buckets = bucketsOf(new SharedArrayBuffer(bucketBytes(layout)))
    const counts = new Map<number, number>()
    for (let step = 0; step < 6000; step++) {
      const bucket = buckets.bucketOf(Math.floor((step / 6000) * 2 ** 32) | 0)
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
    }
    assert.deepEqual(
      [...counts.keys()],
      Array.from({ length: layout.buckets }, (_, at) => at * layout.size)
    )
    for (const count of counts.values()) assert.ok(Math.abs(count - 1000) <= 1, `${count}`)
    assert.equal(buckets.bucketOf(-1), (layout.buckets - 1) * layout.size)
  })

  test('know who has which place, in all threads', () => {
    const buffer = new SharedArrayBuffer(bucketBytes(layout))
    const [one, two] = [bucketsOf(buffer, 0), bucketsOf(buffer, 1)]
    const bucket = one.bucketOf(-1)
    assert.equal(one.find(bucket, 7, -1), -1)
    one.assign(bucket, 0, 7, -1)
    one.assign(bucket, layout.ways - 1, -8, -1)
    assert.equal(two.find(bucket, 7, -1), 0)
    assert.equal(two.find(bucket, -8, -1), layout.ways - 1)
    assert.equal(two.find(bucket, 7, -2), -1)
    two.assign(bucket, 0, 9, -1)
    assert.equal(one.find(bucket, 7, -1), -1)
    assert.equal(one.find(one.bucketOf(0), -8, -1), -1)
  })

  test("are overwritten neither by the owner's words nor by the next bucket", () => {
    const buffer = new SharedArrayBuffer(bucketBytes(layout))
    const buckets = bucketsOf(buffer)
    const owned = new Float64Array(buffer)
    for (let bucket = 0; bucket < layout.buckets * layout.size; bucket += layout.size) {
      buckets.lock(bucket)
      for (let way = 0; way < layout.ways; way++) buckets.assign(bucket, way, bucket + 1, way)
      owned[buckets.wordsOf(bucket)] = -1
    }
    for (let bucket = 0; bucket < layout.buckets * layout.size; bucket += layout.size) {
      for (let way = 0; way < layout.ways; way++) assert.equal(buckets.find(bucket, bucket + 1, way), way)
      assert.equal(owned[buckets.wordsOf(bucket)], -1)
      buckets.unlock(bucket)
    }
  })

  test('open the locks of one thread, and of no other', () => {
    const buffer = new SharedArrayBuffer(bucketBytes(layout))
    const locks = new Int32Array(buffer)
    const isLocked = (bucket: number): boolean => locks[2 * bucket] !== 0
    const [first, last] = [0, (layout.buckets - 1) * layout.size]
    bucketsOf(buffer, 0).lock(first)
    bucketsOf(buffer, 3).lock(last)
    bucketsOf(buffer, -2).releaseLocksOf(3)
    assert.deepEqual([first, last].map(isLocked), [true, false])
    bucketsOf(buffer, 0).unlock(first)
    assert.deepEqual([first, last].map(isLocked), [false, false])
  })
})
