import { runSlowTest } from './slowhttptest.ts'
import type { Site } from './site.ts'
import type { AttackOrder } from './attacker.ts'
import type { PinnedProcess } from '../support/pinned-process.ts'

/** What an attack works with. */
export interface AttackScene {
  readonly site: Site
  /** Seconds. */
  readonly seconds: number
  /** Connections of slowhttptest. */
  readonly connections: number
  /** The process of our own floods. */
  readonly attacker: PinnedProcess
  readonly folder: string
}

/** Something that hostile clients do. */
export interface Attack {
  readonly name: string
  readonly title: string
  /** Whether it needs HTTP/2, and so TLS. */
  readonly isHttp2: boolean
  /** @returns What was done and what came of it, counted by name. */
  run(scene: AttackScene): Promise<Readonly<Record<string, number>>>
}

/** All of them, in the order of the table. */
export const ATTACKS: readonly Attack[] = [
  slow('slow-headers', 'slowhttptest -H, slow headers', '/', ['-H']),
  slow('slow-bodies', 'slowhttptest -B, slow bodies', '/', ['-B', '-s', '8192', '-x', '10']),
  slow('ranges', 'slowhttptest -R, many ranges', '/', ['-R']),
  // It reads 5 bytes a second of 4 MiB. Loopback's buffers take half of it at once: many of them would be a flood of bytes.
  slow(
    'slow-reads',
    'slowhttptest -X, slow reads',
    '/large',
    ['-X', '-n', '1', '-z', '5', '-w', '512', '-y', '1024'],
    40
  ),
  flood('connections', 'connections that open and close'),
  flood('idle', 'idle connections, more than maxConnections'),
  flood('garbage', 'garbage'),
  flood('requests', 'requests of one address, beyond a rate limit'),
  flood('headers', 'header bombs'),
  flood('bodies', 'endless bodies, beyond bodyLimit'),
  flood('rapid-reset', 'HTTP/2 rapid reset', true),
  flood('continuation', 'HTTP/2 CONTINUATION', true),
  flood('settings', 'HTTP/2 SETTINGS', true),
  flood('ping', 'HTTP/2 PING', true)
]

/** @param most - Connections per second; by default all within two. */
function slow(name: string, title: string, path: string, mode: readonly string[], most = Infinity): Attack {
  return {
    name,
    title,
    isHttp2: false,
    run: async ({ site, seconds, connections, folder }) => {
      const perSecond = Math.min(most, Math.ceil(connections / 2))
      return await runSlowTest({ mode, url: `${site.url}${path}`, connections, perSecond, seconds, folder })
    }
  }
}

function flood(name: string, title: string, isHttp2 = false): Attack {
  return {
    name,
    title,
    isHttp2,
    run: async ({ site, seconds, attacker }) => {
      const order: AttackOrder = { flood: name, port: site.port, duration: seconds * 1000 }
      return await attacker.ask<Record<string, number>>(order)
    }
  }
}
