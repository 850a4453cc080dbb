import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startChild } from './child.ts'
import type { Replica } from './layout.ts'

const SERVE = fileURLToPath(new URL('serve.ts', import.meta.url))

/** Milliseconds until a replica that died is started again: long enough to see the gateway do without it. */
const REVIVE_AFTER = 10_000

/** How a replica is run. */
export interface RunOptions {
  /** Milliseconds from its death to its next start. */
  readonly reviveAfter?: number
  /** Admin URLs of gateways that it registers with. */
  readonly gateways?: readonly string[]
}

/** A replica that is kept alive. */
export interface ReplicaProcess {
  readonly replica: Replica
  /** Of its process now. */
  pid(): number | undefined
  /** Resolves when it listens for the first time; rejects when it ends before. */
  readonly listening: Promise<void>
  /** Ends it for good. */
  stop(): Promise<void>
}

/**
 * Runs a replica in a process of its own and starts it again when it dies.
 *
 * @param dataDir - Folder that all replicas share.
 * @param say - Told, for people, when it dies and when it is back.
 */
export function runReplica(
  replica: Replica,
  dataDir: string,
  say: (line: string) => void,
  { reviveAfter = REVIVE_AFTER, gateways = [] }: RunOptions = {}
): ReplicaProcess {
  const { kind, name, host, port } = replica
  const stopping = new AbortController()
  const { promise: listening, resolve: listens, reject: failed } = Promise.withResolvers<void>()
  let everListened = false

  const start = () => {
    const child = startChild(
      name,
      [SERVE],
      {
        SERVICE: kind,
        NAME: name,
        HOST: host,
        PORT: String(port),
        DATA_DIR: dataDir,
        ...(gateways.length > 0 && { GATEWAY: gateways.join(',') })
      },
      () => {
        // Its only line says that it listens.
        if (everListened) say(`${name} is back, pid ${child.pid}`)
        everListened = true
        listens()
      }
    )
    return child
  }

  let child = start()
  const keepAlive = async () => {
    for (;;) {
      const end = await child.ended
      const words = child.stderr()
      if (!everListened) failed(new Error(`${name} did not start (${end})${words && `: ${words}`}`))
      if (stopping.signal.aborted || !everListened) return
      say(`${name} (pid ${child.pid}) died (${end}), starts again in ${reviveAfter / 1000} s`)
      if (words) say(words)
      await sleep(reviveAfter, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      child = start()
    }
  }
  const over = keepAlive()

  return {
    replica,
    pid: () => child.pid,
    listening,
    async stop() {
      stopping.abort()
      await child.stop()
      await over
    }
  }
}
