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
  /** Whether it goes over HTTP/2, where that is spoken. */
  readonly isHttp2: boolean
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

/** What a kind of errand is made of. */
type Draw = (random: () => number, route: string) => Partial<Errand> & Pick<Errand, 'path' | 'size'>

const DRAWS: Readonly<Record<ErrandKind, Draw>> = {
  small: (random, route) => bytes(route, between(random, 0, 4_000)),
  large: (random, route) => bytes(route, between(random, 100_000, 1_000_000)),
  post: (random, route) => ({ ...echo(random, route), method: 'POST', upload: 'whole' }),
  put: (random, route) => ({ ...echo(random, route), method: 'PUT', upload: 'whole' }),
  upload: (random, route) => ({ ...echo(random, route), method: 'PUT', upload: 'parts' }),
  expect: (random, route) => ({ ...echo(random, route), method: 'PUT', upload: 'expect' }),
  stream,
  upgrade: (random, route) => ({ path: `/${route}/socket`, size: 8 * between(random, 1, 1_000) }),
  leave: (random, route) => ({ ...stream(random, route), patience: between(random, 1, 150) }),
  'leave upload': (random, route) => ({
    ...echo(random, route),
    method: 'POST',
    upload: 'parts',
    patience: between(random, 1, 150)
  })
}

/** Draws what the next client wants. @param index - Of the request, from 0. */
export function drawErrand(random: () => number, index: number, routes: readonly string[]): Errand {
  const kind = oneOf(random, KINDS)
  const route = oneOf(random, routes)
  const plain = { method: 'GET', upload: 'none', patience: 0 } as const
  // Neither is there in HTTP/2, or not as Node's client has it.
  const isHttp2 = random() < 0.5 && kind !== 'upgrade' && kind !== 'expect'
  return { id: `chaos-${index}`, kind, route, isHttp2, ...plain, ...DRAWS[kind](random, route) }
}

/** A size that can be divided into parts. */
function stream(random: () => number, route: string): Pick<Errand, 'path' | 'size'> {
  const size = 8 * between(random, 1, 4_000)
  return { path: `/${route}/stream/${size}`, size }
}

function bytes(route: string, size: number): Pick<Errand, 'path' | 'size'> {
  return { path: `/${route}/bytes/${size}`, size }
}

/** Less than what the gateway keeps to send it again. */
function echo(random: () => number, route: string): Pick<Errand, 'path' | 'size'> {
  return { path: `/${route}/echo`, size: 8 * between(random, 1, 6_000) }
}
