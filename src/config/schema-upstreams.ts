import { Type } from 'typebox'
import { retrySchema, timeoutsSchema } from './schema-forwarding.ts'
import {
  AffinitySchema,
  BalancingSchema,
  ConnectionsSchema,
  QueueSchema,
  Weight
} from './schema-balancing.ts'
import { CircuitBreakerSchema, HealthCheckSchema, OutlierDetectionSchema } from './schema-health.ts'
import { ConcurrencySchema } from './schema-limits.ts'
import { DiscoverySchema } from './schema-discovery.ts'
import { DocumentPath } from './schema-docs.ts'
import { CLOSED, Duration } from './schema-parts.ts'
import { UpstreamTlsSchema } from './schema-tls.ts'

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
          Weight(
            "Share of the traffic relative to the group's other backends; 0 = only sessions that it has."
          )
        ),
        tier: Type.Optional(
          Type.Integer({
            description: 'Tier 0 takes all that it can; what it can not goes to tier 1, and so on.',
            default: 0,
            minimum: 0,
            maximum: 15
          })
        ),
        maxInFlight: Type.Optional(
          Type.Integer({
            description: 'Most requests at once, over all threads; 0 = no cap.',
            default: 0,
            minimum: 0,
            maximum: 1_000_000
          })
        )
      },
      { ...CLOSED, description: 'A server with how it is to be treated.' }
    )
  ],
  { description: 'One server of the group.' }
)

/** One upstream group. */
export const UpstreamSchema = Type.Object(
  {
    balancing: Type.Optional(BalancingSchema),
    backends: Type.Optional(
      Type.Array(BackendSchema, {
        description:
          'The servers of the group; [] where all are registered at run time, absent where all are discovered.',
        errorMessage: 'expected a list of backends'
      })
    ),
    discovery: Type.Optional(DiscoverySchema),
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
    outlierDetection: Type.Optional(OutlierDetectionSchema),
    circuitBreaker: Type.Optional(CircuitBreakerSchema),
    concurrency: Type.Optional(ConcurrencySchema),
    slowStart: Type.Optional(
      Duration({
        description:
          'How long the share of a backend that came back grows; absent = it has all of it at once.'
      })
    ),
    affinity: Type.Optional(AffinitySchema),
    queue: Type.Optional(QueueSchema),
    panicThreshold: Type.Optional(
      Type.Integer({
        description:
          'When fewer percent of a tier than this are well and no other can help, all of it are used; 0 = never.',
        default: 0,
        minimum: 0,
        maximum: 100
      })
    ),
    connections: Type.Optional(ConnectionsSchema),
    forwardedHeader: Type.Optional(
      Type.Boolean({
        description: 'Whether backends get Forwarded (RFC 7239) besides X-Forwarded-*.',
        default: false
      })
    ),
    openapi: Type.Optional(DocumentPath),
    retry: Type.Optional(retrySchema('group')),
    timeouts: Type.Optional(timeoutsSchema('group'))
  },
  { ...CLOSED, description: 'A named service: its backends and how to treat them.' }
)
