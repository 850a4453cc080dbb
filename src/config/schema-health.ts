import { Type } from 'typebox'
import { CLOSED, Duration, HeaderName, HeaderValue, METHOD_MESSAGE, METHOD_PATTERN } from './schema-parts.ts'
import { STATUS_PATTERN } from './status-ranges.ts'

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

/** `healthCheck` of a group. */
export const HealthCheckSchema = Type.Object(
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

/** `outlierDetection` of a group. */
export const OutlierDetectionSchema = Type.Object(
  {
    consecutiveFailures: Type.Optional(
      Type.Integer({
        description: 'Failures in a row that eject a backend: any 5xx, connect, reset or timeout.',
        default: 5,
        minimum: 1,
        maximum: 1000
      })
    ),
    interval: Type.Optional(
      Duration({ description: 'How often success rates are compared, at least 100ms.', default: '10s' })
    ),
    ejectFor: Type.Optional(
      Duration({
        description: 'Time of the first ejection; the second takes twice as long, and so on.',
        default: '30s'
      })
    ),
    maxEjectFor: Type.Optional(
      Duration({ description: 'The longest ejection, at least ejectFor.', default: '300s' })
    ),
    maxEjectedPercent: Type.Optional(
      Type.Integer({
        description: 'Share of the group that may be ejected at once; one backend always may.',
        default: 50,
        minimum: 0,
        maximum: 100
      })
    ),
    dryRun: Type.Optional(
      Type.Boolean({ description: 'Whether it only reports what it would eject.', default: false })
    )
  },
  {
    ...CLOSED,
    description: 'Takes a backend out for how it treats real traffic; absent = off.',
    examples: [{ consecutiveFailures: 5, ejectFor: '30s' }]
  }
)

/** `circuitBreaker` of a group. */
export const CircuitBreakerSchema = Type.Object(
  {
    failurePercent: Type.Optional(
      Type.Integer({
        description: 'Share of failed attempts that opens it.',
        default: 50,
        minimum: 1,
        maximum: 100
      })
    ),
    minRequests: Type.Optional(
      Type.Integer({
        description: 'Fewer attempts within the window decide nothing.',
        default: 20,
        minimum: 1,
        maximum: 1_000_000
      })
    ),
    window: Type.Optional(
      Duration({ description: 'Time over which attempts are counted, at least 100ms.', default: '10s' })
    ),
    openFor: Type.Optional(
      Duration({ description: 'Time until a few requests are let through to try.', default: '5s' })
    )
  },
  {
    ...CLOSED,
    description: 'Answers 503 at once for a group that fails, instead of trying on; absent = off.',
    examples: [{ failurePercent: 50, openFor: '5s' }]
  }
)
