import { Type } from 'typebox'
import { REQUEST_KEY_MESSAGE, REQUEST_KEY_PATTERN, TOKEN_PATTERN } from './request-key-text.ts'
import { CLOSED, Duration } from './schema-parts.ts'
import { BALANCING_ALGORITHMS } from './types.ts'

const AlgorithmSchema = Type.Enum([...BALANCING_ALGORITHMS], {
  description:
    'round-robin: smooth weighted turns. least-connections: fewest in flight. least-latency: least expected wait. ' +
    'random. random-two: the better of two. hash: one key, one backend. ip-hash: one client, one backend.'
})

/** What of a request tells clients apart. */
export function RequestKey(description: string) {
  return Type.String({
    description,
    pattern: REQUEST_KEY_PATTERN,
    errorMessage: REQUEST_KEY_MESSAGE,
    examples: ['ip', 'path', 'header:x-user-id', 'cookie:sid', 'query:user']
  })
}

/** `balancing` of a group. */
export const BalancingSchema = Type.Union(
  [
    AlgorithmSchema,
    Type.Object(
      {
        algorithm: AlgorithmSchema,
        key: Type.Optional(RequestKey('What hash goes by, and no other algorithm. By default ip.'))
      },
      { ...CLOSED, description: 'An algorithm with what it goes by.' }
    )
  ],
  {
    description: 'How a backend is picked for a request.',
    default: 'round-robin',
    examples: ['least-latency', { algorithm: 'hash', key: 'header:x-user-id' }]
  }
)

/** Share of a backend, or of a group in a split. */
export function Weight(description: string) {
  return Type.Integer({ description, default: 1, minimum: 0, maximum: 1000 })
}

/** `affinity` of a group. */
export const AffinitySchema = Type.Object(
  {
    cookie: Type.Optional(
      Type.String({
        description: 'Name of the cookie.',
        default: 'xgw',
        pattern: `^${TOKEN_PATTERN}$`,
        maxLength: 64,
        errorMessage: 'expected the name of a cookie, at most 64 characters without spaces and separators'
      })
    ),
    ttl: Type.Optional(
      Duration({
        description: 'How long a session is kept after its last request.',
        default: '1h',
        range: ['1s', '168h']
      })
    ),
    secret: Type.Optional(
      Type.String({
        description:
          'What the cookie is signed with. By default one that the gateway makes once and keeps in its store.',
        minLength: 16,
        maxLength: 4096,
        // Whoever reads this may not see the value in messages either.
        writeOnly: true,
        errorMessage: 'expected a secret of 16 to 4096 characters',
        examples: ['${file:/run/secrets/affinity}']
      })
    )
  },
  { ...CLOSED, description: 'Keeps a client at one backend, by a signed cookie; absent = off.' }
)

/** `queue` of a group. */
export const QueueSchema = Type.Object(
  {
    max: Type.Optional(
      Type.Integer({
        description:
          'Requests that may wait, over all threads, when every backend has its maxInFlight; 0 = none.',
        default: 0,
        minimum: 0,
        maximum: 1_000_000
      })
    ),
    timeout: Type.Optional(
      Duration({ description: 'The longest wait.', default: '1s', range: ['1ms', '24h'] })
    )
  },
  {
    ...CLOSED,
    description: 'Requests that wait for a place when all backends have as many as maxInFlight.',
    default: {}
  }
)

/** `connections` of a group. */
export const ConnectionsSchema = Type.Object(
  {
    perBackend: Type.Optional(
      Type.Integer({
        description:
          'Most idle HTTP/1.1 connections that one thread keeps to one backend. More are opened when they are needed.',
        default: 128,
        minimum: 1,
        maximum: 65_535
      })
    ),
    keepAlive: Type.Optional(
      Duration({
        description: 'How long an idle connection is kept, unless the backend says less; 0s = not at all.',
        default: '60s'
      })
    )
  },
  { ...CLOSED, description: 'Connections to backends.', default: {} }
)
