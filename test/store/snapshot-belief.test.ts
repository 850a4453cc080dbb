import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeEpoch, encodeEpoch, type Epoch, joinEpochs, NO_EPOCH } from '../../src/store/epoch.ts'
import { EPOCH_VERSIONS, judge, type Knowledge } from '../../src/store/snapshot-belief.ts'
import { registered } from './entries.ts'

function epochOf(id: string, includes: Record<string, number> = {}): Epoch {
  return { id, includes: new Map(Object.entries(includes)) }
}

/** Knowledge of an epoch up to a version. @param entries - Versions by name. */
function knows(epoch: Epoch, version: number, entries: Record<string, number>): Knowledge {
  const list = Object.entries(entries).map(
    ([name, at]) => [name, { ...registered(`http://${name}:80`), version: at }] as const
  )
  return { epoch, snapshot: { version, entries: new Map(list) } }
}

function repaired(known: Knowledge, seen: Knowledge): Record<string, number> {
  const verdict = judge(known, seen)
  assert.equal(verdict.verdict, 'repair')
  const { entries, version } = verdict.whole.snapshot
  assert.ok(version > Math.max(known.snapshot.version, seen.snapshot.version))
  assert.equal(version % EPOCH_VERSIONS, 0)
  return Object.fromEntries([...entries].map(([name, entry]) => [name, entry.version]))
}

const E1 = epochOf('e1')

suite('what Redis says', () => {
  test('is believed while it includes what is known, however little it is', () => {
    const known = knows(E1, 9, { a: 1, b: 2, c: 3 })
    assert.equal(judge(known, knows(E1, 9, {})).verdict, 'believe')
    assert.equal(judge(known, knows(E1, 12, { a: 1 })).verdict, 'believe')
    const restored = knows(epochOf('e2', { e1: 9 }), EPOCH_VERSIONS, {})
    assert.equal(judge(known, restored).verdict, 'believe')
  })

  test('is believed by who knows nothing', () => {
    assert.equal(judge(knows(NO_EPOCH, 0, {}), knows(E1, 3, { a: 3 })).verdict, 'believe')
  })

  test('is mended when it is of earlier: what was written since is put back, what was removed since goes', () => {
    const known = knows(E1, 9, { b: 2, c: 7, d: 9 })
    assert.deepEqual(repaired(known, knows(E1, 5, { a: 1, b: 2, c: 3 })), { b: 2, c: 7, d: 9 })
  })

  test('is mended when it is empty and shares no past', () => {
    const known = knows(E1, 9, { a: 1, b: 9 })
    assert.deepEqual(repaired(known, knows(NO_EPOCH, 0, {})), { a: 1, b: 9 })
    assert.deepEqual(repaired(known, knows(epochOf('fresh'), 0, {})), { a: 1, b: 9 })
  })

  test('is mended by who knows more than who brought it back, without what was written since', () => {
    // Who brought it back did not know of versions 8 and 9: a was removed, d came.
    const known = knows(E1, 9, { b: 2, c: 3, d: 9 })
    const [after, later] = [EPOCH_VERSIONS + 1, EPOCH_VERSIONS + 2]
    const seen = knows(epochOf('e2', { e1: 7 }), later, { a: 1, b: after, e: later })
    // c was removed since.
    assert.deepEqual(repaired(known, seen), { b: after, d: 9, e: later })
  })

  test('is mended by several who know more, each with what it alone knows', () => {
    const seen = knows(epochOf('e2', { e1: 7 }), EPOCH_VERSIONS, { a: 1 })
    const verdict = judge(knows(E1, 8, { a: 1, b: 8 }), seen)
    assert.equal(verdict.verdict, 'repair')
    assert.deepEqual(repaired(knows(E1, 9, { a: 1, b: 8, c: 9 }), verdict.whole), { a: 1, b: 8, c: 9 })
    assert.equal(judge(knows(E1, 8, { a: 1 }), verdict.whole).verdict, 'believe')
    assert.equal(judge(seen, verdict.whole).verdict, 'believe')
  })

  test('is mended by who lived on, when somebody brought back a past before the last', () => {
    const known = knows(epochOf('e2', { e1: 10 }), EPOCH_VERSIONS + 3, { a: 1, b: EPOCH_VERSIONS + 3 })
    const seen = knows(epochOf('e3', { e1: 8 }), EPOCH_VERSIONS, { a: 1, gone: 4 })
    assert.deepEqual(repaired(known, seen), { a: 1, b: EPOCH_VERSIONS + 3 })
  })

  test('is doubted when it shares no past and has less than half', () => {
    const known = knows(E1, 9, { a: 1, b: 2, c: 3 })
    const verdict = judge(known, knows(epochOf('other'), 4, { a: 4 }))
    assert.equal(verdict.verdict, 'doubt')
    const { version, entries } = verdict.both
    assert.ok(version > 9)
    assert.deepEqual(
      [...entries.values()].map((entry) => entry.version),
      [4, 2, 3]
    )
    const half = knows(epochOf('other'), 4, { x: 3, y: 4 })
    assert.equal(judge(known, half).verdict, 'believe')
    // Not because it grew meanwhile.
    assert.equal(judge(known, half, true).verdict, 'doubt')
    assert.equal(judge(knows(E1, 9, { a: 1 }), knows(epochOf('other'), 1, { x: 1 })).verdict, 'believe')
  })
})

suite('an epoch', () => {
  test('includes what both include, up to the higher version, the latest last', () => {
    const joined = joinEpochs([epochOf('e2', { e0: 5, e1: 9 }), 20], [epochOf('e3', { e1: 7, e0: 6 }), 30])
    const includes = [...joined.includes]
    assert.deepEqual(Object.fromEntries(includes), { e0: 6, e1: 9, e2: 20, e3: 30 })
    assert.deepEqual(includes.slice(2), [
      ['e2', 20],
      ['e3', 30]
    ])
    assert.deepEqual([...joinEpochs([NO_EPOCH, 0]).includes], [])
    let epoch = E1
    for (let version = 1; version < 50; version++) epoch = joinEpochs([epoch, version])
    assert.equal(epoch.includes.size, 16)
    assert.equal([...epoch.includes.values()].at(-1), 49)
  })

  test('is the same after it was a text', () => {
    for (const epoch of [E1, NO_EPOCH, epochOf('e2', { e0: 5, e1: 1_000_001 })]) {
      assert.deepEqual(decodeEpoch(encodeEpoch(epoch)), epoch)
    }
    assert.deepEqual(decodeEpoch(' e1 x e0=5 e2=-1 =3\n'), epochOf('e1', { e0: 5 }))
  })
})
