import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ejections } from '../../src/health/ejections.ts'
import { outlierDetection } from '../upstreams/groups.ts'

test('each ejection is longer by the first one’s length, up to the longest', () => {
  const ejections = new Ejections(outlierDetection({ ejectFor: 30, maxEjectFor: 100 }))
  const durations = [0, 1, 2, 3, 4, 5].map((turn) => {
    const duration = ejections.eject('a', turn)
    ejections.readmit('a')
    return duration
  })
  assert.deepEqual(durations, [30, 60, 90, 100, 100, 100])
})

test('a longest that is shorter than the first is of no account', () => {
  const ejections = new Ejections(outlierDetection({ ejectFor: 30, maxEjectFor: 10 }))
  assert.equal(ejections.eject('a', 0), 30)
})

test('every interval that a backend was in service all through makes the next ejection shorter', () => {
  const ejections = new Ejections(outlierDetection({ ejectFor: 30, maxEjectFor: 300 }))
  const ejectFor = (): number => {
    const duration = ejections.eject('a', 0)
    ejections.readmit('a')
    return duration
  }
  assert.deepEqual([ejectFor(), ejectFor(), ejectFor()], [30, 60, 90])
  // The interval in which it was ejected does not count.
  ejections.endInterval()
  ejections.endInterval()
  assert.equal(ejectFor(), 90)
  for (let count = 0; count < 5; count++) ejections.endInterval()
  assert.equal(ejectFor(), 30)
})

test('while it is ejected nothing grows shorter', () => {
  const ejections = new Ejections(outlierDetection({ ejectFor: 30, maxEjectFor: 300 }))
  ejections.eject('a', 0)
  for (let count = 0; count < 5; count++) ejections.endInterval()
  ejections.readmit('a')
  ejections.endInterval()
  assert.equal(ejections.eject('a', 0), 60)
})

test('the bound of what grows is soon left again', () => {
  const ejections = new Ejections(outlierDetection({ ejectFor: 30, maxEjectFor: 60 }))
  for (let count = 0; count < 50; count++) {
    ejections.eject('a', 0)
    ejections.readmit('a')
  }
  for (let count = 0; count < 4; count++) ejections.endInterval()
  assert.equal(ejections.eject('a', 0), 30)
})

test('an ejection is due at its end, and is over when it is ended', () => {
  const ejections = new Ejections(outlierDetection({ ejectFor: 30 }))
  ejections.eject('a', 100)
  ejections.eject('b', 110)
  assert.deepEqual([ejections.due(129), ejections.due(130), ejections.due(140)], [[], ['a'], ['a', 'b']])
  assert.deepEqual(
    [ejections.readmit('a'), ejections.readmit('a'), ejections.readmit('c')],
    [true, false, false]
  )
  assert.deepEqual([ejections.has('a'), ejections.has('b'), ejections.ejected], [false, true, ['b']])
})

test('never more than the share of the group, but one of several always', () => {
  for (const [size, maxEjectedPercent, most] of [
    [10, 50, 5],
    [5, 50, 2],
    [3, 50, 1],
    [2, 50, 1],
    [10, 0, 1],
    [10, 9, 1],
    [10, 100, 10]
  ] as const) {
    const ejections = new Ejections(outlierDetection({ maxEjectedPercent }))
    let count = 0
    while (count < size && !ejections.withheld(size, true)) ejections.eject(`${count++}`, 0)
    assert.equal(count, most, `${maxEjectedPercent} % of ${size}`)
    if (count < size) assert.equal(ejections.withheld(size, true), 'max_ejected_percent')
  }
})

test('the last one that may have traffic stays, unless all may be ejected', () => {
  assert.equal(new Ejections(outlierDetection()).withheld(1, false), 'last_usable')
  assert.equal(new Ejections(outlierDetection({ maxEjectedPercent: 99 })).withheld(9, false), 'last_usable')
  assert.equal(new Ejections(outlierDetection({ maxEjectedPercent: 100 })).withheld(1, false), undefined)
})

test('who is gone is forgotten, with all that was known', () => {
  const ejections = new Ejections(outlierDetection({ ejectFor: 30 }))
  ejections.eject('a', 0)
  ejections.eject('b', 0)
  ejections.retain(new Set(['b']))
  assert.deepEqual(ejections.ejected, ['b'])
  assert.equal(ejections.eject('a', 0), 30)
})
