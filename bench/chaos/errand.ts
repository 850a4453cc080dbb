import { between, oneOf } from '../../test/balancing/seeded.ts'

/** What a client may want. */
export type ErrandKind = 'small' | 'large' | 'post' | 'put' | 'stream' | 'upgrade' | 'leave'

/** One request, before it is sent. Its bodies follow from its id. */
export interface Errand {
  readonly id: string
  readonly kind: ErrandKind
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Name of the route, which is that of its group. */
  readonly route: string
  readonly path: string
  /** Bytes of the body that comes back. */
  readonly size: number
  /** Whether the same body is sent. */
  readonly sends: boolean
  /** Milliseconds after which its client leaves; 0 = it stays. */
  readonly patience: number
}

/** How many of a hundred are of a kind. */
const SHARES: Readonly<Record<ErrandKind, number>> = {
  small: 52,
  large: 8,
  post: 14,
  put: 12,
  stream: 8,
  upgrade: 3,
  leave: 3
}

const KINDS = Object.entries(SHARES).flatMap(([kind, share]) =>
  Array.from({ length: share }, () => kind as ErrandKind)
)

/** Draws what the next client wants. @param index - Of the request, from 0. */
export function drawErrand(random: () => number, index: number, routes: readonly string[]): Errand {
  const kind = oneOf(random, KINDS)
  const route = oneOf(random, routes)
  const base = { id: `chaos-${index}`, kind, method: 'GET', route, sends: false, patience: 0 } as const
  switch (kind) {
    case 'small':
      return { ...base, ...bytes(route, between(random, 0, 4_000)) }
    case 'large':
      return { ...base, ...bytes(route, between(random, 100_000, 1_000_000)) }
    case 'post':
    case 'put': {
      // Less than what the gateway keeps to send it again.
      const size = between(random, 1, 48_000)
      const method = kind === 'post' ? 'POST' : 'PUT'
      return { ...base, method, path: `/${route}/echo`, size, sends: true }
    }
    case 'stream': {
      const size = 8 * between(random, 1, 4_000)
      return { ...base, path: `/${route}/stream/${size}`, size }
    }
    case 'upgrade':
      return { ...base, path: `/${route}/socket`, size: 4 * between(random, 1, 1_000) }
    case 'leave': {
      const size = 8 * between(random, 1, 4_000)
      return { ...base, path: `/${route}/stream/${size}`, size, patience: between(random, 1, 150) }
    }
  }
}

function bytes(route: string, size: number): Pick<Errand, 'path' | 'size'> {
  return { path: `/${route}/bytes/${size}`, size }
}
