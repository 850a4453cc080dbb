import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { type Waiter, WaitingLine } from '../../src/forwarding/waiting-line.ts'
import { GROUP_LAYOUT, GroupLive } from '../../src/upstreams/group-live.ts'
import { LiveTable } from '../../src/upstreams/live-table.ts'
import { until } from '../helpers/until.ts'

/** Lines of so many threads in front of places that a test gives out. */
class Lab {
  readonly table = new LiveTable(GROUP_LAYOUT, 2)
  readonly lives: readonly GroupLive[]
  readonly lines: readonly WaitingLine[]
  /** Who got a place, and who gave up, in order. */
  readonly events: string[] = []
  places = 0

  constructor(queue: { max?: number; timeout?: number } = {}) {
    this.table.grow(1)
    this.lives = [0, 1].map((row) => new GroupLive(this.table, 0, row))
    this.lines = this.lives.map((live) => new WaitingLine(live, { max: 10, timeout: 30_000, ...queue }))
  }

  waiter(name: string, thread = 0, wants: () => boolean = () => true): Waiter {
    const waiter: Waiter = {
      tryTurn: () => {
        if (!wants()) return true
        if (this.places === 0) return false
        this.places--
        this.lines[thread]!.leave(waiter)
        this.events.push(name)
        return true
      },
      giveUpTurn: () => void this.events.push(`${name} gave up`)
    }
    return waiter
  }

  join(name: string, thread = 0): boolean {
    return this.lines[thread]!.join(this.waiter(name, thread))
  }

  /** Places become free, as a thread says. */
  free(places: number, thread = 0): void {
    this.places += places
    this.lives[thread]!.announceFree()
  }

  async untilEvents(count: number): Promise<void> {
    await until(`${count} events, not only ${this.events.join()}`, () => this.events.length >= count)
  }
}

test('who came first is served first, one per place', async () => {
  const lab = new Lab()
  for (const name of ['a', 'b', 'c']) assert.equal(lab.join(name), true)
  lab.free(1)
  await lab.untilEvents(1)
  lab.free(2)
  await lab.untilEvents(3)
  assert.deepEqual([lab.events, lab.lives[0]!.waiting, lab.places], [['a', 'b', 'c'], 0, 0])
})

test('a place that is free is given out before anybody else joins', () => {
  const lab = new Lab()
  lab.join('a')
  lab.places = 1
  lab.join('b')
  assert.deepEqual([lab.events, lab.lines[0]!.length], [['a'], 1])
  lab.places = 2
  lab.join('c')
  assert.deepEqual(lab.events, ['a', 'b', 'c'])
})

test('as many wait as may, over all threads', () => {
  const lab = new Lab({ max: 2 })
  assert.deepEqual(
    [lab.join('a'), lab.join('b', 1), lab.join('c'), lab.join('d', 1)],
    [true, true, false, false]
  )
  assert.deepEqual([lab.lines[0]!.length, lab.lines[1]!.length, lab.lives[0]!.waiting], [1, 1, 2])
  for (const line of lab.lines) line.close()
})

test('a line that is full takes a newcomer when there is a place for who came first', () => {
  const lab = new Lab({ max: 1 })
  lab.join('a')
  lab.places = 1
  assert.equal(lab.join('b'), true)
  assert.deepEqual(lab.events, ['a'])
  lab.lines[0]!.close()
})

test('who left takes no place, and makes room at once', async () => {
  const lab = new Lab({ max: 2 })
  const gone = lab.waiter('gone')
  lab.lines[0]!.join(gone)
  lab.join('b')
  lab.lines[0]!.leave(gone)
  lab.lines[0]!.leave(gone)
  assert.equal(lab.lives[1]!.waiting, 1)
  assert.equal(lab.join('c'), true)
  lab.free(2)
  await lab.untilEvents(2)
  assert.deepEqual(lab.events, ['b', 'c'])
})

test('one that looks for something else does not hold up those behind it', async () => {
  const lab = new Lab()
  let mayHave = false
  lab.lines[0]!.join(lab.waiter('choosy', 0, () => mayHave))
  lab.join('b')
  lab.free(1)
  await lab.untilEvents(1)
  mayHave = true
  lab.free(1)
  await lab.untilEvents(2)
  assert.deepEqual(lab.events, ['b', 'choosy'])
})

test('who waits too long gives up, in the order of coming', async () => {
  const lab = new Lab({ timeout: 40 })
  const startedAt = performance.now()
  lab.join('a')
  lab.join('b')
  await lab.untilEvents(2)
  assert.ok(performance.now() - startedAt >= 40)
  assert.deepEqual([lab.events, lab.lives[0]!.waiting], [['a gave up', 'b gave up'], 0])
})

test('a place that one thread frees is seen by the line of another', async () => {
  const lab = new Lab()
  lab.join('a', 1)
  await delay(5)
  lab.free(1, 0)
  await lab.untilEvents(1)
  assert.deepEqual(lab.events, ['a'])
})

test('a newcomer lets those of other threads look first', async () => {
  const lab = new Lab()
  lab.join('a', 0)
  lab.places = 1
  lab.join('b', 1)
  assert.deepEqual(lab.events, [])
  lab.free(0)
  await lab.untilEvents(1)
  assert.deepEqual(lab.events, ['a'])
  lab.lines[1]!.close()
})

test('what a line leaves over is for the other threads, and a place that nobody announces is found', async () => {
  const lab = new Lab()
  lab.join('a', 0)
  lab.join('b', 1)
  lab.places = 2
  await lab.untilEvents(2)
  assert.deepEqual(lab.events.toSorted(), ['a', 'b'])
})

test('with the end of its generation all give up', () => {
  const lab = new Lab()
  lab.join('a')
  lab.join('b')
  lab.lines[0]!.close()
  assert.deepEqual([lab.events, lab.lives[0]!.waiting], [['a gave up', 'b gave up'], 0])
})

test('one that is served may come again in the same breath', async () => {
  const lab = new Lab()
  const line = lab.lines[0]!
  let turns = 0
  const again: Waiter = {
    tryTurn: () => {
      if (lab.places === 0) return false
      lab.places--
      line.leave(again)
      lab.events.push(`again ${++turns}`)
      if (turns < 3) line.join(again)
      return true
    },
    giveUpTurn: () => {}
  }
  line.join(again)
  lab.join('b')
  lab.free(4)
  await lab.untilEvents(4)
  assert.deepEqual([lab.events.length, line.length, lab.lives[0]!.waiting, turns], [4, 0, 0, 3])
})
