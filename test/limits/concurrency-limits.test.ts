import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ConcurrencyConfig } from '../../src/config/types.ts'
import { ConcurrencyLimits } from '../../src/limits/concurrency-limits.ts'
import { GROUP_LAYOUT, LOAD_PLACE } from '../../src/upstreams/group-live.ts'
import { GroupLoad } from '../../src/upstreams/group-load.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'

const ADAPTIVE: ConcurrencyConfig = { mode: 'adaptive', min: 20, max: 1000 }

/** A group with a limit, in virtual time. */
interface Lab {
  readonly load: GroupLoad
  /** Puts another configuration in force, as a reload does; undefined = the group has none. */
  readonly configure: (concurrency: ConcurrencyConfig | undefined) => void
  /** So many seconds pass, with so many requests at once; `count` is called for each second. */
  readonly pass: (seconds: number, busy: number, count: () => void) => void
  readonly isIdle: () => boolean
}

function lab(concurrency: ConcurrencyConfig): Lab {
  const table = new LiveTable(GROUP_LAYOUT, 1)
  table.grow(1)
  const load = new GroupLoad(table, 0, 0, LOAD_PLACE)
  const limits = new ConcurrencyLimits(() => {})
  let now = 0
  const configure: Lab['configure'] = (next) =>
    limits.update([{ name: 'lab', settings: next ? { concurrency: next } : {}, load }], now)
  configure(concurrency)
  return {
    load,
    configure,
    isIdle: () => limits.isIdle,
    pass: (seconds, busy, count) => {
      for (let second = 0; second < seconds; second++) {
        const entered = Array.from({ length: busy }, () => load.enter(1, 1000)).filter(Boolean).length
        for (let place = 0; place < entered; place++) load.leave(1)
        count()
        for (let tick = 0; tick < 10; tick++) limits.tick((now += 100))
      }
    }
  }
}

/** Counts so many answers of so many milliseconds. */
function answers(load: GroupLoad, count: number, milliseconds: number): void {
  for (let answer = 0; answer < count; answer++) load.answered(milliseconds)
}

function givenUp(load: GroupLoad, count: number, milliseconds: number): void {
  for (let request = 0; request < count; request++) load.unanswered(milliseconds)
}

suite('a limit that is found', () => {
  test('begins at 50, or at what is allowed', () => {
    assert.equal(lab(ADAPTIVE).load.limit, 50)
    assert.equal(lab({ ...ADAPTIVE, max: 30 }).load.limit, 30)
    assert.equal(lab({ ...ADAPTIVE, min: 80 }).load.limit, 80)
  })

  test('does not look at the first window, of which only the quick answers are known', () => {
    const { load, pass } = lab(ADAPTIVE)
    pass(1, 50, () => answers(load, 100, 5))
    pass(30, 50, () => answers(load, 100, 40))
    assert.ok(load.limit > 60, `${load.limit}`)
  })

  test('falls when requests time out, although those that are answered are quick', () => {
    const { load, pass } = lab(ADAPTIVE)
    pass(10, 50, () => answers(load, 100, 20))
    const before = load.limit
    pass(10, 50, () => {
      givenUp(load, 50, 30_000)
      answers(load, 50, 20)
    })
    assert.ok(load.limit < before / 2, `${load.limit} after ${before}`)
  })

  test('is not found from clients that leave at once', () => {
    const { load, pass } = lab(ADAPTIVE)
    pass(10, 50, () => answers(load, 100, 20))
    const before = load.limit
    pass(30, 50, () => givenUp(load, 1000, 0.05))
    assert.equal(load.limit, before, 'nothing is known')
    pass(30, 50, () => answers(load, 100, 20))
    assert.ok(load.limit >= before, `${load.limit} after ${before}: what is usual is what it was`)
  })

  test('is not raised by a service that answers nobody', () => {
    const { load, pass } = lab(ADAPTIVE)
    pass(60, 50, () => givenUp(load, 50, 30_000))
    assert.equal(load.limit, 50)
  })

  test('follows a service of which few answers come in a second', () => {
    const { load, pass } = lab(ADAPTIVE)
    pass(30, 50, () => answers(load, 5, 1000))
    const before = load.limit
    assert.ok(before > 50, `${before}`)
    pass(20, 50, () => answers(load, 5, 9000))
    assert.ok(load.limit < before - 5, `${load.limit} after ${before}`)
  })

  test('is not found from fewer than ten answers in ten seconds', () => {
    const { load, pass } = lab(ADAPTIVE)
    let second = 0
    pass(200, 50, () => second++ % 2 === 0 && answers(load, 1, second * 1000))
    assert.equal(load.limit, 50)
  })

  test('is not found from what was counted while it was static', () => {
    const { load, pass, configure } = lab(ADAPTIVE)
    pass(10, 50, () => answers(load, 100, 20))
    const before = load.limit
    configure({ ...ADAPTIVE, mode: 'static' })
    pass(60, 50, () => answers(load, 100, 2000))
    configure(ADAPTIVE)
    pass(1, 50, () => answers(load, 100, 20))
    assert.ok(load.limit >= before, `${load.limit} after ${before}`)
  })

  test('is kept when the configuration is read again, within its bounds', () => {
    const { load, pass, configure } = lab(ADAPTIVE)
    pass(20, 60, () => answers(load, 100, 20))
    const before = load.limit
    assert.ok(before > 60)
    configure({ ...ADAPTIVE, max: 900 })
    assert.equal(load.limit, before)
    configure({ ...ADAPTIVE, max: 40 })
    assert.equal(load.limit, 40)
    configure({ ...ADAPTIVE, min: 70 })
    assert.equal(load.limit, 70)
    configure({ mode: 'static', min: 20, max: 7 })
    assert.equal(load.limit, 7)
  })
})

test('a group that has no limit any more is not looked at', () => {
  const { configure, isIdle } = lab(ADAPTIVE)
  assert.equal(isIdle(), false)
  configure(undefined)
  assert.equal(isIdle(), true)
})
