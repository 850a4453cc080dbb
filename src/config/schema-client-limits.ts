import { Type } from 'typebox'
import { CLOSED, Duration } from './schema-parts.ts'
import { SIZE_PATTERN } from './units.ts'

function Size(description: string, preset?: string) {
  return Type.String({
    description,
    ...(preset !== undefined && { default: preset }),
    pattern: SIZE_PATTERN,
    errorMessage: 'expected a size such as 512B, 64KiB or 10MiB',
    examples: ['64KiB', '10MiB']
  })
}

function BodyLimit(description: string, preset?: string) {
  return Type.Union([Size(description), Type.Literal(0)], {
    description,
    ...(preset !== undefined && { default: preset }),
    errorMessage: 'expected a size such as 64KiB or 10MiB, or 0 for any'
  })
}

/** `bodyLimit` of a route. */
export const RouteBodyLimit = BodyLimit(
  "Largest body of a request; 0 = any. By default the server's. Up to 1024GiB."
)

/** `server.limits`. */
export const ClientLimitsSchema = Type.Object(
  {
    headersTimeout: Type.Optional(
      Duration({
        description:
          'For the head of a request, a TLS handshake, a PROXY protocol header. At most requestTimeout.',
        default: '10s',
        range: ['100ms', '24h']
      })
    ),
    requestTimeout: Type.Optional(
      Duration({
        description: 'For a whole request, its body included; 0s = none.',
        default: '60s',
        range: ['100ms', '24h'],
        orNone: true
      })
    ),
    keepAliveTimeout: Type.Optional(
      Duration({
        description:
          'How long an idle connection of a client is kept. Longer than that of a balancer in front.',
        default: '72s',
        range: ['100ms', '24h']
      })
    ),
    sendTimeout: Type.Optional(
      Duration({
        description:
          'How long a client may take nothing of what is sent to it; 0s = for ever. Event streams and upgrades may.',
        default: '60s',
        range: ['100ms', '24h'],
        orNone: true
      })
    ),
    maxConnections: Type.Optional(
      Type.Integer({
        description:
          'Connections over all threads; beyond, those that are idle for longest are closed; 0 = any number.',
        default: 10_000,
        minimum: 0,
        maximum: 1_000_000
      })
    ),
    maxConnectionsPerIp: Type.Optional(
      Type.Integer({
        description: 'Connections of one address, of IPv6 of one /64, over all threads; 0 = any number.',
        default: 0,
        minimum: 0,
        maximum: 1_000_000
      })
    ),
    maxHeaderSize: Type.Optional(
      Size('Largest header of a request; a larger one gets 431. From 1KiB to 1MiB.', '16KiB')
    ),
    maxHeaders: Type.Optional(
      Type.Integer({
        description: 'Most fields of a header; more get 431.',
        default: 100,
        minimum: 10,
        maximum: 2000
      })
    ),
    bodyLimit: Type.Optional(
      BodyLimit('Largest body of a request; a larger one gets 413; 0 = any. Up to 1024GiB.', '10MiB')
    ),
    maxEventLoopDelay: Type.Optional(
      Duration({
        description: 'Mean delay of its event loop beyond which a thread answers 503; 0s = any.',
        default: '1s',
        range: ['10ms', '60s'],
        orNone: true
      })
    )
  },
  { ...CLOSED, description: 'What the public listener allows its clients.', default: {} }
)
