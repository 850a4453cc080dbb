import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { FileStore } from '../../src/store/file-store.ts'
import type { Entry } from '../../src/store/registrations.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { until } from '../helpers/until.ts'
import { put, registered } from './entries.ts'
import { FailingDisk } from './failing-disk.ts'
import { openFileStore } from './open-file-store.ts'

const A = 'http://a:80'
const B = 'http://b:80'
const START = Date.UTC(2026, 0, 1)

interface LeaseLab {
  readonly store: FileStore
  readonly disk: FailingDisk
  readonly folder: string
  /** What the store told of ends of leases. */
  readonly expired: (readonly Entry[])[]
  /** Lets time pass, timer by timer, and whatever is written meanwhile end. */
  readonly advance: (milliseconds: number) => Promise<void>
  /** Lets time pass in which this process does nothing at all. */
  readonly pause: (milliseconds: number) => void
  /** How often the store looked at its clock. */
  readonly reads: () => number
}

/** A store whose clocks stand still but for what the test says. */
async function leaseLab(t: TestContext, folder?: string): Promise<LeaseLab> {
  const home = folder ?? (await temporaryFolder(t, {}))
  const disk = new FailingDisk()
  if (!folder) t.mock.timers.enable({ apis: ['setTimeout'] })
  const clock = { now: 0, reads: 0 }
  const { store } = await openFileStore(t, home, {
    disk,
    now: () => START + clock.now,
    monotonicNow: () => {
      clock.reads++
      return clock.now
    }
  })
  const expired: (readonly Entry[])[] = []
  store.on('expired', (entries) => expired.push(entries))
  const advance = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      clock.now += 100
      t.mock.timers.tick(100)
      // A renewal waits for the end of a lease that is being written.
      await store.renew('nobody', 'http://nobody:80')
    }
  }
  const pause = (time: number): void => void (clock.now += time)
  return { store, disk, folder: home, expired, advance, pause, reads: () => clock.reads }
}

function isLeaving(store: FileStore, url: string): boolean {
  return store.snapshot.entries.get(`catalog ${url}`)?.removal !== undefined
}

suite('leases of the store in a folder', () => {
  test('end a ttl after the last renewal: the entry drains, which is told after it was written', async (t) => {
    const { store, expired, folder, advance } = await leaseLab(t)
    await store.write(put(A, 2000))
    await store.write(put(B))
    await advance(1500)
    assert.equal(await store.renew('catalog', A), true)
    assert.equal(await store.renew('catalog', B), false)
    const changes: number[] = []
    store.on('change', () => changes.push(expired.length))
    await advance(1900)
    assert.deepEqual(changes, [])
    await advance(100)
    assert.deepEqual(changes, [0], 'a change, and nothing expired before it')
    const removal = { by: 'me', since: START + 3500, reason: 'lease_expired' as const }
    const entry = { ...registered(A, 2000), state: 'draining' as const, removal, version: 3 }
    assert.deepEqual(expired, [[entry]])
    assert.deepEqual(store.snapshot.entries.get(`catalog ${A}`), entry)
    assert.equal(await store.renew('catalog', A), false)
    const again = await openFileStore(t, folder)
    assert.deepEqual(again.store.snapshot, store.snapshot)
  })

  test('are renewed without a word to the disk', async (t) => {
    const { store, disk, expired, advance } = await leaseLab(t)
    await store.write(put(A, 1000))
    const before = new Map(disk.counts)
    for (let round = 0; round < 10; round++) {
      await advance(900)
      assert.equal(await store.renew('catalog', A), true)
    }
    assert.deepEqual(disk.counts, before)
    assert.deepEqual(expired, [])
  })

  test('that end at once are written at once', async (t) => {
    const { store, disk, expired, advance } = await leaseLab(t)
    await Promise.all([store.write(put(A, 1000)), store.write(put(B, 1000))])
    const before = disk.counts.get('writeNew')!
    await advance(1000)
    assert.equal(disk.counts.get('writeNew'), before + 1)
    assert.deepEqual(
      expired.map((entries) => entries.map(({ url }) => url)),
      [[A, B]]
    )
  })

  test('have a whole ttl anew after a restart', async (t) => {
    const first = await leaseLab(t)
    await first.store.write(put(A, 2000))
    await first.advance(1900)
    await first.store.close()
    const { store, advance } = await leaseLab(t, first.folder)
    await advance(1900)
    assert.equal(isLeaving(store, A), false)
    await advance(100)
    assert.equal(isLeaving(store, A), true)
  })

  test('have a whole ttl anew after a pause of the process', async (t) => {
    const { store, expired, advance, pause } = await leaseLab(t)
    await Promise.all([store.write(put(A, 4000)), store.write(put(B, 4000))])
    await advance(500)
    pause(60_000)
    await advance(3900)
    assert.deepEqual(expired, [])
    assert.equal(await store.renew('catalog', A), true)
    await advance(700)
    // Who did not come back in that time is gone.
    assert.deepEqual([isLeaving(store, A), isLeaving(store, B)], [false, true])
  })

  test('have it also when something was being written, which is answered first then', async (t) => {
    const { store, disk, expired, advance, pause } = await leaseLab(t)
    await Promise.all([store.write(put(A, 4000)), store.write(put(B, 1500))])
    for (const isEnding of [false, true]) {
      const gate = Promise.withResolvers<void>()
      disk.gate = gate.promise
      if (isEnding) {
        // The end of a lease is being written.
        pause(1500)
        t.mock.timers.tick(1500)
      }
      const written = isEnding ? once(store, 'expired') : store.write(put('http://c:80'))
      await turn()
      pause(60_000)
      gate.resolve()
      await written
      t.mock.timers.tick(0)
      await advance(1000)
      assert.equal(isLeaving(store, A), false)
      assert.equal(expired.length, isEnding ? 1 : 0)
      assert.equal(await store.renew('catalog', A), true)
      await store.renew('catalog', B)
    }
  })

  test('that could not be ended are tried again every second, until they are renewed or it works', async (t) => {
    const { store, disk, expired, advance } = await leaseLab(t)
    await Promise.all([store.write(put(A, 3000)), store.write(put(B, 3000))])
    disk.failures.set('writeNew', 'ENOSPC')
    const before = disk.counts.get('writeNew')!
    await advance(3000)
    assert.equal(store.trouble, 'enospc')
    assert.equal(disk.counts.get('writeNew'), before + 1)
    await advance(2000)
    assert.equal(disk.counts.get('writeNew'), before + 3)
    assert.equal(expired.length, 0)
    assert.equal(await store.renew('catalog', A), true)
    disk.failures.clear()
    await advance(1000)
    assert.equal(store.trouble, undefined)
    assert.deepEqual(
      expired.map((entries) => entries.map(({ url }) => url)),
      [[B]]
    )
    assert.equal(isLeaving(store, A), false)
  })

  test('do not end an entry that is registered again in the same instant', async (t) => {
    const { store, disk, expired, advance, pause } = await leaseLab(t)
    await store.write(put(A, 1000))
    const gate = Promise.withResolvers<void>()
    disk.gate = gate.promise
    // Before the end of the lease, and written while that waits.
    const again = store.write(put(A, 1000))
    const passed = advance(1000)
    await turn()
    gate.resolve()
    await Promise.all([again, passed])
    assert.equal(isLeaving(store, A), false)
    // After it, and written together with it.
    const held = Promise.withResolvers<void>()
    disk.gate = held.promise
    const busy = store.write(put(B))
    await turn()
    pause(1000)
    t.mock.timers.tick(1000)
    const last = store.write(put(A, 1000))
    held.resolve()
    assert.deepEqual([(await busy).version, (await last).version], [3, 5])
    await advance(100)
    assert.equal(isLeaving(store, A), false)
    assert.deepEqual(expired, [])
  })

  test('are forgotten when the store is closed, and keep no process alive', async (t) => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const folder = await temporaryFolder(t, {})
    const { store } = await openFileStore(t, folder)
    await store.write(put(A, 60_000))
    assert.equal(timers(), before)
    await store.close()
    const lab = await leaseLab(t)
    const last = lab.store.write(put(A, 1000))
    await lab.store.close()
    await last
    const reads = lab.reads()
    lab.pause(1000)
    t.mock.timers.tick(1000)
    await turn()
    assert.equal(lab.reads(), reads)
    assert.deepEqual(lab.expired, [])
    assert.equal(lab.disk.counts.get('writeNew'), 1)
  })

  test('of entries that come from elsewhere begin when they are seen', async (t) => {
    const { store, folder, advance } = await leaseLab(t)
    const other = await openFileStore(t, folder, { monotonicNow: () => 0 })
    await other.store.write(put(A, 2000))
    await store.write(put(B))
    await advance(1900)
    assert.equal(isLeaving(store, A), false)
    await advance(100)
    await until('it ends', () => isLeaving(store, A))
  })
})
