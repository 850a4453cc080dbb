import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { FileProvider } from '../../src/discovery/file-provider.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { until } from '../helpers/until.ts'
import { listenTo } from './listening.ts'

/** Longer than changes are collected. */
const SETTLED = 400

async function following(t: TestContext, content?: string, reread?: number) {
  const folder = await temporaryFolder(t, content === undefined ? {} : { 'list.json': content })
  const path = join(folder, 'list.json')
  const provider = new FileProvider({ path, ...(reread !== undefined && { reread }) })
  return { folder, path, provider, ...listenTo(t, provider) }
}

async function replace(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content)
  await rename(`${path}.new`, path)
}

test('a list is followed when it is written, replaced, and not when it says the same', async (t) => {
  const { path, sets, expectUrls } = await following(t, '["http://a:1"]')
  await expectUrls('http://a:1')
  await writeFile(path, '["http://b:1", "http://a:1"]')
  await expectUrls('http://a:1', 'http://b:1')
  await replace(path, '- http://a:1\n- http://b:1\n')
  await delay(SETTLED)
  assert.equal(sets.length, 2)
  await replace(path, '[]')
  await expectUrls()
  assert.equal(sets.length, 3)
})

test('a list that is torn, empty as a file or not valid changes nothing, and says so once', async (t) => {
  const { path, sets, statuses, expectUrls, expectReason } = await following(t, '["http://a:1"]')
  await expectUrls('http://a:1')
  for (const bad of ['["http://a:1", "http://b', '', '[{ "url": "http://user:hunter2@b" }, 5]']) {
    const before = statuses.length
    await replace(path, bad)
    await until('the next status', () => statuses.length > before)
    assert.equal(statuses.length, before + 1)
    assert.equal(statuses.at(-1)?.reason, 'invalid')
  }
  assert.equal(sets.length, 1)
  const detail = statuses.at(-1)?.detail ?? ''
  assert.match(
    detail,
    /list\.json:1: \[0\]\.url: expected a URL without credentials \(and 1 more\); the last known backends are kept$/
  )
  await writeFile(path, '["http://b:1"]')
  await expectUrls('http://b:1')
  await expectReason(undefined)
})

test('a list that is not there, or goes, changes nothing until it is back', async (t) => {
  const { path, sets, expectUrls, expectReason } = await following(t)
  await expectReason('enoent')
  assert.deepEqual(sets, [])
  await writeFile(path, '["http://a:1"]')
  await expectUrls('http://a:1')
  await expectReason(undefined)
  await rm(path)
  await expectReason('enoent')
  assert.equal(sets.length, 1)
  await writeFile(path, '["http://a:1"]')
  await expectReason(undefined)
  assert.equal(sets.length, 1)
})

test('a list in a volume whose `..data` link is swapped is followed', async (t) => {
  const folder = await temporaryFolder(t, { '..1/list.json': '["http://a:1"]' })
  await symlink('..1', join(folder, '..data'))
  await symlink(join('..data', 'list.json'), join(folder, 'list.json'))
  const { expectUrls } = listenTo(t, new FileProvider({ path: join(folder, 'list.json') }))
  await expectUrls('http://a:1')
  await mkdir(join(folder, '..2'))
  await writeFile(join(folder, '..2', 'list.json'), '["http://b:1"]')
  await symlink('..2', join(folder, '..data.new'))
  await rename(join(folder, '..data.new'), join(folder, '..data'))
  await expectUrls('http://b:1')
})

test('what is no text file of at most 1 MiB is not valid; nobody waits for a pipe', async (t) => {
  const { path, sets, statuses, expectReason } = await following(t, ' '.repeat(1024 ** 2 + 1), 20)
  await expectReason('invalid')
  assert.match(statuses.at(-1)?.detail ?? '', /expected at most 1024 KiB/)
  const expectDetail = (expected: RegExp): Promise<void> =>
    until(`${expected}`, () => expected.test(statuses.at(-1)?.detail ?? ''))
  await writeFile(path, Buffer.from([0x5b, 0xff, 0x5d]))
  await expectDetail(/expected text in UTF-8/)
  await rm(path)
  await promisify(execFile)('mkfifo', [path])
  await expectDetail(/expected a file/)
  assert.deepEqual(sets, [])
})

test('a change that nobody tells of is found after a while', async (t) => {
  const { folder, path, expectUrls } = await following(t, '["http://a:1"]', 20)
  const elsewhere = join(folder, 'elsewhere')
  await mkdir(elsewhere)
  await link(path, join(elsewhere, 'same-file.json'))
  await expectUrls('http://a:1')
  await delay(SETTLED)
  await writeFile(join(elsewhere, 'same-file.json'), '["http://b:1"]')
  await expectUrls('http://b:1')
})

test('nothing is told any more after the stop', async (t) => {
  const { path, provider, sets, statuses, expectUrls } = await following(t, '["http://a:1"]', 20)
  await expectUrls('http://a:1')
  provider.stop()
  await writeFile(path, '["http://b:1"]')
  await delay(SETTLED)
  assert.equal(sets.length, 1)
  assert.deepEqual(statuses, [])
})
