import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Cleanup } from '../../test/helpers/cleanup.ts'
import type { CrashOrder } from '../../test/helpers/crash-worker.ts'

const HOOK = new URL('./crash-hook.ts', import.meta.url).href

const SERVES = /^xecureapi serves (\S+), admin (\S+)$/m
/** How long it may take to serve, in milliseconds. */
const START_TIMEOUT = 30_000

/** A gateway in a process of its own, whose workers can be broken. */
export class GatewayProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<[number | null, NodeJS.Signals | null]>
  readonly #file: string
  readonly #log: string
  readonly #errors: string
  url = ''
  adminUrl = ''

  private constructor(cli: string, folder: string) {
    this.#file = join(folder, 'gateway.yaml')
    this.#log = join(folder, 'log')
    this.#errors = join(folder, 'errors')
    const [log, errors] = [openSync(this.#log, 'a'), openSync(this.#errors, 'a')]
    this.#child = spawn(process.execPath, ['--import', HOOK, cli, 'start', '--config', this.#file], {
      stdio: ['ignore', log, errors, 'ipc']
    })
    this.#exited = once(this.#child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    closeSync(log)
    closeSync(errors)
  }

  /**
   * Starts it, and waits until it serves. @param cli - File of the command line. @param config - Text of its configuration.
   *
   * @throws Error with what it said, when it doesn't.
   */
  static async start(t: Cleanup, cli: string, folder: string, config: string): Promise<GatewayProcess> {
    await writeFile(join(folder, 'gateway.yaml'), config)
    const gateway = new GatewayProcess(cli, folder)
    t.after(async () => {
      gateway.#child.kill('SIGKILL')
      await gateway.#exited
    })
    const deadline = performance.now() + START_TIMEOUT
    for (;;) {
      const [, url, adminUrl] = SERVES.exec(await gateway.log()) ?? []
      if (url && adminUrl) return Object.assign(gateway, { url, adminUrl })
      if (gateway.hasEnded || performance.now() > deadline)
        throw new Error(`the gateway does not serve: ${await gateway.errors()}`)
      await delay(20)
    }
  }

  get pid(): number {
    return this.#child.pid!
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Everything that it has written to standard output. */
  async log(): Promise<string> {
    return await readFile(this.#log, 'utf8')
  }

  /** Everything that it has written to standard error. */
  async errors(): Promise<string> {
    return await readFile(this.#errors, 'utf8')
  }

  /** Replaces its configuration at once, as editors do. */
  async write(config: string): Promise<void> {
    await writeFile(`${this.#file}.new`, config)
    await rename(`${this.#file}.new`, this.#file)
  }

  /** Breaks a worker. */
  crash(order: CrashOrder): void {
    this.#child.send(order)
  }

  /** Asks it to read its configuration. */
  hangUp(): void {
    this.#child.kill('SIGHUP')
  }

  /** Asks it to end. @returns Its exit code; null when a signal ended it. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    const [code] = await this.#exited
    return code
  }
}
