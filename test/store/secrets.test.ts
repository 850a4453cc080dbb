import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { keepSecret, NotASecretError } from '../../src/store/secrets.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'

const FRESH = 'a fresh secret of 31 characters'

suite('a secret that is kept in a file', () => {
  test('is made when there is none, for the owner only, and nothing else stays behind', async (t) => {
    const file = join(await temporaryFolder(t, {}), '.store', 'secret')
    assert.equal(await keepSecret(file, FRESH), FRESH)
    assert.equal(await readFile(file, 'utf8'), `${FRESH}\n`)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal((await stat(dirname(file))).mode & 0o777, 0o700)
    assert.deepEqual(await readdir(dirname(file)), ['secret'])
  })

  test('is read when there is one, with whatever line end', async (t) => {
    const folder = await temporaryFolder(t, {
      unix: 'sixteen letters!\n',
      dos: 'sixteen letters!\r\n',
      bare: 'sixteen letters!'
    })
    for (const name of ['unix', 'dos', 'bare']) {
      assert.equal(await keepSecret(join(folder, name), FRESH), 'sixteen letters!', name)
    }
  })

  test('is one and the same for all that make it at once', async (t) => {
    for (let round = 0; round < 5; round++) {
      const folder = await temporaryFolder(t, {})
      const file = join(folder, '.store', 'secret')
      const offers = Array.from({ length: 8 }, (_, index) => `the secret of the gateway number ${index}`)
      const secrets = new Set(await Promise.all(offers.map((offer) => keepSecret(file, offer))))
      assert.equal(secrets.size, 1)
      assert.ok(offers.includes([...secrets][0]!))
      assert.deepEqual(await readdir(dirname(file)), ['secret'])
    }
  })

  test('is refused when it is none, without a word of what it is, and stays', async (t) => {
    const folder = await temporaryFolder(t, {
      empty: '',
      short: 'hunter2\n',
      lines: `hunter2\n${'x'.repeat(40)}\n`,
      long: 'hunter2'.repeat(600)
    })
    for (const name of ['empty', 'short', 'lines', 'long']) {
      const file = join(folder, name)
      const before = await readFile(file, 'utf8')
      await assert.rejects(keepSecret(file, FRESH), (error: unknown) => {
        assert.ok(error instanceof NotASecretError)
        assert.equal(error.code, 'not_a_secret')
        assert.doesNotMatch(error.message, /hunter2/)
        return true
      })
      assert.equal(await readFile(file, 'utf8'), before)
    }
  })

  test('fails with what the system says where no file can be made', async (t) => {
    const folder = await temporaryFolder(t, { '.store': 'a file where the folder should be' })
    await assert.rejects(keepSecret(join(folder, '.store', 'secret'), FRESH), { code: 'ENOTDIR' })
    await writeFile(join(folder, 'other'), '')
    assert.deepEqual((await readdir(folder)).sort(), ['.store', 'other'])
  })
})
