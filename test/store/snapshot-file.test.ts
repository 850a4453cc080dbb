import assert from 'node:assert/strict'
import { link, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { applyChange, EMPTY_SNAPSHOT, type StoreSnapshot } from '../../src/store/registrations.ts'
import { SnapshotFile, type SnapshotFileOptions } from '../../src/store/snapshot-file.ts'
import { encodeSnapshot } from '../../src/store/snapshot-text.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { put } from './entries.ts'
import { FailingDisk } from './failing-disk.ts'

const ONE = applyChange(EMPTY_SNAPSHOT, put('http://a:80'))
const TWO = applyChange(ONE, put('http://b:80'))
const THREE = applyChange(TWO, put('http://c:80'))
const TEXTS = { 'registry.json': encodeSnapshot(TWO), 'registry.previous.json': encodeSnapshot(ONE) }

interface Opened {
  readonly file: SnapshotFile
  readonly snapshot: StoreSnapshot
  readonly trouble: string | undefined
  readonly warnings: { file: string; reason: string; setAside?: string }[]
}

async function opened(folder: string, options: Partial<SnapshotFileOptions> = {}): Promise<Opened> {
  const warnings: Opened['warnings'] = []
  const log = { warn: (details: unknown) => void warnings.push(details as Opened['warnings'][number]) }
  const file = new SnapshotFile({ folder, now: Date.now, log, ...options })
  return { file, ...(await file.open()), warnings }
}

suite('a snapshot in a folder', () => {
  test('is the previous one where the last one is bad, which is set aside and named', async (t) => {
    const now = Date.UTC(2026, 0, 31, 12, 30)
    const text = TEXTS['registry.json']
    const bad: Readonly<Record<string, string>> = {
      not_json: text.slice(0, 100),
      wrong_checksum: text.replace('"tier":0', '"tier":1'),
      wrong_shape: text.replace('"tier":0', '"tear":0'),
      newer_format: text.replace('"format": 1', '"format": 2')
    }
    for (const [reason, content] of Object.entries(bad)) {
      const folder = await temporaryFolder(t, { ...TEXTS, 'registry.json': content })
      const file = join(folder, 'registry.json')
      const { snapshot, trouble, warnings } = await opened(folder, { now: () => now })
      assert.deepEqual(snapshot, ONE, reason)
      assert.equal(trouble, undefined)
      const setAside = `${file}.corrupt-2026-01-31T12-30-00.000Z`
      assert.deepEqual(warnings, [{ file, reason, setAside }])
      assert.equal(await readFile(setAside, 'utf8'), content)
      // It is told of once.
      assert.deepEqual((await opened(folder)).warnings, [])
    }
  })

  test('is whole or the previous one, wherever the file breaks off', async (t) => {
    const folder = await temporaryFolder(t, TEXTS)
    const text = TEXTS['registry.json']
    for (const length of [0, 1, 50, 200, text.length - 2, text.length - 1, text.length]) {
      await writeFile(join(folder, 'registry.json'), text.slice(0, length))
      const { snapshot } = await opened(folder)
      assert.deepEqual(snapshot, length < text.length - 1 ? ONE : TWO, `${length} bytes`)
    }
  })

  test('is empty where both are bad', async (t) => {
    const folder = await temporaryFolder(t, { 'registry.json': '', 'registry.previous.json': '{}' })
    const { file, snapshot, warnings } = await opened(folder)
    assert.deepEqual(snapshot, EMPTY_SNAPSHOT)
    assert.deepEqual(
      warnings.map(({ reason }) => reason),
      ['not_json', 'wrong_shape']
    )
    await file.write(ONE)
    assert.deepEqual((await opened(folder)).snapshot, ONE)
  })

  test('is found whatever stands in its place', async (t) => {
    const folder = await temporaryFolder(t, { 'registry.previous.json': TEXTS['registry.previous.json'] })
    await mkdir(join(folder, 'registry.json'))
    const { file, snapshot, warnings } = await opened(folder)
    assert.deepEqual(snapshot, ONE)
    assert.equal(warnings[0]?.reason, 'not_a_file')
    await file.write(TWO)
    assert.deepEqual((await opened(folder)).snapshot, TWO)
  })

  test('is the previous one where a process was killed before the last one had its name', async (t) => {
    const draft = 'registry.json.00000000-0000-4000-8000-000000000000.new'
    const folder = await temporaryFolder(t, { ...TEXTS, [draft]: '{ "form' })
    await rm(join(folder, 'registry.json'))
    const { snapshot, warnings } = await opened(folder)
    assert.deepEqual(snapshot, ONE)
    assert.deepEqual(warnings, [])
    assert.deepEqual(await readdir(folder), ['registry.previous.json'])
  })

  test('is written where a process was killed when both had the name of one file', async (t) => {
    const folder = await temporaryFolder(t, { 'registry.json': TEXTS['registry.json'] })
    await link(join(folder, 'registry.json'), join(folder, 'registry.previous.json'))
    const { file } = await opened(folder)
    await file.write(THREE)
    assert.deepEqual((await readdir(folder)).sort(), ['registry.json', 'registry.previous.json'])
    assert.deepEqual((await opened(folder)).snapshot, THREE)
  })

  test('is not looked for in a file that is far too large', async (t) => {
    const folder = await temporaryFolder(t, TEXTS)
    await truncate(join(folder, 'registry.json'), 2 ** 32)
    const { snapshot, warnings } = await opened(folder)
    assert.deepEqual(snapshot, ONE)
    assert.equal(warnings[0]?.reason, 'too_large')
  })

  test('keeps the last five of the files that were set aside', async (t) => {
    const folder = await temporaryFolder(t, { 'registry.json.bak': 'not ours' })
    for (let day = 1; day <= 7; day++) {
      const name = day === 3 ? 'registry.previous.json' : 'registry.json'
      await writeFile(join(folder, name), `bad ${day}`)
      await opened(folder, { now: () => Date.UTC(2026, 0, day) })
    }
    const left = await readdir(folder)
    const days = left.map((name) => /corrupt-2026-01-0(\d)/.exec(name)?.[1] ?? name)
    assert.deepEqual(days.sort(), ['3', '4', '5', '6', '7', 'registry.json.bak'])
  })

  test('is never written over while it can not be read', async (t) => {
    const folder = await temporaryFolder(t, { ...TEXTS, 'registry.json': 'bad' })
    const disk = new FailingDisk()
    disk.failures.set('rename', 'EROFS')
    const { file, snapshot, trouble, warnings } = await opened(folder, { disk })
    assert.deepEqual(snapshot, ONE)
    assert.equal(trouble, 'erofs')
    for (let attempt = 0; attempt < 3; attempt++) {
      await assert.rejects(file.reread(snapshot), { code: 'EROFS' })
    }
    assert.equal(warnings.length, 1, 'it is told of once')
    assert.equal(await readFile(join(folder, 'registry.json'), 'utf8'), 'bad')
    disk.failures.clear()
    assert.equal(await file.reread(snapshot), undefined)
    assert.equal(warnings.length, 2)
    await file.write(TWO)
    assert.deepEqual((await opened(folder)).snapshot, TWO)
    disk.failures.set('rename', 'EROFS')
    await writeFile(join(folder, 'registry.json'), 'bad again')
    await assert.rejects(file.reread(TWO), { code: 'EROFS' })
    assert.equal(warnings.length, 3)
  })

  test('is there at every instant, with one good file at least', async (t) => {
    const folder = await temporaryFolder(t, TEXTS)
    const seen: StoreSnapshot[] = []
    class WatchedDisk extends FailingDisk {
      override rename = async (from: string, to: string): Promise<void> => {
        seen.push(await look())
        await new FailingDisk().rename(from, to)
        seen.push(await look())
      }
    }
    const look = async (): Promise<StoreSnapshot> => {
      const copies: Record<string, string> = {}
      for (const name of await readdir(folder)) copies[name] = await readFile(join(folder, name), 'utf8')
      return (await opened(await temporaryFolder(t, copies))).snapshot
    }
    for (const code of [undefined, 'ENOTSUP']) {
      const disk = new WatchedDisk()
      // As on a file system without hard links.
      if (code) disk.failures.set('link', code)
      await writeFile(join(folder, 'registry.json'), TEXTS['registry.json'])
      const { file } = await opened(folder, { disk })
      seen.length = 0
      await file.write(THREE)
      assert.deepEqual(seen, [TWO, TWO, TWO, THREE])
      await rm(join(folder, 'registry.json'))
      assert.deepEqual((await opened(folder)).snapshot, TWO)
    }
  })

  test('leaves nothing behind of a first write that failed', async (t) => {
    for (const what of ['writeNew', 'rename', 'syncFolder'] as const) {
      const folder = await temporaryFolder(t, {})
      const disk = new FailingDisk()
      disk.failures.set(what, 'EIO')
      const { file } = await opened(folder, { disk })
      await assert.rejects(file.write(ONE), { code: 'EIO' })
      assert.deepEqual(await readdir(folder), [], what)
    }
  })

  test('says nothing new when it was only touched, or is what this process wrote', async (t) => {
    const folder = await temporaryFolder(t, TEXTS)
    const { file, snapshot } = await opened(folder)
    assert.equal(await file.reread(snapshot), undefined)
    await writeFile(join(folder, 'registry.json'), TEXTS['registry.json'])
    assert.equal(await file.reread(snapshot), undefined)
    await file.write(THREE)
    assert.equal(await file.reread(THREE), undefined)
    await (await opened(folder)).file.write(applyChange(THREE, put('http://d:80')))
    assert.equal((await file.reread(THREE))?.version, 4)
  })
})
