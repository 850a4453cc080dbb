import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { readWords } from '../../src/commands/main.ts'
import { loadConfig } from '../../src/config/load.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'

const FILE = join(import.meta.dirname, '../../deploy/systemd/xecureapi.service')
const UNIT = await readFile(FILE, 'utf8')

function setting(name: string): string {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(UNIT)?.[1] ?? ''
}

suite('deploy/systemd/xecureapi.service', () => {
  test('is what systemd takes', (t) => {
    const { status, stderr, error } = spawnSync('systemd-analyze', ['verify', FILE], { encoding: 'utf8' })
    if (error) t.skip('there is no systemd-analyze')
    // Of the program that it starts, systemd knows only whether it is here.
    else
      assert.deepEqual(
        [status, stderr.split('\n').filter((line) => line !== '' && !/is not executable/.test(line))],
        [0, []]
      )
  })

  test('starts the command that there is, and reloads by the signal that it takes', () => {
    const [, node, script, ...words] = /^(\S*node) (\S*cli\.js) (.*)$/.exec(setting('ExecStart')) ?? []
    assert.ok(node && script)
    assert.equal(Object(readWords(words.join(' ').split(' '))).name, 'start')
    assert.equal(setting('ExecReload'), '/bin/kill -HUP $MAINPID')
  })

  test('leaves time for a stop by the defaults, and descriptors for all clients and as many backends', async (t) => {
    const folder = await temporaryFolder(t, {
      'gateway.yaml': 'upstreams: { a: { backends: [http://127.0.0.1:9] } }'
    })
    const { server } = await loadConfig(join(folder, 'gateway.yaml'))
    assert.ok(Number.parseInt(setting('TimeoutStopSec')) * 1000 >= server.shutdown.timeout + 5_000)
    assert.ok(Number(setting('LimitNOFILE')) >= 2 * server.limits.maxConnections)
  })

  test('may bind 443, and nothing else that root may', () => {
    assert.equal(setting('AmbientCapabilities'), 'CAP_NET_BIND_SERVICE')
    assert.equal(setting('CapabilityBoundingSet'), 'CAP_NET_BIND_SERVICE')
    assert.notEqual(setting('User'), 'root')
    assert.equal(setting('ProtectSystem'), 'strict')
  })
})
