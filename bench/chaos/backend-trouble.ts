import { setTimeout as delay } from 'node:timers/promises'
import { between, oneOf } from '../../test/balancing/seeded.ts'
import type { Fault } from '../../test/helpers/fault.ts'
import type { ChaosBackend } from './chaos-backend.ts'
import { KEEP_ALIVE, RESPONSE_TIMEOUT } from './chaos-config.ts'

/** Something that befalls a backend for a while. */
export interface BackendTrouble {
  readonly name: string
  /** How long its effects may be felt after it is over, in milliseconds. */
  readonly aftermath: number
  /** @param length - Milliseconds. @returns When it is over. */
  run(backend: ChaosBackend, random: () => number, length: number): Promise<void>
}

/** A probe or request that was under way may tell of a fault a moment later. */
const MOMENT = 300
/** Of what never answers: what began before the end times out after it. */
const SILENCE = RESPONSE_TIMEOUT + MOMENT

const GARBAGE = [
  '\0\x01\x02\xff\xfe no HTTP\r\n\r\n',
  'HTTP/1.1 2000 Too Many\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n',
  'SSH-2.0-OpenSSH_9.2\r\n',
  `HTTP/1.1 200 OK\r\nX-Large: ${'y'.repeat(100_000)}`
]

/** All that may befall one. */
export const BACKEND_TROUBLES: readonly BackendTrouble[] = [
  {
    name: 'killed',
    aftermath: MOMENT,
    run: async (backend, _random, length) => {
      await backend.kill()
      await delay(length)
      await backend.restart()
    }
  },
  {
    name: 'killed, port closed',
    aftermath: MOMENT,
    run: async (backend, _random, length) => {
      await Promise.all([backend.kill(), backend.proxy.set({ kind: 'refuse' })])
      await delay(length)
      await backend.restart()
      await backend.proxy.heal()
    }
  },
  {
    name: 'stopped process',
    aftermath: SILENCE,
    run: async (backend, _random, length) => {
      backend.pause()
      await delay(length)
      backend.resume()
    }
  },
  faulty('slow', SILENCE, (random) => ({ kind: 'delay', by: between(random, 50, 1_500) })),
  faulty('black hole', SILENCE, () => ({ kind: 'blackhole' })),
  // Connections that were kept are dead for ever, and the gateway can only find out one by one.
  faulty('half-open', KEEP_ALIVE + SILENCE, () => ({ kind: 'half-open' })),
  faulty('reset in the head', MOMENT, (random) => ({ kind: 'reset', after: between(random, 0, 120) })),
  faulty('reset in the body', MOMENT, (random) => ({ kind: 'reset', after: between(random, 121, 200_000) })),
  faulty('truncated', MOMENT, (random) => ({ kind: 'truncate', after: between(random, 0, 100_000) })),
  faulty('trickle', SILENCE, (random) => ({ kind: 'trickle', bytes: between(random, 1, 40), every: 20 })),
  faulty('garbage', SILENCE, (random) => ({
    kind: 'garbage',
    text: oneOf(random, GARBAGE),
    ends: random() < 0.5
  })),
  faulty('refused', MOMENT, () => ({ kind: 'refuse' }))
]

function faulty(name: string, aftermath: number, draw: (random: () => number) => Fault): BackendTrouble {
  return {
    name,
    aftermath,
    run: async ({ proxy }, random, length) => {
      await proxy.set(draw(random))
      await delay(length)
      await proxy.heal()
    }
  }
}
