import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { GROUP_LAYOUT, LOAD_PLACE } from '../../src/upstreams/group-live.ts'
import { GroupLoad } from '../../src/upstreams/group-load.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'

const [CRITICAL, NORMAL, SHEDDABLE] = [0, 1, 2] as const

/** One group as two threads see it, and its table. */
function views(limit: number): { table: LiveTable; first: GroupLoad; second: GroupLoad } {
  const table = new LiveTable(GROUP_LAYOUT, 2)
  table.grow(1)
  const [first, second] = [0, 1].map((row) => new GroupLoad(table, 0, row, LOAD_PLACE))
  first!.setLimit(limit)
  return { table, first: first!, second: second! }
}

/** How many of these may enter. */
function fill(load: GroupLoad, of: number, tries: number): number {
  let entered = 0
  for (let count = 0; count < tries; count++) if (load.enter(of, 1)) entered++
  return entered
}

suite('the load of a group', () => {
  for (const priority of [CRITICAL, NORMAL, SHEDDABLE]) {
    test(`lets class ${priority} have all of the limit when it is alone, over all threads`, () => {
      const { first, second } = views(5)
      assert.equal(fill(first, priority, 3) + fill(second, priority, 9), 5)
      second.leave(priority)
      assert.deepEqual([first.enter(priority, 1), second.enter(priority, 1)], [true, false])
      assert.equal(first.underWay(), 5)
    })
  }

  test('goes by the bound that it is told until there is a limit', () => {
    const { first } = views(0)
    assert.deepEqual([first.enter(NORMAL, 1), first.enter(NORMAL, 1)], [true, false])
  })

  test('once a normal one was refused, keeps free what critical ones needed', () => {
    const { first, second } = views(10)
    assert.equal(fill(first, CRITICAL, 4), 4)
    for (let count = 0; count < 4; count++) first.leave(CRITICAL)
    assert.equal(fill(second, NORMAL, 20), 10)
    for (let count = 0; count < 10; count++) second.leave(NORMAL)
    assert.equal(fill(second, NORMAL, 20), 6)
    assert.equal(fill(first, CRITICAL, 20), 4, 'which are theirs')
  })

  test('once a normal one was refused, sheddable ones leave room for all others', () => {
    const { first, second } = views(10)
    assert.equal(fill(first, SHEDDABLE, 4), 4)
    assert.equal(fill(first, CRITICAL, 2) + fill(second, NORMAL, 5), 6)
    for (const priority of [CRITICAL, CRITICAL, NORMAL, NORMAL, NORMAL, NORMAL]) first.leave(priority)
    assert.equal(
      fill(second, SHEDDABLE, 20),
      0,
      'six are kept, and one that was refused would be the seventh'
    )
    first.leave(SHEDDABLE)
    first.leave(SHEDDABLE)
    assert.equal(fill(second, SHEDDABLE, 20), 1)
  })

  test('sheddable ones get no place that a normal one wants while others are kept for critical ones', () => {
    const { first, second } = views(10)
    fill(first, CRITICAL, 6)
    fill(first, NORMAL, 5)
    for (let count = 0; count < 6; count++) first.leave(CRITICAL)
    for (let count = 0; count < 4; count++) first.leave(NORMAL)
    // A while later, what both needed is forgotten, but not what critical ones need.
    for (let count = 0; count < 6; count++) assert.equal(first.enter(CRITICAL, 1), true)
    for (let count = 0; count < 20; count++) first.ageDemand(true)
    for (let count = 0; count < 6; count++) first.leave(CRITICAL)
    fill(second, SHEDDABLE, 10)
    assert.equal(first.enter(NORMAL, 1), false)
    for (let left = first.underWay(); left > 0; left--) {
      second.leave(SHEDDABLE)
      assert.equal(second.enter(SHEDDABLE, 1), false)
      assert.equal(first.enter(NORMAL, 1), true)
      first.enter(NORMAL, 1)
    }
    assert.equal(first.underWay(0), 0)
    assert.equal(first.underWay(1), 4)
  })

  test('critical ones get in as long as there is a place, whoever has the others', () => {
    const { first } = views(10)
    assert.equal(fill(first, SHEDDABLE, 9), 9)
    assert.deepEqual([first.enter(CRITICAL, 1), first.enter(CRITICAL, 1)], [true, false])
    first.leave(SHEDDABLE)
    assert.equal(first.enter(SHEDDABLE, 1), false, 'the one that was refused wants it')
    assert.equal(first.enter(CRITICAL, 1), true)
  })

  test('what is kept fades while it is needed, and sooner when it is not', () => {
    const { first } = views(20)
    fill(first, CRITICAL, 20)
    fill(first, NORMAL, 1)
    for (let count = 0; count < 20; count++) first.leave(CRITICAL)
    const mayEnter = (): number => {
      const entered = fill(first, NORMAL, 40)
      for (let count = 0; count < entered; count++) first.leave(NORMAL)
      return entered
    }
    assert.equal(mayEnter(), 0)
    first.ageDemand(true)
    first.ageDemand(true)
    assert.equal(mayEnter(), 6, '14 of 20 are kept')
    for (let second = 0; second < 5; second++) first.ageDemand(false)
    assert.equal(fill(first, NORMAL, 40), 20)
  })

  test('a thread that dies gives its places back', () => {
    const { table, first, second } = views(4)
    fill(second, NORMAL, 4)
    assert.equal(first.enter(CRITICAL, 1), false)
    table.clearGauges(1)
    assert.equal(first.underWay(), 0)
    assert.equal(first.enter(CRITICAL, 1), true)
  })

  test('counts answers, waits, refusals and the peak of all threads', () => {
    const { first, second } = views(2)
    fill(first, CRITICAL, 3)
    fill(second, SHEDDABLE, 2)
    first.answered(12)
    second.answered(30)
    second.unanswered(500)
    assert.deepEqual(second.totals, { answered: 2, answeredTime: 42, unanswered: 1, unansweredTime: 500 })
    assert.deepEqual(first.refused, [1, 0, 2])
    assert.equal(first.takePeak(), 2)
    first.leave(CRITICAL)
    first.leave(CRITICAL)
    assert.equal(first.takePeak(), 2, 'that many were there when it was last asked')
    assert.equal(first.takePeak(), 0)
  })
})
