import assert from 'node:assert/strict'
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePorts } from './free-ports.ts'
import { tempFolder } from './temp-folder.ts'

const DEMO = fileURLToPath(new URL('../../examples/marketplace/demo.ts', import.meta.url))
const ROUTES = fileURLToPath(new URL('../../routes', import.meta.url))

/** A demo on ports that are free, and all that it has printed. */
interface Demo {
  readonly process: ChildProcess
  readonly origin: string
  printed(): string
}

async function startDemo(t: TestContext, ...args: string[]): Promise<Demo> {
  const [port = 0, admin = 0, ...backends] = await freePorts(11)
  const group = (name: string) => ({
    backends: backends.splice(0, 3).map((port) => `http://127.0.0.1:${port}`),
    healthCheck: { type: 'http', path: '/healthz', interval: '200ms', timeout: '2s' },
    balancing: name === 'catalog' ? 'least-connections' : 'round-robin'
  })
  const config = join(await tempFolder(t), 'gateway.json')
  await writeFile(
    config,
    JSON.stringify({
      server: { host: '127.0.0.1', port, shutdown: { delay: '0s' } },
      admin: { port: admin },
      upstreams: Object.fromEntries(['catalog', 'inventory', 'orders'].map((name) => [name, group(name)])),
      routesDir: ROUTES
    })
  )
  const child = spawn(process.execPath, [DEMO, '--config', config, ...args], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text))
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  return { process: child, origin: `http://127.0.0.1:${port}`, printed: () => printed }
}

/** Waits until the demo has printed something that matches. */
async function untilPrinted(demo: Demo, pattern: RegExp): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!pattern.test(demo.printed())) {
    if (Date.now() > deadline || demo.process.exitCode !== null)
      assert.fail(`${pattern} not in:\n${demo.printed()}`)
    await sleep(50)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Runs the commands that the demo prints for shopping, as printed. */
async function shopAsPrinted(demo: Demo): Promise<void> {
  const shop = demo.printed().split('Shop:\n')[1]?.split('\n\n')[0] ?? ''
  const commands = shop.split('\n').map((line) => line.trim())
  assert.equal(commands.length, 6)
  const answers: string[] = []
  for (const command of commands) {
    const { stdout } = await promisify(execFile)('sh', ['-c', command.replace(/^curl /, 'curl -sS ')])
    answers.push(stdout)
  }
  const [search, product, put, stock, order, orders] = answers as [
    string,
    string,
    string,
    string,
    string,
    string
  ]
  assert.equal((JSON.parse(search) as { items: unknown[] }).items.length, 3)
  assert.match(product, /^HTTP\/1\.1 200 [^]*^x-served-by: catalog-[123]\r$/m)
  assert.equal((JSON.parse(put) as { quantity: number }).quantity, 7)
  assert.equal(stock, put)
  assert.match(order, /^HTTP\/1\.1 201 [^]*"status":"placed"/)
  assert.ok((JSON.parse(orders) as { total: number }).total >= 1)
}

test('the demo opens, its commands work as printed, it survives a killed replica, and leaves no process when it is stopped', async (t) => {
  const demo = await startDemo(t, '--traffic')
  await untilPrinted(demo, /Ctrl-C stops everything/)
  const pids = [...demo.printed().matchAll(/^ {2}\S+ +http:\S+ {2}pid (\d+)$/gm)].map(([, pid]) =>
    Number(pid)
  )
  assert.equal(pids.length, 9)
  assert.ok(pids.every(isAlive))
  if (hasCurl()) await shopAsPrinted(demo)

  process.kill(pids[1]!, 'SIGKILL')
  await untilPrinted(demo, /^catalog-2 \(pid \d+\) died \(SIGKILL\), starts again in 10 s$/m)
  for (let n = 0; n < 20; n++) {
    const response = await fetch(`${demo.origin}/api/products/42`)
    await response.arrayBuffer()
    assert.equal(response.status, 200)
    assert.notEqual(response.headers.get('x-served-by'), 'catalog-2')
  }
  await untilPrinted(demo, /^traffic: \d+ requests/m)
  await untilPrinted(demo, /^catalog-2 is back, pid \d+$/m)

  demo.process.kill('SIGINT')
  const [code] = (await once(demo.process, 'exit')) as [number | null]
  assert.equal(code, 0, demo.printed())
  assert.deepEqual(pids.filter(isAlive), [])
  await assert.rejects(fetch(demo.origin))
})
