import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hints, originOf } from '../../examples/marketplace/hints.ts'
import { layoutOf } from '../../examples/marketplace/layout.ts'
import { loadConfig } from '../../src/config/load.ts'

test('the hints name every replica with its address and process, and the log', async () => {
  const layout = layoutOf(await loadConfig(fileURLToPath(new URL('../../gateway.yaml', import.meta.url))))
  const pids = new Map(layout.replicas.map(({ name, port }) => [name, port + 10_000]))
  const fleet = [{ name: 'gateway', config: 'gateway.yaml', gateway: layout.gateway, admin: layout.admin }]
  const text = hints({ layout, fleet, pids, logFiles: new Map([['gateway', 'gateway.log']]) })
  for (const { name, port } of layout.replicas) {
    assert.match(text, new RegExp(`^  ${name} +http://127\\.0\\.0\\.1:${port}  pid ${port + 10_000}$`, 'm'))
  }
  assert.match(text, /^ {2}gateway +http:\/\/127\.0\.0\.1:8080 {2}log gateway\.log$/m)
  assert.match(text, /^ {2}dashboard {4}http:\/\/127\.0\.0\.1:9090\/$/m)
  assert.match(text, /^ {2}kill -9 13003 /m)
  assert.match(
    text,
    /^ {2}curl -X PATCH http:\/\/127\.0\.0\.1:9090\/api\/upstreams\/catalog\/backends\/127\.0\.0\.1:3002 /m
  )
})

test('a wildcard address is printed as one to connect to', () => {
  assert.equal(originOf({ host: '0.0.0.0', port: 80 }), 'http://127.0.0.1:80')
  assert.equal(originOf({ host: '::', port: 80 }), 'http://[::1]:80')
  assert.equal(originOf({ host: '10.0.0.1', port: 80 }), 'http://10.0.0.1:80')
})
