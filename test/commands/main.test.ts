import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { folderWith, SHOP, xecureapi } from './xecureapi.ts'

describe('the command line', { concurrency: 2 }, () => {
  for (const [what, words, message] of [
    ['an unknown command', ['serve'], 'there is no command "serve"'],
    ['a name that every object has', ['constructor'], 'there is no command "constructor"'],
    ['no command', [], 'a command is missing'],
    ['an unknown option', ['validate', '--cofnig', 'x'], "Unknown option '--cofnig'"],
    ['an option without its value', ['validate', '--config'], '--config'],
    ['a word that the command does not take', ['validate', 'other.yaml'], 'validate takes no "other.yaml"'],
    ['one word too many', ['explain', 'GET', '/', 'x'], 'explain takes no "x"'],
    ['an option of another command', ['validate', '--now'], 'validate takes no "--now"'],
    ['an option of another subcommand', ['backends', 'drain', '--now'], 'backends drain takes no "--now"'],
    ['no subcommand', ['backends'], 'backends needs one of list, add'],
    ['an unknown subcommand', ['backends', 'delete'], 'backends takes no "delete"']
  ] as const) {
    test(`${what} is an error with the usage, and exit code 1`, async (t) => {
      const cwd = await folderWith(t, SHOP)
      const { code, stdout, stderr } = await xecureapi(words, { cwd })
      assert.equal(code, 1)
      assert.equal(stdout, '')
      assert.ok(stderr.startsWith('xecureapi: '), stderr)
      assert.ok(stderr.includes(message), stderr)
      assert.match(stderr, /^usage: xecureapi start\|validate\|routes\|explain\|backends/m)
    })
  }

  test('--help prints the usage and exits 0', async () => {
    for (const words of [['--help'], ['start', '-h']]) {
      const { code, stdout, stderr } = await xecureapi(words)
      assert.deepEqual([code, stderr], [0, ''])
      assert.match(stdout, /^usage: xecureapi start/)
    }
  })

  test('an older Node is told which version is needed, and exits 1', async () => {
    const preload = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.19.0' } })`
    const { code, stdout, stderr } = await xecureapi(['validate'], { preload })
    assert.deepEqual([code, stdout], [1, ''])
    assert.equal(stderr, 'xecureapi needs Node 24 or newer; this is Node 22.19.0\n')
  })

  test('a newer Node is as good', async () => {
    const preload = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '26.1.0' } })`
    assert.equal((await xecureapi(['--help'], { preload })).code, 0)
  })
})
