import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { folderWith, SHOP, xecureapi } from './xecureapi.ts'

describe('xecureapi validate', { concurrency: 2 }, () => {
  test('says what a valid configuration holds, and exits 0', async (t) => {
    const cwd = await folderWith(t, SHOP)
    const { code, stdout, stderr } = await xecureapi(['validate'], { cwd })
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(stdout, 'gateway.yaml is valid: 3 routes, 2 upstream groups, 3 backends\n')
  })

  test('makes no secret where a gateway would', async (t) => {
    const cwd = await folderWith(t, 'upstreams: { a: { backends: [http://a], affinity: {} } }')
    const { code, stdout } = await xecureapi(['validate'], { cwd })
    assert.deepEqual([code, stdout], [0, 'gateway.yaml is valid: 0 routes, 1 upstream group, 1 backend\n'])
    assert.ok(!(await readdir(cwd)).includes('.xecureapi'))
  })

  test("accepts the project's own configuration", async () => {
    const { code, stdout, stderr } = await xecureapi(['validate', '--config', 'gateway.yaml'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^gateway\.yaml is valid: /)
  })

  test('prints every error with its line, and exits 1', async (t) => {
    const cwd = await folderWith(
      t,
      [
        'server: { prot: 80 }',
        'upstreams:',
        '  catalog:',
        '    backends: [ftp://x, http://y, http://y]',
        'routes:',
        '  - { path: /a, upstream: catlog }',
        '  - { path: b, upstream: catalog }',
        ''
      ].join('\n')
    )
    const { code, stdout, stderr } = await xecureapi(['validate'], { cwd })
    assert.deepEqual([code, stdout], [1, ''])
    const places = stderr.split('\n').map((line) => line.split(': ').slice(0, 2).join(' '))
    assert.deepEqual(places, [
      'gateway.yaml:1 server.prot',
      'gateway.yaml:4 upstreams.catalog.backends[0]',
      'gateway.yaml:4 upstreams.catalog.backends[2]',
      'gateway.yaml:6 routes[0].upstream',
      'gateway.yaml:7 routes[1].path',
      ''
    ])
    assert.match(stderr, /did you mean "port"/)
    assert.match(stderr, /did you mean "catalog"/)
  })

  test('a file that is not there is one line, and exits 1', async (t) => {
    const cwd = await folderWith(t, SHOP)
    const { code, stderr } = await xecureapi(['validate', '-c', 'no.yaml'], { cwd })
    assert.equal(code, 1)
    assert.match(stderr, /^no\.yaml:1: .*there is no such file\n$/)
  })
})
