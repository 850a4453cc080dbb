import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { startGatewayFrom } from '../helpers/gateway.ts'
import { freePorts } from '../examples/free-ports.ts'
import { until } from '../helpers/until.ts'
import { type CertificateFiles, exampleOf } from './example.ts'

/** One of those that are compared. */
export interface Proxy {
  readonly name: 'gateway' | 'nginx' | 'haproxy' | 'stock'
  readonly https: string
  /** Absent = it has no plain listener. */
  readonly http?: string
}

const ROOT = join(import.meta.dirname, '../..')

/** Starts the gateway with the example's gateway.yaml. */
export async function startOurs(
  t: TestContext,
  servers: readonly string[],
  files: CertificateFiles
): Promise<Proxy> {
  const [https = 0, http = 0] = await freePorts(2)
  const folder = await temporaryFolder(t, {
    'gateway.yaml': `${exampleOf('yaml', { servers, https, http, files })}log: { level: silent }\nadmin: { port: 0 }\n`
  })
  await startGatewayFrom(t, join(folder, 'gateway.yaml'))
  return { name: 'gateway', https: `https://127.0.0.1:${https}`, http: `http://127.0.0.1:${http}` }
}

/** Starts nginx with the example's configuration, in a folder of its own instead of those of the system. */
export async function startNginx(
  t: TestContext,
  servers: readonly string[],
  files: CertificateFiles
): Promise<Proxy> {
  const [https = 0, http = 0] = await freePorts(2)
  const folder = await temporaryFolder(t, {})
  const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`
  )
  const text = exampleOf('nginx', { servers, https, http, files })
  const whole = text.replace('http {', `http {\naccess_log off;\n${own.join('\n')}`)
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off;\nmaster_process off;\npid ${folder}/pid;\n${whole}`
  )
  await run(t, [https, http], 'nginx', '-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf'))
  return { name: 'nginx', https: `https://127.0.0.1:${https}`, http: `http://127.0.0.1:${http}` }
}

/** Starts HAProxy with the example's configuration. */
export async function startHaproxy(
  t: TestContext,
  servers: readonly string[],
  files: CertificateFiles
): Promise<Proxy> {
  const [https = 0, http = 0] = await freePorts(2)
  const folder = await temporaryFolder(t, {
    'haproxy.cfg': exampleOf('haproxy', { servers, https, http, files })
  })
  await run(t, [https, http], 'haproxy', '-db', '-f', join(folder, 'haproxy.cfg'))
  return { name: 'haproxy', https: `https://127.0.0.1:${https}`, http: `http://127.0.0.1:${http}` }
}

/** Starts the example's program. */
export async function startStock(
  t: TestContext,
  servers: readonly string[],
  files: CertificateFiles
): Promise<Proxy> {
  const [https = 0] = await freePorts(1)
  const folder = await temporaryFolder(t, {
    'stock.ts': exampleOf('ts', { servers, https, http: 0, files }),
    'package.json': '{ "type": "module" }'
  })
  await mkdir(folder, { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await run(t, [https], process.execPath, join(folder, 'stock.ts'))
  return { name: 'stock', https: `https://127.0.0.1:${https}` }
}

/** Starts a program and waits until it listens there; killed with the test. */
async function run(
  t: TestContext,
  ports: readonly number[],
  program: string,
  ...words: string[]
): Promise<void> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await closed
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  }
  await until(`${program} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`)
    return (await Promise.all(ports.map(isOpen))).every(Boolean)
  })
}

async function isOpen(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
