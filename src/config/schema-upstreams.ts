import { Type } from 'typebox'
import { retrySchema, timeoutsSchema } from './schema-forwarding.ts'
import { CLOSED, Duration, HeaderName, HeaderValue, METHOD_MESSAGE, METHOD_PATTERN } from './schema-parts.ts'
import { UpstreamTlsSchema } from './schema-tls.ts'
import { STATUS_PATTERN } from './status-ranges.ts'

const AlgorithmSchema = Type.Enum(['round-robin', 'least-connections'], {
  description: 'Smooth weighted turns, or the backend with the fewest requests in flight for its weight.'
})

const BalancingSchema = Type.Union([AlgorithmSchema, Type.Object({ algorithm: AlgorithmSchema }, CLOSED)], {
  description: 'How a backend is picked for a request.',
  default: 'round-robin',
  examples: ['least-connections', { algorithm: 'round-robin' }]
})

const OriginSchema = Type.String({
  description: 'Where the backend listens: scheme, host and port, without a path.',
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?://',
  errorMessage: 'expected an http:// or https:// URL such as http://10.0.0.11:3001',
  examples: ['http://10.0.0.11:3001']
})

const BackendSchema = Type.Union(
  [
    OriginSchema,
    Type.Object(
      {
        url: OriginSchema,
        weight: Type.Optional(
          Type.Integer({
            description: "Share of the traffic relative to the group's other backends.",
            default: 1,
            minimum: 1,
            maximum: 1000
          })
        )
      },
      CLOSED
    )
  ],
  { description: 'One server of the group.' }
)

const StatusSchema = Type.Union(
  [Type.Integer({ minimum: 100, maximum: 599 }), Type.String({ pattern: STATUS_PATTERN })],
  { errorMessage: 'expected a status from 100 to 599, or a range such as 200-299' }
)

const ExpectSchema = Type.Object(
  {
    status: Type.Optional(
      Type.Union(
        [
          StatusSchema,
          Type.Array(StatusSchema, { minItems: 1, errorMessage: 'expected at least one status' })
        ],
        {
          description: 'Status codes and ranges that a healthy backend answers with.',
          default: ['200-299'],
          examples: [200, '200-299', ['200-299', 304]]
        }
      )
    ),
    body: Type.Optional(
      Type.String({ description: "A text that the body's first 64 KiB must contain.", minLength: 1 })
    )
  },
  { ...CLOSED, description: 'What an http probe must find.', default: {} }
)

const HeadersSchema = Type.Record(Type.String(), HeaderValue, {
  description: 'Header fields of an http probe.',
  default: {},
  propertyNames: HeaderName,
  examples: [{ 'x-probe': 'gateway' }]
})

const HealthCheckSchema = Type.Object(
  {
    type: Type.Optional(
      Type.Enum(['http', 'tcp'], {
        description: 'Whether a probe is a request, or only a connection.',
        default: 'http'
      })
    ),
    path: Type.Optional(
      Type.String({
        description: 'Request target of an http probe; may have a query.',
        default: '/',
        pattern: '^/[!-"$-~]*$',
        errorMessage: 'expected a path that starts with "/", without spaces and fragment',
        examples: ['/healthz']
      })
    ),
    port: Type.Optional(
      Type.Integer({ description: "Another port than the backend's own.", minimum: 1, maximum: 65_535 })
    ),
    method: Type.Optional(
      Type.String({
        description: 'Method of an http probe.',
        default: 'GET',
        pattern: METHOD_PATTERN,
        errorMessage: METHOD_MESSAGE,
        examples: ['HEAD']
      })
    ),
    headers: Type.Optional(HeadersSchema),
    interval: Type.Optional(
      Duration({ description: 'Time between the starts of two probes, at least 100ms.', default: '2s' })
    ),
    timeout: Type.Optional(Duration({ description: 'How long one probe may take.', default: '1s' })),
    healthyAfter: Type.Optional(
      Type.Integer({
        description: 'Good probes in a row that make an ill backend well.',
        default: 2,
        minimum: 1,
        maximum: 100
      })
    ),
    unhealthyAfter: Type.Optional(
      Type.Integer({
        description: 'Failed probes in a row that make a well backend ill.',
        default: 3,
        minimum: 1,
        maximum: 100
      })
    ),
    expect: Type.Optional(ExpectSchema),
    initially: Type.Optional(
      Type.Enum(['healthy', 'unhealthy'], { description: 'What a backend is before its first verdict.' })
    )
  },
  { ...CLOSED, description: 'Probes that take an ill backend out and let a well one back; absent = off.' }
)

/** One upstream group. */
export const UpstreamSchema = Type.Object(
  {
    balancing: Type.Optional(BalancingSchema),
    backends: Type.Array(BackendSchema, {
      description: 'The servers of the group.',
      minItems: 1,
      errorMessage: 'expected at least one backend'
    }),
    protocol: Type.Optional(
      Type.Enum(['http1', 'h2'], {
        description: 'What backends speak; h2 by prior knowledge over http:, by ALPN over https:.',
        default: 'http1'
      })
    ),
    tls: Type.Optional(UpstreamTlsSchema),
    hostHeader: Type.Optional(
      Type.Enum(['preserve', 'backend'], {
        description: "The Host that backends see: the client's, or their own.",
        default: 'preserve'
      })
    ),
    healthCheck: Type.Optional(HealthCheckSchema),
    forwardedHeader: Type.Optional(
      Type.Boolean({
        description: 'Whether backends get Forwarded (RFC 7239) besides X-Forwarded-*.',
        default: false
      })
    ),
    retry: Type.Optional(retrySchema('group')),
    timeouts: Type.Optional(timeoutsSchema('group'))
  },
  { ...CLOSED, description: 'A named service: its backends and how to treat them.' }
)
