import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { readBlocks } from '../docs/blocks.ts'
import { writtenConfig } from './manifests.ts'

const ROOT = join(import.meta.dirname, '../..')
const TEXT = await readFile(join(ROOT, 'docs/operations.md'), 'utf8')
const BLOCKS = readBlocks('docs/operations.md', TEXT)

suite('docs/operations.md', () => {
  test('shows a part of the unit as it is', async () => {
    const unit = await readFile(join(ROOT, 'deploy/systemd/xecureapi.service'), 'utf8')
    const shown = BLOCKS.filter(({ language }) => language === 'ini')
    assert.equal(shown.length, 1)
    for (const { text } of shown) assert.ok(unit.includes(text))
    for (const [, setting = ''] of TEXT.matchAll(/^\| `([A-Z]\w+=[^`]+)`/gm)) {
      const [name, value = ''] = setting.split('=', 2)
      assert.ok(unit.includes(`\n${name}=${value === 'kill -HUP' ? '/bin/kill -HUP' : value}`), setting)
    }
  })

  test('makes the secrets that the configuration reads', async () => {
    const made = BLOCKS.flatMap(({ text }) => [...text.matchAll(/--from-literal=([\w-]+)=/g)])
    const read = [...JSON.stringify(await writtenConfig()).matchAll(/\/run\/secrets\/xecureapi\/([\w-]+)/g)]
    const names = (matches: RegExpMatchArray[]) =>
      [...new Set(matches.map(([, name = '']) => name))].toSorted()
    assert.deepEqual(names(made), names(read))
  })

  test('names files of deploy/ that are there, and all of them', () => {
    const named = [...TEXT.matchAll(/\]\(\.\.\/(deploy\/[\w./-]+)\)/g)].map(([, file = '']) => file)
    for (const file of named) assert.ok(existsSync(join(ROOT, file)), file)
    for (const name of ['deployment', 'configmap', 'service', 'availability', 'network-policy', 'catalog']) {
      assert.ok(named.includes(`deploy/kubernetes/${name}.yaml`), name)
    }
  })

  test('has the times of the manifests in its timeline of a stop', async () => {
    const { delay, timeout } = (await writtenConfig()).server.shutdown
    assert.ok(TEXT.includes(`\`shutdown: { delay: ${delay}, timeout: ${timeout} }\``))
    for (const [text, row] of [
      [delay, `| ${Number.parseInt(delay)} |`],
      [timeout, `| ${Number.parseInt(timeout)} |`]
    ]) {
      assert.ok(TEXT.includes(row!), text)
    }
  })
})
