import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { backendKey } from '../../src/upstreams/backend.ts'
import { EMPTY_SNAPSHOT, type Entry, type StoreSnapshot } from '../../src/store/registrations.ts'
import { BadSnapshot, decodeSnapshot, encodeSnapshot } from '../../src/store/snapshot-text.ts'

const ENTRIES: readonly Entry[] = [
  {
    group: 'catalog',
    url: 'http://10.0.0.2:3001',
    registration: { weight: 0, tier: 2, maxInFlight: 50, ttl: 15_000, initially: 'healthy' },
    state: 'active',
    version: 7
  },
  { group: 'catalog', url: 'https://a.example', state: 'disabled', version: 3 },
  {
    group: 'warenkörbe',
    url: 'http://[::1]:8080',
    registration: { weight: 2, tier: 0, maxInFlight: 0 },
    state: 'draining',
    removal: { by: 'gateway-1', since: 1_700_000_000_000, reason: 'lease_expired' },
    version: 9
  }
]

function snapshotOf(entries: readonly Entry[], version = 9): StoreSnapshot {
  return { version, entries: new Map(entries.map((entry) => [backendKey(entry.group, entry.url), entry])) }
}

const SNAPSHOT = snapshotOf(ENTRIES)
const TEXT = encodeSnapshot(SNAPSHOT)

function reasonOf(text: string): string | undefined {
  try {
    decodeSnapshot(text)
    return undefined
  } catch (error) {
    assert.ok(error instanceof BadSnapshot)
    return error.reason
  }
}

suite('the text of a snapshot', () => {
  test('says all that the snapshot does', () => {
    assert.deepEqual(decodeSnapshot(TEXT), SNAPSHOT)
    assert.deepEqual(decodeSnapshot(encodeSnapshot(EMPTY_SNAPSHOT)), EMPTY_SNAPSHOT)
  })

  test('is the same for the same entries in whatever order, and good in whatever layout', () => {
    assert.equal(encodeSnapshot(snapshotOf(ENTRIES.toReversed())), TEXT)
    assert.deepEqual(decodeSnapshot(JSON.stringify(JSON.parse(TEXT), null, 4)), SNAPSHOT)
  })

  test('is bad wherever it breaks off', () => {
    const bytes = Buffer.from(TEXT)
    // The last byte is the end of the last line.
    for (let length = 0; length < bytes.length - 1; length++) {
      assert.equal(reasonOf(bytes.toString('utf8', 0, length)), 'not_json', `${length} bytes`)
    }
  })

  test('never says anything else when a bit of it flips', () => {
    const bytes = Buffer.from(TEXT)
    for (let place = 0; place < bytes.length; place++) {
      for (const bit of [1, 2, 16, 128]) {
        bytes[place]! ^= bit
        try {
          // White space and zeros may become other ones; nothing else may.
          assert.deepEqual(decodeSnapshot(bytes.toString()), SNAPSHOT)
        } catch (error) {
          if (!(error instanceof BadSnapshot)) throw error
        }
        bytes[place]! ^= bit
      }
    }
  })

  test('is bad when something was edited, lost or added by hand', () => {
    assert.equal(reasonOf(TEXT.replace('"tier":2', '"tier":1')), 'wrong_checksum')
    assert.equal(reasonOf(TEXT.replace('"version": 9', '"version": 10')), 'wrong_checksum')
    const document = JSON.parse(TEXT) as { entries: object[] }
    const withEntries = (entries: object[]): string => JSON.stringify({ ...document, entries })
    assert.equal(reasonOf(withEntries(document.entries.slice(1))), 'wrong_checksum')
    assert.equal(reasonOf(withEntries([...document.entries, document.entries[0]!])), 'wrong_shape')
    assert.equal(reasonOf(withEntries([{ ...document.entries[0], note: 'mine' }])), 'wrong_shape')
    assert.equal(reasonOf(JSON.stringify({ ...document, note: 'mine' })), 'wrong_shape')
  })

  test('is bad when it is of another shape, even with the right checksum', () => {
    for (const text of ['null', '[]', '{}', '"text"', '{"format":0}', '{"format":1}']) {
      assert.equal(reasonOf(text), 'wrong_shape', text)
    }
    const [entry] = ENTRIES as [Entry, ...Entry[]]
    const registration = entry.registration!
    const wrong: object[] = [
      { group: '' },
      { group: 1 },
      { url: 'ftp://a.example' },
      { url: 'http://' },
      { version: 0 },
      { version: 10 },
      { state: 'asleep' },
      { registration: null },
      { registration: { ...registration, weight: -1 } },
      { registration: { ...registration, weight: NaN } },
      { registration: { ...registration, tier: 0.5 } },
      { registration: { ...registration, maxInFlight: '5' } },
      { registration: { ...registration, ttl: 0 } },
      { registration: { ...registration, initially: 'ill' } },
      { removal: { by: 'me', since: 0, reason: 'bored' } },
      { removal: { by: 1, since: 0, reason: 'removed' } }
    ]
    for (const change of wrong) {
      const text = encodeSnapshot(snapshotOf([{ ...entry, ...change }]))
      assert.equal(reasonOf(text), 'wrong_shape', JSON.stringify(change))
    }
  })

  test('of a newer format is told from a bad one', () => {
    assert.equal(reasonOf('{"format":2,"whatever":true}'), 'newer_format')
  })
})
