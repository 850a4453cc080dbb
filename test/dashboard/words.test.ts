import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { BackendNumbers } from '../../src/admin/live/wire.ts'
import { describeEvent, toneOf } from '../../src/dashboard/model/event-words.ts'
import { counted, duration, moment, percent, rate, span } from '../../src/dashboard/model/format.ts'
import type { BackendState } from '../../src/dashboard/model/live-state.ts'
import { countStatuses, statusOf, troubleFirst } from '../../src/dashboard/model/status.ts'

const WELL = {
  health: 'healthy',
  reason: 'probe_passed',
  state: 'active',
  leaving: null,
  ejectedUntil: null
} as BackendNumbers

function backends(...numbers: Partial<BackendNumbers>[]): BackendState[] {
  return numbers.map((own, place) => ({
    facts: { id: String(place) } as BackendState['facts'],
    numbers: { ...WELL, ...own }
  }))
}

/** With usual spaces: no line ends between a number and its unit. */
function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ')
}

suite('numbers for people', () => {
  test('have as many digits as can be read', () => {
    assert.deepEqual([null, 0, 0.04, 0.5, 3, 12.34, 1234.5].map(rate), [
      '–',
      '0',
      '<0.1',
      '0.5',
      '3',
      '12.3',
      '1,235'
    ])
    assert.deepEqual([null, 0.0042, 0.01, 0.25, 1.5, 12].map(duration).map(plain), [
      '–',
      '4.2 ms',
      '10 ms',
      '250 ms',
      '1.5 s',
      '12 s'
    ])
    assert.deepEqual([0, 0.0001, 0.055, 1 / 3, 0.9999, 1].map(percent).map(plain), [
      '0 %',
      '<0.1 %',
      '5.5 %',
      '33 %',
      '100 %',
      '100 %'
    ])
  })

  test('say how long ago something was, in the unit that fits', () => {
    const minute = 60_000
    assert.deepEqual(
      [-5, 999, 59_000, minute, 90 * minute, 47 * 60 * minute, 72 * 60 * minute].map(span).map(plain),
      ['0 s', '1 s', '59 s', '1 min', '1 h', '47 h', '3 d']
    )
    const at = Date.parse('2026-01-02T03:04:05')
    assert.deepEqual([moment(at, at), moment(at, at + 48 * 3_600_000)], ['03:04:05', '2 Jan 03:04:05'])
    assert.deepEqual([counted(1, 'backend'), counted(2000, 'backend')], ['1 backend', '2,000 backends'])
  })
})

suite('the word for a backend', () => {
  test('is what an operator wants before what is observed', () => {
    const of = (own: Partial<BackendNumbers>) => statusOf({ ...WELL, ...own })
    assert.equal(of({}), 'healthy')
    assert.equal(of({ health: 'unhealthy' }), 'unhealthy')
    assert.equal(of({ health: 'unhealthy', ejectedUntil: 1 }), 'ejected')
    assert.equal(of({ health: 'unhealthy', state: 'draining' }), 'draining')
    assert.equal(of({ state: 'draining', leaving: 'removed' }), 'leaving')
  })

  test('puts trouble in front and leaves the rest in its order', () => {
    const all = backends({}, { state: 'disabled' }, {}, { health: 'unhealthy' })
    assert.deepEqual(
      troubleFirst(all).map(({ facts }) => facts.id),
      ['3', '1', '0', '2']
    )
    assert.deepEqual(
      [...countStatuses(all)],
      [
        ['healthy', 2],
        ['disabled', 1],
        ['unhealthy', 1]
      ]
    )
  })
})

suite('the words for an event', () => {
  test('are its own, with what it is about in front and why behind', () => {
    const base = { id: 1, time: '2026-01-01T00:00:00.000Z', group: 'shop', backend: 'a:80' }
    const health = { ...base, type: 'health', from: 'healthy', to: 'unhealthy', reason: 'timeout' }
    assert.deepEqual(describeEvent(health), {
      about: 'shop / a:80',
      words: 'healthy → unhealthy',
      reason: 'timeout'
    })
    assert.equal(toneOf(health), 'bad')
    assert.equal(toneOf({ ...health, to: 'healthy' }), 'good')
    assert.equal(toneOf({ ...base, type: 'drained', state: 'draining' }), 'plain')
    const worker = {
      id: 2,
      time: base.time,
      type: 'worker',
      worker: 1,
      state: 'died',
      reason: 'out_of_memory'
    }
    assert.deepEqual(describeEvent(worker), { about: 'worker 1', words: 'died', reason: 'out_of_memory' })
    const reload = {
      id: 3,
      time: base.time,
      type: 'reload',
      trigger: 'file',
      outcome: 'failed',
      generation: 4,
      errors: []
    }
    assert.equal(describeEvent(reload).words, 'failed, asked for by file; generation 4 serves')
    assert.equal(toneOf(reload), 'bad')
  })
})
