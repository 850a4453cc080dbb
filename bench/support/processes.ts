import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { LoadOrder, LoadReport } from './open-loop.ts'

/** A process that was started, and ends with this. */
export interface Started {
  stop(): Promise<void>
}

/** The backends' process. */
export interface StartedBackends extends Started {
  readonly urls: readonly string[]
}

/** A gateway in a process of its own, as users start it. */
export interface StartedGateway extends Started {
  readonly url: string
  readonly adminUrl: string
  /** Resident memory of the process, in MiB. */
  residentMemory(): Promise<number>
}

/** The clients' process. */
export interface StartedLoad extends Started {
  run(order: LoadOrder): Promise<LoadReport>
}

/** What heap-over-reloads.ts is asked. */
export interface HeapOrder {
  /** Where to put the configuration. */
  readonly file: string
  readonly backends: readonly string[]
  readonly routes: number
  /** Numbers of reloads after which the heaps are looked at, growing. */
  readonly marks: readonly number[]
}

/** MiB of heap in use, by thread. */
export interface HeapReading {
  readonly control: number
  readonly workers: readonly number[]
}

/** Starts three backends. */
export async function startBackends(): Promise<StartedBackends> {
  const child = spawn(process.execPath, [script('./backends.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
  return { urls: JSON.parse(await firstLine(child)) as string[], stop: () => end(child) }
}

/** Starts `xecureapi start` with this configuration. */
export async function startGateway(file: string): Promise<StartedGateway> {
  const child = spawn(process.execPath, [script('../../src/cli.ts'), 'start', '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const line = await firstLine(child)
  const [, url, adminUrl] = /serves (\S+), admin (\S+)/.exec(line) ?? []
  if (url === undefined || adminUrl === undefined) throw new Error(`expected the addresses, got: ${line}`)
  return { url, adminUrl, residentMemory: () => residentMemory(child.pid!), stop: () => end(child) }
}

/** Starts the clients. */
export function startLoad(): StartedLoad {
  const child = fork(script('./open-loop.ts'))
  return {
    run: async (order) => {
      const answer = once(child, 'message') as Promise<[LoadReport]>
      child.send(order)
      const [report] = await answer
      return report
    },
    stop: () => end(child)
  }
}

/** Reloads a gateway in a process of its own and looks at its heaps. */
export async function heapOverReloads(order: HeapOrder): Promise<HeapReading[]> {
  const child = spawn(
    process.execPath,
    ['--expose-gc', script('./heap-over-reloads.ts'), JSON.stringify(order)],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  const readings = JSON.parse(await firstLine(child)) as HeapReading[]
  await end(child)
  return readings
}

async function residentMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout!.setEncoding('utf8')
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    text += chunk
    if (text.includes('\n')) {
      child.stdout!.resume()
      return text.slice(0, text.indexOf('\n'))
    }
  }
  throw new Error('the process ended before it said where it listens')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

function script(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}
