import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { suite, test } from 'node:test'
import { loadError } from './load-errors.ts'
import { temporaryFolder } from './temporary-folder.ts'

suite('a file that is none', () => {
  test('is named in an error of the same form', async (t) => {
    const folder = await temporaryFolder(t, {})
    const missing = await loadError(join(folder, 'gateway.yaml'))
    assert.equal(
      missing.message,
      `${folder}/gateway.yaml:1: (root): expected a configuration file, got nothing: there is no such file`
    )
    await mkdir(join(folder, 'conf.yaml'))
    const directory = await loadError(join(folder, 'conf.yaml'))
    assert.equal(
      directory.message,
      `${folder}/conf.yaml:1: (root): expected a configuration file, got a folder`
    )
  })

  test('is refused when it is not UTF-8', async (t) => {
    const folder = await temporaryFolder(t, {})
    await writeFile(join(folder, 'gateway.yaml'), Buffer.from([0x6c, 0x6f, 0x67, 0x3a, 0x20, 0xff]))
    const error = await loadError(join(folder, 'gateway.yaml'))
    assert.match(error.message, /expected a configuration file, got a file that is not UTF-8$/)
  })

  test('is named relative to the current directory when below it', async () => {
    const file = join(process.cwd(), 'conf', 'no-such-gateway.yaml')
    const [issue] = (await loadError(relative(process.cwd(), file))).issues
    assert.equal(issue?.file, join('conf', 'no-such-gateway.yaml'))
  })
})
