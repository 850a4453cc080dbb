import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { DISK } from '../../src/store/durable-file.ts'
import { NO_EPOCH } from '../../src/store/epoch.ts'
import { LastKnownGood } from '../../src/store/last-known-good.ts'
import { EMPTY_SNAPSHOT } from '../../src/store/registrations.ts'
import type { Knowledge } from '../../src/store/snapshot-belief.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { registered } from './entries.ts'

function knowledge(id: string, version: number): Knowledge {
  const entries = new Map([['catalog http://a:80', { ...registered('http://a:80'), version }]])
  return { epoch: { id, includes: new Map([['e0', 3]]) }, snapshot: { version, entries } }
}

suite('the last known good', () => {
  test('is there after a restart, the latest of several', async (t) => {
    const folder = await temporaryFolder(t, {})
    const warnings: unknown[] = []
    const log = { warn: (details: unknown) => void warnings.push(details) }
    const kept = new LastKnownGood(folder, log)
    assert.deepEqual(await kept.open(), { epoch: NO_EPOCH, snapshot: EMPTY_SNAPSHOT })
    for (const version of [1, 2, 3]) kept.keep(knowledge('e1', version))
    await kept.settled()
    assert.deepEqual(await new LastKnownGood(folder, log).open(), knowledge('e1', 3))
    kept.keep(knowledge('e2', 2))
    await kept.settled()
    assert.deepEqual(await new LastKnownGood(folder, log).open(), knowledge('e2', 2))
    assert.deepEqual((await readdir(folder)).sort(), [
      'redis-registry.epoch',
      'redis-registry.json',
      'redis-registry.previous.json'
    ])
    assert.deepEqual(warnings, [])
  })

  test('has no epoch rather than a wrong one, when a write broke off between the two', async (t) => {
    const folder = await temporaryFolder(t, {})
    const reasons: string[] = []
    const log = { warn: ({ reason }: { reason: string }) => void reasons.push(reason) }
    let isFull = false
    const writeNew: typeof DISK.writeNew = async (file, text) => {
      if (isFull && file.includes('.epoch')) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      await DISK.writeNew(file, text)
    }
    const kept = new LastKnownGood(folder, log, { ...DISK, writeNew })
    await kept.open()
    kept.keep(knowledge('e1', 1))
    await kept.settled()
    isFull = true
    for (const version of [7, 8]) {
      kept.keep(knowledge('e2', version))
      await kept.settled()
    }
    assert.deepEqual(reasons, ['enospc'])
    const { snapshot } = knowledge('e2', 8)
    assert.deepEqual(await new LastKnownGood(folder, log).open(), { epoch: NO_EPOCH, snapshot })
    isFull = false
    kept.keep(knowledge('e2', 9))
    await kept.settled()
    assert.deepEqual(await new LastKnownGood(folder, log).open(), knowledge('e2', 9))
  })

  test('that is torn is set aside, and the one before used', async (t) => {
    const folder = await temporaryFolder(t, {})
    const reasons: string[] = []
    const log = { warn: ({ reason }: { reason: string }) => void reasons.push(reason) }
    const kept = new LastKnownGood(folder, log)
    await kept.open()
    for (const version of [1, 2]) {
      kept.keep(knowledge('e1', version))
      await kept.settled()
    }
    await writeFile(join(folder, 'redis-registry.json'), '{ "format": 1')
    assert.deepEqual(await new LastKnownGood(folder, log).open(), knowledge('e1', 1))
    assert.deepEqual(reasons, ['not_json'])
  })
})
