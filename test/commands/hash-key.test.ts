import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hashApiKey } from '../../src/access/api-keys.ts'
import { xecureapi } from './xecureapi.ts'

const KEY = 'a-key-of-32-characters-0123456789'

describe('xecureapi hash-key', { concurrency: 2 }, () => {
  test('prints the hash of a key, and nothing else', async () => {
    const { code, stdout, stderr } = await xecureapi(['hash-key', KEY])
    assert.deepEqual([code, stdout, stderr], [0, `${hashApiKey(KEY)}\n`, ''])
  })

  test('says that a short key is soon guessed', async () => {
    const { code, stdout, stderr } = await xecureapi(['hash-key', 'secret'])
    assert.deepEqual([code, stdout], [0, `${hashApiKey('secret')}\n`])
    assert.match(stderr, /soon guessed/)
  })

  test('makes a key when it is given none', async () => {
    const { code, stdout } = await xecureapi(['hash-key'])
    const [, key = '', hash] = /^key: {2}(\S+)\nhash: (\S+)\n$/.exec(stdout) ?? []
    assert.deepEqual([code, hash], [0, hashApiKey(key)])
  })
})
