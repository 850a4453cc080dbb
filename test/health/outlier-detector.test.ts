import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { STATUS } from '../../src/upstreams/backend.ts'
import { FakeBackend, Lab } from './outlier-lab.ts'

suite('failures in a row', () => {
  test('eject a backend for a while, and the next time for longer', () => {
    const lab = new Lab('ab')
    lab.fail('a')
    assert.deepEqual(lab.decisions, ['eject a consecutive_failures 30000'])
    assert.equal(lab.backend('a').failuresInRow, 0)
    lab.pass(29_900)
    assert.equal(lab.decisions.length, 1)
    lab.pass(100)
    lab.fail('a')
    assert.deepEqual(lab.decisions.slice(1), ['readmit a time_passed', 'eject a consecutive_failures 60000'])
  })

  test('of what was in flight at an ejection count neither then nor after it', () => {
    const lab = new Lab('ab')
    lab.fail('a')
    lab.fail('a')
    lab.backend('a').failuresInRow = 4
    lab.pass(30_000)
    assert.deepEqual(lab.decisions.slice(1), ['readmit a time_passed'])
    assert.equal(lab.backend('a').failuresInRow, 0)
  })

  test('of more backends than may be ejected are told once per interval, and their rows begin anew', () => {
    const lab = new Lab('abcd', { maxEjectedPercent: 50 })
    for (const id of ['a', 'b', 'c', 'd']) lab.fail(id)
    lab.fail('c')
    assert.equal(lab.backend('c').failuresInRow, 0)
    lab.pass(10_000)
    lab.fail('c')
    assert.deepEqual(lab.decisions, [
      'eject a consecutive_failures 30000',
      'eject b consecutive_failures 30000',
      'keep c consecutive_failures max_ejected_percent',
      'keep d consecutive_failures max_ejected_percent',
      'keep c consecutive_failures max_ejected_percent'
    ])
    lab.pass(20_000)
    lab.fail('c')
    assert.deepEqual(lab.decisions.slice(5), [
      'readmit a time_passed',
      'readmit b time_passed',
      'eject c consecutive_failures 30000'
    ])
  })

  test('of the only backend, or of the last that may have traffic, eject nobody', () => {
    const only = new Lab('a')
    only.fail('a')
    const last = new Lab('abc', { maxEjectedPercent: 90 })
    last.backend('b').status = STATUS.ill
    last.backend('c').weight = 0
    last.fail('a')
    assert.deepEqual(
      [...only.decisions, ...last.decisions],
      Array(2).fill('keep a consecutive_failures last_usable')
    )
    const all = new Lab('ab', { maxEjectedPercent: 100 })
    for (const id of ['a', 'b']) all.fail(id)
    assert.deepEqual(all.decisions, [
      'eject a consecutive_failures 30000',
      'eject b consecutive_failures 30000'
    ])
  })

  test('that nobody reported, since their thread died or the threshold fell, are found with the interval', () => {
    const lab = new Lab('ab')
    lab.backend('a').failuresInRow = 7
    lab.backend('b').failuresInRow = 4
    lab.pass(10_000)
    assert.deepEqual(lab.decisions, ['eject a consecutive_failures 30000'])
  })

  test('of a backend or a group that is gone mean nothing', () => {
    const lab = new Lab('ab')
    lab.detector.suspect('catalog', 'c')
    lab.detector.suspect('orders', 'a')
    lab.detector.passed('orders', 'a')
    lab.detector.update([])
    lab.detector.suspect('catalog', 'a')
    assert.deepEqual(lab.decisions, [])
    assert.equal(lab.detector.isIdle, true)
  })
})

suite('success rates', () => {
  test('are compared once per interval, over what came in it', () => {
    const lab = new Lab('abcde')
    for (const backend of lab.backends) backend.serve(100, 0)
    lab.pass(9_900)
    lab.backend('c').serve(0, 100)
    assert.deepEqual(lab.decisions, [])
    lab.pass(100)
    assert.deepEqual(lab.decisions, ['eject c success_rate 30000'])
    for (const backend of lab.backends) backend.serve(100, 0)
    lab.pass(10_000)
    assert.equal(lab.decisions.length, 1, 'what was judged counts no more')
  })

  test('are compared whatever row of failures ejects', () => {
    const lab = new Lab('abcde', { consecutiveFailures: 1000 })
    for (const backend of lab.backends) backend.serve(100, backend.id === 'c' ? 100 : 0)
    lab.pass(10_000)
    assert.deepEqual(lab.decisions, ['eject c success_rate 30000'])
  })

  test('of those that are ejected are not compared', () => {
    const lab = new Lab('abcde')
    lab.fail('a')
    for (const backend of lab.backends) backend.serve(100, backend.id === 'b' ? 100 : 0)
    lab.pass(10_000)
    assert.deepEqual(lab.decisions.slice(1), [], 'four are too few')
  })

  test('of the time before a group was watched, and of backends that joined, count from then on', () => {
    const lab = new Lab('abcd')
    const joined = new FakeBackend('e')
    joined.serve(0, 1000)
    lab.backends = [...lab.backends, joined]
    lab.configure({})
    for (const backend of lab.backends) backend.serve(100, 0)
    lab.pass(10_000)
    assert.deepEqual(lab.decisions, [])
  })
})

suite('an ejection', () => {
  test('ends early when a probe passes, and the next one is longer all the same', () => {
    const lab = new Lab('ab')
    lab.detector.passed('catalog', 'a')
    lab.fail('a')
    lab.pass(1000)
    lab.detector.passed('catalog', 'a')
    lab.fail('a')
    assert.deepEqual(lab.decisions, [
      'eject a consecutive_failures 30000',
      'readmit a probe_passed',
      'eject a consecutive_failures 60000'
    ])
  })

  test('grows shorter again with every interval in service', () => {
    const lab = new Lab('ab', { ejectFor: 1_000 })
    for (let turn = 0; turn < 3; turn++) {
      lab.fail('a')
      lab.pass(4_000)
    }
    // The interval that was under way does not count in full, the next two do.
    lab.pass(30_000)
    lab.fail('a')
    assert.deepEqual(
      lab.decisions
        .filter((decision) => decision.startsWith('eject'))
        .map((decision) => decision.split(' ')[3]),
      ['1000', '2000', '3000', '2000']
    )
  })

  test('survives a reload with its end, and ends with the setting', () => {
    const lab = new Lab('abc', { ejectFor: 30_000 })
    lab.fail('a')
    lab.backends = lab.backends.toReversed()
    lab.configure({ ejectFor: 1_000, consecutiveFailures: 3 })
    lab.pass(29_900)
    assert.equal(lab.decisions.length, 1)
    lab.configure(undefined)
    assert.deepEqual(lab.decisions.slice(1), ['readmit a outlier_detection_off'])
    assert.equal(lab.detector.isIdle, true)
  })

  test('of a backend that went is forgotten, and frees its share', () => {
    const lab = new Lab('abcd', { maxEjectedPercent: 25 })
    lab.fail('a')
    lab.backends = lab.backends.slice(1)
    lab.configure({ maxEjectedPercent: 25 })
    lab.fail('b')
    assert.deepEqual(lab.decisions, [
      'eject a consecutive_failures 30000',
      'eject b consecutive_failures 30000'
    ])
  })
})

suite('a dry run', () => {
  test('ejects nobody, and tells of each ejection that would be, once it would be', () => {
    const lab = new Lab('abc', { dryRun: true })
    lab.fail('a')
    lab.fail('a')
    lab.fail('b')
    lab.pass(30_000)
    lab.fail('a')
    assert.deepEqual(lab.decisions, [
      'keep a consecutive_failures dry_run 30000',
      'keep b consecutive_failures max_ejected_percent',
      'keep a consecutive_failures dry_run 60000'
    ])
    assert.deepEqual(
      lab.backends.map(({ status }) => status),
      [0, 0, 0]
    )
  })

  test('that begins readmits those that are ejected, and one that ends has ejected nobody', () => {
    const lab = new Lab('ab')
    lab.fail('a')
    lab.configure({ dryRun: true })
    lab.fail('a')
    lab.configure({ dryRun: false })
    lab.fail('a')
    assert.deepEqual(lab.decisions, [
      'eject a consecutive_failures 30000',
      'readmit a dry_run',
      'keep a consecutive_failures dry_run 30000',
      'eject a consecutive_failures 30000'
    ])
  })
})
