import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Cleanup } from '../../test/helpers/cleanup.ts'
import { FaultProxy } from '../../test/helpers/fault-proxy.ts'

const SCRIPT = fileURLToPath(new URL('./backend.ts', import.meta.url))

/** Where a backend's proxy listens; by default anywhere on 127.0.0.1. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** A backend in a process of its own, behind a proxy that can fail for it. */
export class ChaosBackend {
  readonly group: string
  readonly proxy: FaultProxy
  #child: ChildProcess

  private constructor(group: string, proxy: FaultProxy, child: ChildProcess) {
    this.group = group
    this.proxy = proxy
    this.#child = child
  }

  static async start(t: Cleanup, group: string, place?: Place): Promise<ChaosBackend> {
    const { child, port } = await spawn()
    const proxy = await FaultProxy.start(t, { ...place, target: port })
    const backend = new ChaosBackend(group, proxy, child)
    t.after(() => backend.kill())
    return backend
  }

  /** As the gateway knows it within its group. */
  get id(): string {
    return `${this.proxy.host}:${this.proxy.port}`
  }

  /** Ends its process as by `kill -9`. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** Starts another process in the place of one that was killed. */
  async restart(): Promise<void> {
    const { child, port } = await spawn()
    this.#child = child
    this.proxy.target = { ...this.proxy.target, port }
  }

  /** Lets the process stand still; the kernel still accepts connections for it. */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }
}

async function spawn(): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(SCRIPT, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [port] = (await once(child, 'message')) as [number]
  return { child, port }
}
