import assert from 'node:assert/strict'
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  applyChange,
  EMPTY_SNAPSHOT,
  type StoreSnapshot,
  StoreUnavailable,
  VersionConflict
} from '../../src/store/registrations.ts'
import { encodeSnapshot } from '../../src/store/snapshot-text.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { put, registered, remove } from './entries.ts'
import { FailingDisk } from './failing-disk.ts'
import { openFileStore } from './open-file-store.ts'

const A = 'http://a:80'
const B = 'http://b:80'

function urlsOf({ entries }: StoreSnapshot): string[] {
  return [...entries.values()].map(({ url }) => url).sort()
}

suite('the store in a folder', () => {
  test('has what was written after a restart, for the owner only', async (t) => {
    const folder = join(await temporaryFolder(t, {}), 'new', 'store')
    const { store } = await openFileStore(t, folder)
    assert.deepEqual(store.snapshot, EMPTY_SNAPSHOT)
    await store.write(put(A, 5000))
    await store.write(put(B))
    const last = await store.write(remove(B))
    assert.equal(last.version, 3)
    assert.equal(store.snapshot, last)
    await store.close()
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
    assert.deepEqual((await readdir(folder)).sort(), ['registry.json', 'registry.previous.json'])
    for (const name of await readdir(folder)) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
    }
    const again = await openFileStore(t, folder)
    assert.deepEqual(again.store.snapshot, last)
    assert.equal(again.store.trouble, undefined)
    assert.deepEqual(again.warnings, [])
  })

  test('tells of a change once it is durable, before the write is answered', async (t) => {
    const folder = await temporaryFolder(t, {})
    const { store } = await openFileStore(t, folder)
    const order: unknown[] = []
    store.on('change', ({ version }) => order.push(`change ${version}`))
    await store.write(put(A)).then(({ version }) => order.push(`answer ${version}`))
    assert.deepEqual(order, ['change 1', 'answer 1'])
    assert.match(await readFile(join(folder, 'registry.json'), 'utf8'), /"version": 1,/)
  })

  test('refuses what is not as expected, and says what it found', async (t) => {
    const { store } = await openFileStore(t, await temporaryFolder(t, {}))
    await store.write(put(A, undefined, 0))
    await assert.rejects(store.write(put(A, undefined, 0)), (error: unknown) => {
      assert.ok(error instanceof VersionConflict)
      assert.equal(error.found, 1)
      return true
    })
    await assert.rejects(store.write(remove(B, 4)), VersionConflict)
    assert.equal(store.snapshot.version, 1)
    assert.equal((await store.write(remove(A, 1))).entries.size, 0)
  })

  test('writes what waits together, each with its own version, or its own conflict', async (t) => {
    const disk = new FailingDisk()
    const { store } = await openFileStore(t, await temporaryFolder(t, {}), { disk })
    const gate = Promise.withResolvers<void>()
    disk.gate = gate.promise
    const versions: number[] = []
    store.on('change', ({ version }) => versions.push(version))
    const first = store.write(put(A))
    const entered = store.write(remove(B))
    // The disk is busy with the first two now.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    const rest = [put(B, undefined, 0), put(B, undefined, 0), put(A, undefined, 1), remove(B, 3)]
    const results = Promise.allSettled(rest.map((change) => store.write(change)))
    gate.resolve()
    assert.equal((await first).version, 1)
    assert.equal((await entered).version, 2)
    const [third, conflict, fourth, fifth] = await results
    assert.ok(
      third?.status === 'fulfilled' && fourth?.status === 'fulfilled' && fifth?.status === 'fulfilled'
    )
    assert.deepEqual(
      [third.value, fourth.value, fifth.value].map((snapshot) => [snapshot.version, urlsOf(snapshot)]),
      [
        [3, [A, B]],
        [4, [A, B]],
        [5, [A]]
      ]
    )
    assert.ok(conflict?.status === 'rejected' && conflict.reason instanceof VersionConflict)
    assert.equal(conflict.reason.found, 3)
    assert.equal(disk.counts.get('writeNew'), 2)
    assert.deepEqual(versions, [2, 5])
  })

  test('refuses what it could not read again, and more than it may hold', async (t) => {
    const { store } = await openFileStore(t, await temporaryFolder(t, {}), { limits: { entries: 1 } })
    const entry = { ...registered(A), url: 'nonsense' }
    await assert.rejects(store.write({ kind: 'put', entry }), TypeError)
    await store.write(put(A))
    await assert.rejects(store.write(put(B)), { name: 'StoreUnavailable', reason: 'full' })
    await store.write(put(A, 5000))
    assert.equal(store.trouble, undefined)
    assert.deepEqual(urlsOf(store.snapshot), [A])
  })

  test('ends what was begun when it is closed, and takes nothing after that', async (t) => {
    const folder = await temporaryFolder(t, {})
    const { store } = await openFileStore(t, folder)
    const answers = Promise.all([store.write(put(A, 5000)), store.write(put(B))])
    await store.close()
    assert.deepEqual(urlsOf(store.snapshot), [A, B])
    await answers
    await assert.rejects(store.write(put(B)), { name: 'StoreUnavailable', reason: 'closed' })
    await assert.rejects(store.renew('catalog', A), { name: 'StoreUnavailable', reason: 'closed' })
    assert.deepEqual(urlsOf((await openFileStore(t, folder)).store.snapshot), [A, B])
  })
})

suite('a store that can not be written to', () => {
  for (const [what, code, refusal] of [
    ['no folder can be made', 'EROFS', 'makeFolder'],
    ['the disk is full', 'ENOSPC', 'writeNew'],
    ['the previous file can not be replaced', 'EIO', 'rename'],
    ['names do not reach the disk', 'EIO', 'syncFolder']
  ] as const) {
    test(`keeps what it has and tries again with the next write: ${what}`, async (t) => {
      const folder = await temporaryFolder(t, {})
      const disk = new FailingDisk()
      const { store } = await openFileStore(t, folder, { disk })
      await store.write(put(A))
      const troubles: unknown[] = []
      store.on('trouble', (reason) => troubles.push(reason))
      store.on('change', () => assert.equal(store.trouble, undefined))
      const before = store.snapshot
      const files = await readdir(folder)
      disk.failures.set(refusal, code)
      const reason = code.toLowerCase()
      for (let attempt = 0; attempt < 2; attempt++) {
        await assert.rejects(store.write(put(B)), (error: unknown) => {
          assert.ok(error instanceof StoreUnavailable)
          assert.equal(error.reason, reason)
          return true
        })
        assert.equal(store.snapshot, before)
        assert.equal(store.trouble, reason)
      }
      // What was refused is not there after a restart either.
      assert.deepEqual((await openFileStore(t, folder)).store.snapshot, before)
      const left = (await readdir(folder)).filter((name) => name !== 'registry.previous.json')
      assert.deepEqual(left, files)
      disk.failures.clear()
      await store.write(put(B))
      assert.deepEqual(urlsOf(store.snapshot), [A, B])
      assert.deepEqual(troubles, [reason, undefined])
      assert.deepEqual((await openFileStore(t, folder)).store.snapshot, store.snapshot)
    })
  }

  test('refuses all that would have been written together', async (t) => {
    const disk = new FailingDisk()
    disk.failures.set('writeNew', 'ENOSPC')
    const { store } = await openFileStore(t, await temporaryFolder(t, {}), { disk })
    const results = await Promise.allSettled([store.write(put(A)), store.write(put(A, undefined, 0))])
    for (const result of results) {
      assert.ok(result.status === 'rejected' && result.reason instanceof StoreUnavailable)
    }
  })

  test('opens with what can be read, and says why', async (t) => {
    const folder = await temporaryFolder(t, {})
    await (await openFileStore(t, folder)).store.write(put(A))
    const disk = new FailingDisk()
    disk.failures.set('checkFolder', 'EROFS')
    const { store, warnings } = await openFileStore(t, folder, { disk })
    assert.equal(store.trouble, 'erofs')
    assert.deepEqual(urlsOf(store.snapshot), [A])
    assert.deepEqual(warnings, [])
    // It may have been mounted again.
    await store.write(put(B))
    assert.equal(store.trouble, undefined)
  })

  test('opens empty where the folder can not be, until it can', async (t) => {
    const folder = join(await temporaryFolder(t, { store: 'a file' }), 'store')
    const { store } = await openFileStore(t, folder)
    assert.match(String(store.trouble), /^(?:enotdir|eexist)$/)
    await assert.rejects(store.write(put(A)), StoreUnavailable)
    assert.equal(store.snapshot, EMPTY_SNAPSHOT)
    await rename(folder, `${folder}.old`)
    await store.write(put(A))
    assert.equal(store.trouble, undefined)
    assert.deepEqual(urlsOf((await openFileStore(t, folder)).store.snapshot), [A])
  })
})

suite('a store whose file changes behind its back', () => {
  test('takes over what is newer before it writes, and tells of it', async (t) => {
    const folder = await temporaryFolder(t, {})
    const { store } = await openFileStore(t, folder)
    await store.write(put(A, undefined, 0))
    const other = await openFileStore(t, folder)
    await other.store.write(put(B))
    const versions: number[] = []
    store.on('change', ({ version }) => versions.push(version))
    await assert.rejects(store.write(put(B, undefined, 0)), VersionConflict)
    assert.deepEqual(urlsOf(store.snapshot), [A, B])
    await store.write(remove(A, 1))
    assert.deepEqual(versions, [2, 3])
    assert.deepEqual(urlsOf((await openFileStore(t, folder)).store.snapshot), [B])
  })

  test('takes it over too when its own write fails then', async (t) => {
    const folder = await temporaryFolder(t, {})
    const disk = new FailingDisk()
    const { store } = await openFileStore(t, folder, { disk })
    await store.write(put(A))
    await (await openFileStore(t, folder)).store.write(put(B))
    disk.failures.set('writeNew', 'ENOSPC')
    await assert.rejects(store.write(remove(A)), StoreUnavailable)
    assert.deepEqual(urlsOf(store.snapshot), [A, B])
    disk.failures.clear()
    await store.write(remove(A))
    assert.deepEqual(urlsOf(store.snapshot), [B])
  })

  test('sets aside what is older or bad, and goes on with what it knows', async (t) => {
    const folder = await temporaryFolder(t, {})
    const file = join(folder, 'registry.json')
    const { store, warnings } = await openFileStore(t, folder)
    await store.write(put(A))
    await store.write(put(B))
    await writeFile(file, encodeSnapshot(applyChange(EMPTY_SNAPSHOT, put('http://old:80'))))
    await store.write(put('http://c:80'))
    await writeFile(file, 'nonsense')
    await store.write(put('http://d:80'))
    assert.deepEqual(
      warnings.map(({ reason }) => reason),
      ['older_version', 'not_json']
    )
    const expected = [A, B, 'http://c:80', 'http://d:80']
    assert.deepEqual(urlsOf((await openFileStore(t, folder)).store.snapshot), expected)
  })

  test('writes all that it knows when the folder is gone', async (t) => {
    const folder = join(await temporaryFolder(t, {}), 'store')
    const { store } = await openFileStore(t, folder)
    await store.write(put(A))
    await rename(folder, `${folder}.old`)
    await store.write(put(B))
    assert.deepEqual(urlsOf((await openFileStore(t, folder)).store.snapshot), [A, B])
  })
})
