import { between, oneOf } from '../../test/balancing/seeded.ts'

/** What a client may want. */
export type ErrandKind =
  | 'small'
  | 'large'
  | 'post'
  | 'put'
  /** A body in chunks, which takes its time. */
  | 'upload'
  /** A body that waits to be asked for (`Expect: 100-continue`). */
  | 'expect'
  | 'stream'
  | 'upgrade'
  /** Its client leaves amid the response. */
  | 'leave'
  /** Its client leaves amid its upload. */
  | 'leave upload'

/** How a request's body is sent. */
export type Upload = 'none' | 'whole' | 'parts' | 'expect'

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
  /** The same body is sent, unless there is none. */
  readonly upload: Upload
  /** Milliseconds after which its client leaves; 0 = it stays. */
  readonly patience: number
}

/** How many of a hundred are of a kind. */
const SHARES: Readonly<Record<ErrandKind, number>> = {
  small: 47,
  large: 8,
  post: 11,
  put: 10,
  upload: 5,
  expect: 3,
  stream: 7,
  upgrade: 3,
  leave: 3,
  'leave upload': 3
}

const KINDS = Object.entries(SHARES).flatMap(([kind, share]) =>
  Array.from({ length: share }, () => kind as ErrandKind)
)

/** Draws what the next client wants. @param index - Of the request, from 0. */
export function drawErrand(random: () => number, index: number, routes: readonly string[]): Errand {
  const kind = oneOf(random, KINDS)
  const route = oneOf(random, routes)
  const base = { id: `chaos-${index}`, kind, method: 'GET', route, upload: 'none', patience: 0 } as const
  switch (kind) {
    case 'small':
      return { ...base, ...bytes(route, between(random, 0, 4_000)) }
    case 'large':
      return { ...base, ...bytes(route, between(random, 100_000, 1_000_000)) }
    case 'post':
      return { ...base, ...echo(route, between(random, 1, 48_000)), method: 'POST', upload: 'whole' }
    case 'put':
      return { ...base, ...echo(route, between(random, 1, 48_000)), method: 'PUT', upload: 'whole' }
    case 'upload':
      return { ...base, ...echo(route, 8 * between(random, 1, 6_000)), method: 'PUT', upload: 'parts' }
    case 'expect':
      return { ...base, ...echo(route, between(random, 1, 48_000)), method: 'PUT', upload: 'expect' }
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
    case 'leave upload': {
      const patience = between(random, 1, 150)
      return { ...base, ...echo(route, 32_000), method: 'POST', upload: 'parts', patience }
    }
  }
}

function bytes(route: string, size: number): Pick<Errand, 'path' | 'size'> {
  return { path: `/${route}/bytes/${size}`, size }
}

/** Less than what the gateway keeps to send it again. */
function echo(route: string, size: number): Pick<Errand, 'path' | 'size'> {
  return { path: `/${route}/echo`, size }
}
