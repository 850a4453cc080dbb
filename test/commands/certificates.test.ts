import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createAuthority } from '../helpers/certificates.ts'
import { folderWith, xecureapi } from './xecureapi.ts'

const CONFIG = `
server:
  port: 0
  workers: 0
  tls:
    certificates:
      - { cert: good.crt, key: good.key }
      - cert: good.crt
        key: other.key
        hosts: [a.example]
      - { cert: old.crt, key: old.key, hosts: [old.example] }
      - cert: good.crt
        key: good.key
        hosts:
          - b.example
          - c.example
      - { cert: missing.crt, key: good.key }
admin: { port: 0 }
upstreams: { catalog: { backends: [http://127.0.0.1:9] } }
routes: [{ path: /, upstream: catlog }]
`

describe('certificates that cannot serve', { concurrency: 2 }, () => {
  for (const command of ['validate', 'start']) {
    test(`are errors of ${command} like all others, and told with them`, async (t) => {
      const cwd = await folderWith(t, CONFIG)
      const authority = await createAuthority()
      const good = await authority.issue(['a.example', 'b.example'])
      const old = await authority.issue(['old.example'], { from: '20200101000000Z', to: '20210101000000Z' })
      const files = { good, old, other: await authority.issue(['a.example']) }
      for (const [name, { cert, key }] of Object.entries(files)) {
        await writeFile(join(cwd, `${name}.crt`), cert)
        await writeFile(join(cwd, `${name}.key`), key)
      }
      const { code, stdout, stderr } = await xecureapi([command], { cwd })
      assert.deepEqual([code, stdout], [1, ''])
      const lines = stderr.trimEnd().split('\n')
      assert.deepEqual(
        lines.map((line) => line.split(': ').slice(0, 2).join(' ')),
        [
          'gateway.yaml:9 server.tls.certificates[1].key',
          'gateway.yaml:11 server.tls.certificates[2].cert',
          'gateway.yaml:16 server.tls.certificates[3].hosts[1]',
          'gateway.yaml:17 server.tls.certificates[4].cert',
          'gateway.yaml:20 routes[0].upstream'
        ],
        stderr
      )
      assert.match(lines[0] ?? '', /expected the key of this certificate, got that of another$/)
      assert.match(lines[1] ?? '', /got one that expired at 2021-01-01T00:00:00\.000Z$/)
      assert.match(lines[3] ?? '', /expected a readable PEM file, got ENOENT$/)
    })
  }
})
