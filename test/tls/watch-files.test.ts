import assert from 'node:assert/strict'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { FilesWatch } from '../../src/tls/watch-files.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { until } from '../helpers/until.ts'

/** Longer than changes are collected. */
const SETTLED = 600

/** A watch of files and the times that it spoke; quiet when this is done. */
async function watching(t: TestContext, files: readonly string[]) {
  let changes = 0
  const errors: Error[] = []
  const watch = new FilesWatch({ onChange: () => changes++, onError: (error) => errors.push(error) })
  t.after(() => watch.stop())
  watch.follow(files)
  await until('it has said what may have fallen between', () => changes === 1)
  return {
    watch,
    errors,
    /** Waits until a change was told. */
    expect: async (what: string): Promise<void> => {
      await until(what, () => changes > 1)
      // A slow disk may make several of one.
      await delay(SETTLED)
      changes = 1
    },
    expectNone: async (): Promise<void> => {
      await delay(SETTLED)
      assert.equal(changes, 1)
    }
  }
}

async function link(target: string, path: string): Promise<void> {
  await symlink(target, `${path}.new`)
  await rename(`${path}.new`, path)
}

test('a file is followed when it is written, renamed over, removed and back; others are not', async (t) => {
  const folder = await temporaryFolder(t, { a: '1', b: '1' })
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  const { expect, expectNone } = await watching(t, [a])
  await writeFile(a, '2')
  await expect('written')
  await writeFile(`${a}.new`, '3')
  await writeFile(b, '2')
  await expectNone()
  await rename(`${a}.new`, a)
  await expect('renamed')
  await rm(a)
  await expect('removed')
  await writeFile(a, '4')
  await expect('back')
})

test('a volume whose `..data` link is swapped is followed, again and again', async (t) => {
  const volume = await temporaryFolder(t, { '..1/tls.crt': '1' })
  await link('..1', join(volume, '..data'))
  await link(join('..data', 'tls.crt'), join(volume, 'tls.crt'))
  const { expect } = await watching(t, [join(volume, 'tls.crt')])
  for (const version of ['..2', '..3', '..4']) {
    await mkdir(join(volume, version))
    await writeFile(join(volume, version, 'tls.crt'), version)
    await link(version, join(volume, '..data'))
    await expect(version)
  }
})

test('links of files and of folders, one behind the other, are followed where they lead', async (t) => {
  const root = await temporaryFolder(t, {
    'archive/1.pem': '1',
    'archive/2.pem': '2',
    'elsewhere/3.pem': '3',
    'live/README': ''
  })
  const [live, current] = [join(root, 'live'), join(root, 'current')]
  await link(join('..', 'archive', '1.pem'), join(live, 'tls.pem'))
  await link('live', current)
  const { expect, expectNone } = await watching(t, [join(current, 'tls.pem')])
  await writeFile(join(root, 'archive', '2.pem'), 'x')
  await expectNone()
  await link(join('..', 'archive', '2.pem'), join(live, 'tls.pem'))
  await expect('the link leads to another file')
  await writeFile(join(root, 'archive', '2.pem'), 'y')
  await expect('that file is written')
  await mkdir(join(root, 'next'))
  await link(join(root, 'elsewhere', '3.pem'), join(root, 'next', 'tls.pem'))
  await link('next', current)
  await expect('the folder is another one')
  await writeFile(join(root, 'elsewhere', '3.pem'), 'y')
  await expect('its file is written')
})

test('a folder that is not there yet is waited for', async (t) => {
  const root = await temporaryFolder(t, {})
  const { expect, errors } = await watching(t, [join(root, 'tls', 'a.pem')])
  await mkdir(join(root, 'tls'))
  await expect('the folder')
  await writeFile(join(root, 'tls', 'a.pem'), '')
  await expect('the file')
  assert.deepEqual(errors, [])
})

test('links that lead to each other end nowhere', async (t) => {
  const root = await temporaryFolder(t, { c: '' })
  await symlink('b', join(root, 'a'))
  await symlink('a', join(root, 'b'))
  const { expect } = await watching(t, [join(root, 'a')])
  await link('c', join(root, 'b'))
  await expect('it leads somewhere')
})

test('other files are watched when it is told so, and none after its end', async (t) => {
  const folder = await temporaryFolder(t, { a: '1', 'other/b': '1' })
  const [a, b] = [join(folder, 'a'), join(folder, 'other', 'b')]
  const { watch, expect, expectNone } = await watching(t, [a])
  watch.follow([b])
  await expect('what may have fallen between')
  await writeFile(a, '2')
  await expectNone()
  await writeFile(b, '2')
  await expect('the other one')
  watch.stop()
  watch.follow([a])
  await writeFile(a, '3')
  await writeFile(b, '3')
  await expectNone()
})

test('a folder that is replaced by another is followed, however that is done', async (t) => {
  const root = await temporaryFolder(t, { 'tls/a': '1', 'new/a': '2' })
  const a = join(root, 'tls', 'a')
  const { expect, errors } = await watching(t, [a])
  await rm(join(root, 'tls'), { recursive: true })
  await mkdir(join(root, 'tls'))
  await writeFile(a, '3')
  await expect('made anew')
  await writeFile(a, '4')
  await expect('written in the one made anew')
  await rename(join(root, 'tls'), join(root, 'old'))
  await rename(join(root, 'new'), join(root, 'tls'))
  await expect('moved there')
  await writeFile(a, '5')
  await expect('written in the one moved there')
  assert.deepEqual(errors, [])
})

test('a link that is taken away and made again all the time breaks nothing', async (t) => {
  const folder = await temporaryFolder(t, { b: '1' })
  const a = join(folder, 'a')
  const { watch, errors } = await watching(t, [a])
  for (let count = 0; count < 200; count++) {
    await symlink('b', a)
    watch.follow([a])
    await Promise.all([rm(a), Promise.resolve().then(() => watch.follow([a]))])
  }
  assert.deepEqual(errors, [])
})
