import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Pace, type Rate } from '../../src/limits/gcra.ts'
import { createLimitTable, LimitTable } from '../../src/limits/limit-table.ts'
import { between, oneOf, seeded } from '../balancing/seeded.ts'
import { ExactBucket } from './exact-bucket.ts'

const DAY = 86_400_000

function table(): LimitTable {
  return new LimitTable(createLimitTable(1, [1, 2]), 0)
}

/** A whole number from 1 to `most`, small ones as often as large ones. */
function upTo(random: () => number, most: number): number {
  return Math.max(1, Math.round(most ** random()))
}

function randomRate(random: () => number): Rate {
  const per = oneOf(random, [1, 7, 250, 1000, 60_000, 3_600_000, DAY])
  // Intervals of at least a microsecond.
  return { limit: upTo(random, Math.min(1e9, 1000 * per)), per, burst: upTo(random, 100_000) }
}

/** What the worst of all windows let through beyond what its time brings, in ticks: at most the depth. */
class WorstWindow {
  #sum = 0
  #least = Infinity
  worst = 0

  add(at: number, ticks: number): void {
    this.#least = Math.min(this.#least, this.#sum - at)
    this.#sum += ticks
    this.worst = Math.max(this.worst, this.#sum - at - this.#least)
  }
}

/** Lets requests arrive at whole ticks, at a table and at a bucket that leaks: they must agree, to the tick. */
function compare(rate: Rate, start: number, random: () => number): void {
  const pace = new Pace(rate)
  const bucket = new ExactBucket(rate, BigInt(rate.limit) * BigInt(pace.interval))
  const limited = table()
  const largest = upTo(random, rate.burst)
  let ticks = pace.at(start)
  for (let arrival = 0; arrival < 1000; arrival++) {
    const cost = between(random, 1, largest)
    const { isAdmitted, remaining, retryAfter } = limited.take('key', cost, ticks * pace.tick, pace)
    const exact = bucket.take(cost, BigInt(ticks) * BigInt(rate.per))
    const where = JSON.stringify({ rate, ticks, cost })
    assert.equal(isAdmitted, exact.isAdmitted, where)
    assert.equal(remaining, exact.remaining, where)
    const retry = Math.round(retryAfter / pace.tick)
    const { over, under } = exact.retryAfter
    const parts = BigInt(rate.limit) * BigInt(pace.interval)
    assert.equal(BigInt(retry) * BigInt(rate.per) * under, over * parts, where)
    ticks += gap(random, pace, retry)
  }
}

suite('requests of one key', () => {
  for (const [what, start] of [
    ['from 0', 0],
    ['after a week', 7 * DAY],
    ['after three years', 1e11]
  ] as const) {
    test(`are let through exactly as a bucket that leaks would, on a clock ${what}`, () => {
      const random = seeded(start + 1)
      for (let round = 0; round < 60; round++) {
        compare(randomRate(random), start, random)
      }
    })
  }

  test('are let through exactly so at plain milliseconds too', () => {
    const random = seeded(5)
    for (let round = 0; round < 100; round++) {
      const per = oneOf(random, [1, 10, 250, 1000, 60_000, DAY])
      const rate: Rate = { limit: upTo(random, 500), per, burst: upTo(random, 100) }
      const pace = new Pace(rate)
      const bucket = new ExactBucket(rate, 1n)
      const limited = table()
      let now = between(random, 0, 1e9)
      for (let arrival = 0; arrival < 500; arrival++) {
        const cost = between(random, 1, Math.min(rate.burst, 3))
        const { isAdmitted } = limited.take('key', cost, now, pace)
        assert.equal(
          isAdmitted,
          bucket.take(cost, BigInt(now)).isAdmitted,
          JSON.stringify({ rate, now, cost })
        )
        const step = random()
        if (step > 0.9) now += per
        else if (step > 0.2) now += between(random, 0, Math.ceil((2 * per) / rate.limit))
      }
    }
  })

  test('come through at the very moment when the next is due, however often it is no round number', () => {
    for (const limit of [3, 7, 9, 11, 13, 60, 77, 999]) {
      for (const start of [0, 1000, 7 * DAY, 1e11]) {
        const rate: Rate = { limit, per: 1000, burst: 1 }
        const pace = new Pace(rate)
        const limited = table()
        for (let turn = 0; turn < 5000; turn++) {
          const due = start + (turn * 1000) / limit
          if (turn > 0) {
            assert.ok(!limited.take('key', 1, due - 2 * pace.tick, pace).isAdmitted, `${limit} ${due}`)
          }
          assert.ok(limited.take('key', 1, due, pace).isAdmitted, `${limit} ${due}`)
        }
      }
    }
  })

  test('are in no window more than the burst and what its time brings', () => {
    const random = seeded(6)
    for (let round = 0; round < 60; round++) {
      const rate = randomRate(random)
      const pace = new Pace(rate)
      const limited = table()
      const window = new WorstWindow()
      let ticks = pace.at(random() * 1e10)
      let brought = 0
      for (let arrival = 0; arrival < 2000; arrival++) {
        const cost = between(random, 1, Math.min(rate.burst, 5))
        const isAdmitted = limited.take('key', cost, ticks * pace.tick, pace).isAdmitted
        if (isAdmitted) window.add(ticks, cost * pace.interval)
        if (isAdmitted) brought += cost
        ticks += Math.floor(random() * random() * 2 * pace.interval)
      }
      assert.ok(window.worst <= pace.depth, JSON.stringify(rate))
      assert.ok(brought > 0)
    }
  })
})

/** How long until the next arrival, in ticks. */
function gap(random: () => number, pace: Pace, retry: number): number {
  const kind = between(random, 0, 9)
  if (kind < 2) return 0
  if (kind < 4) return retry
  if (kind === 4) return Math.max(0, retry - 1)
  if (kind === 5) return 1
  if (kind === 6) return pace.interval * between(random, 1, 3)
  if (kind === 7 && random() < 0.1) return pace.depth + between(random, -1, 1)
  return Math.floor(random() * 3 * pace.interval)
}

suite('a limit at the ends of its range', () => {
  test('lets one request a day through', () => {
    for (const start of [0, 1e11]) {
      const pace = new Pace({ limit: 1, per: DAY, burst: 1 })
      const limited = table()
      assert.ok(limited.take('key', 1, start, pace).isAdmitted)
      assert.deepEqual([limited.remaining, limited.retryAfter, limited.reset], [0, 0, DAY])
      assert.ok(!limited.take('key', 1, start + DAY - 0.01, pace).isAdmitted)
      assert.ok(Math.abs(limited.retryAfter - 0.01) < 0.003)
      assert.ok(limited.take('key', 1, start + DAY, pace).isAdmitted)
    }
  })

  test('counts every request of the largest burst that takes the longest to come back', () => {
    const pace = new Pace({ limit: 1, per: DAY, burst: 1e9 })
    const limited = table()
    for (let turn = 1; turn <= 1000; turn++) {
      assert.ok(limited.take('key', 1_000_000, 1e11, pace).isAdmitted)
      assert.equal(limited.remaining, 1e9 - turn * 1_000_000)
    }
    assert.ok(!limited.take('key', 1, 1e11, pace).isAdmitted)
    assert.ok(limited.take('key', 1, 1e11 + DAY, pace).isAdmitted)
    assert.ok(!limited.take('key', 1, 1e11 + DAY, pace).isAdmitted)
    const random = seeded(7)
    for (let round = 0; round < 20; round++) compare({ limit: 1, per: DAY, burst: 1e9 }, 1e11, random)
  })

  test('lets no more through than it should where requests come faster than clocks count', () => {
    for (const per of [1, 1000]) {
      for (const start of [0, DAY, 1e11]) {
        const pace = new Pace({ limit: 1e9, per, burst: 1e9 })
        const limited = table()
        let count = 0
        while (limited.take('key', 1_000_000, start, pace).isAdmitted) count++
        // What is rounded is rounded up.
        assert.ok(count <= 1000 && count > 950, `${count} at ${start}`)
        for (let turn = 0; turn < 100; turn++) limited.take('key', 1, start, pace)
        assert.ok(!limited.take('key', 1_000_000, start, pace).isAdmitted)
        assert.ok(limited.take('key', 1_000_000, start + per, pace).isAdmitted)
      }
    }
  })

  test('counts every single request where its cost is less than the clock can tell', () => {
    const pace = new Pace({ limit: 1e9, per: 1, burst: 10 })
    const limited = table()
    let count = 0
    while (count < 100 && limited.take('key', 1, 1e11, pace).isAdmitted) count++
    assert.ok(count >= 1 && count <= 10, `${count}`)
  })

  test('lets a request that costs the whole burst through when nothing is owed, and only then', () => {
    const pace = new Pace({ limit: 10, per: 1000, burst: 50 })
    const limited = table()
    assert.ok(limited.take('key', 50, 1000, pace).isAdmitted)
    assert.deepEqual([limited.remaining, limited.reset], [0, 5000])
    assert.ok(!limited.take('key', 50, 5999, pace).isAdmitted)
    assert.ok(limited.take('key', 50, 6000, pace).isAdmitted)
  })
})

suite('a share of a limit', () => {
  test('is that part of its rate and burst', () => {
    const pace = new Pace({ limit: 100, per: 1000, burst: 50 }, 4)
    assert.equal(pace.burst, 12)
    const limited = table()
    let count = 0
    for (let now = 0; now < 10_000; now++) if (limited.take('key', 1, now, pace).isAdmitted) count++
    assert.ok(count >= 250 + 12 && count <= 250 + 13, `${count}`)
  })

  test('has room for one request at least, and for a cost that must come through', () => {
    assert.equal(new Pace({ limit: 10, per: 1000, burst: 2 }, 5).burst, 1)
    assert.equal(new Pace({ limit: 10, per: 1000, burst: 20 }, 5, 9).burst, 9)
  })

  test('remembers what a request beyond the share of the burst has cost', () => {
    const rate: Rate = { limit: 10, per: 1000, burst: 20 }
    const share = new Pace(rate, 10)
    const dear = new Pace(rate, 10, 5)
    const limited = table()
    let cost = 0
    for (let now = 0; now < 60_000; now += 50) {
      if (limited.take('key', 5, now, dear).isAdmitted) cost += 5
      if (limited.take('key', 1, now, share).isAdmitted) cost += 1
      assert.ok(limited.remaining >= 0)
    }
    assert.ok(cost <= 60 + 5 + 1, `${cost}`)
  })
})
