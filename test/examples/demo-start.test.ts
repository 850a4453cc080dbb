import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePorts } from './free-ports.ts'
import { tempFolder } from './temp-folder.ts'

const DEMO = fileURLToPath(new URL('../../examples/marketplace/demo.ts', import.meta.url))

/** Runs the demo to its end; a demo that starts is killed. */
async function demo(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [DEMO, ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? error?.signal ?? 0, stdout, stderr })
    })
  })
}

test('a port in use ends the demo with its number, before anything is started', async (t) => {
  const server = createServer().listen({ host: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [gateway, admin] = await freePorts(2)
  const config = join(await tempFolder(t), 'gateway.yaml')
  await writeFile(
    config,
    `server: { host: 127.0.0.1, port: ${gateway} }
admin: { port: ${admin} }
upstreams: { catalog: { backends: ['http://127.0.0.1:${port}'] } }
`
  )
  assert.deepEqual(await demo('--config', config), {
    code: 1,
    stdout: '',
    stderr: `port ${port} on 127.0.0.1, needed by catalog-1, is in use: stop what listens there\n`
  })
})

test('an unknown option ends the demo with a line of usage', async () => {
  const { code, stdout, stderr } = await demo('--trafic')
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /--trafic.*\nUsage: npm run demo -- \[--traffic\]/)
})

test('a configuration that is not there ends the demo with its name', async (t) => {
  const { code, stderr } = await demo('--config', join(await tempFolder(t), 'nowhere.yaml'))
  assert.equal(code, 1)
  assert.match(stderr, /nowhere\.yaml/)
})

test('a wrong configuration ends the demo with the line where it is wrong', async (t) => {
  const config = join(await tempFolder(t), 'gateway.yaml')
  await writeFile(config, 'upstreams: {}\nserver: { prot: 1 }\n')
  const { code, stdout, stderr } = await demo('--config', config)
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /gateway\.yaml:2: server\.prot: /)
})
