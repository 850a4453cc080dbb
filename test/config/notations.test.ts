import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { loadError } from './load-errors.ts'
import { temporaryFolder } from './temporary-folder.ts'

suite('what a configuration may be written in', () => {
  test('JSON, with tabs and with lines in its errors', async (t) => {
    const folder = await temporaryFolder(t, {
      'good.json': '{\n\t"server": {\n\t\t"port": 8081\n\t}\n}\n',
      'bad.json': '{\n\t"server": {\n\t\t"port": "8081"\n\t}\n}\n'
    })
    assert.equal((await loadConfig(join(folder, 'good.json'))).server.port, 8081)
    const [issue] = (await loadError(join(folder, 'bad.json'))).issues
    assert.equal(issue?.line, 3)
  })

  test('YAML with anchors, aliases and merges', async (t) => {
    const yaml = [
      'upstreams:',
      '  a: &group',
      '    backends: [http://a]',
      '    healthCheck: &check { interval: 1s }',
      '  b:',
      '    <<: *group',
      '    healthCheck: { <<: *check, timeout: 500ms }',
      '  c: *group',
      ''
    ]
    const file = join(await temporaryFolder(t, { 'gateway.yaml': yaml.join('\n') }), 'gateway.yaml')
    const { upstreams } = await loadConfig(file)
    assert.deepEqual(
      upstreams.map(({ name, healthCheck }) => [name, healthCheck?.interval, healthCheck?.timeout]),
      [
        ['a', 1000, 1000],
        ['b', 1000, 500],
        ['c', 1000, 1000]
      ]
    )
  })

  test('a file with a byte order mark and Windows line ends', async (t) => {
    const yaml = '\uFEFFserver:\r\n  port: 8081\r\n'
    const file = join(await temporaryFolder(t, { 'gateway.yaml': yaml }), 'gateway.yaml')
    assert.equal((await loadConfig(file)).server.port, 8081)
  })

  test('the listeners may share a port on addresses that do not overlap', async (t) => {
    const yaml = 'server: { host: 127.0.0.2, port: 8080 }\nadmin: { host: 127.0.0.1, port: 8080 }\n'
    const file = join(await temporaryFolder(t, { 'gateway.yaml': yaml }), 'gateway.yaml')
    assert.equal((await loadConfig(file)).admin.port, 8080)
  })
})
