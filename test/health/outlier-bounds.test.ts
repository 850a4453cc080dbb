import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { STATUS } from '../../src/upstreams/backend.ts'
import { Lab } from './outlier-lab.ts'

suite('the bounds of an ejection hold while it lasts', () => {
  test('when its group becomes smaller, or fewer may be ejected: who is due first comes back', () => {
    const lab = new Lab('abcd')
    lab.fail('a')
    lab.pass(100)
    lab.fail('b')
    lab.backends = lab.backends.slice(0, 3)
    lab.configure({})
    assert.deepEqual(lab.decisions.slice(2), ['readmit a max_ejected_percent'])
    const lowered = new Lab('abcd')
    lowered.fail('a')
    lowered.fail('b')
    lowered.configure({ maxEjectedPercent: 25 })
    assert.deepEqual(lowered.decisions.slice(2), ['readmit a max_ejected_percent'])
  })

  test('when the others go, fall ill or are taken out: one that is well otherwise comes back', () => {
    const gone = new Lab('ab')
    gone.fail('a')
    gone.backends = gone.backends.slice(0, 1)
    gone.configure({})
    const out = new Lab('abcd')
    out.fail('a')
    out.fail('b')
    out.backend('a').status |= STATUS.ill
    out.backend('c').status |= STATUS.draining
    out.pass(100)
    out.backend('d').weight = 0
    out.pass(100)
    for (const lab of [gone, out]) assert.match(lab.decisions.at(-1)!, /^readmit [ab] last_usable$/)
    assert.deepEqual(out.decisions.slice(2), ['readmit b last_usable'])
  })

  test('but one that nobody can replace stays out where all may be ejected, or a panic uses it', () => {
    const all = { maxEjectedPercent: 100 }
    for (const [more, panicThreshold] of [
      [all, 0],
      [{}, 50]
    ] as const) {
      const lab = new Lab('ab')
      lab.configure(more, panicThreshold)
      lab.fail('a')
      lab.backend('b').status |= STATUS.ill
      lab.pass(1_000)
      assert.deepEqual(lab.decisions, ['eject a consecutive_failures 30000'])
    }
  })
})
