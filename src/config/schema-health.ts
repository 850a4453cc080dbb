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
      Type.String({
        description: "A text that the body's first 64 KiB must contain. By default none.",
        minLength: 1
      })
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
        description: 'What a probe is. http: a request. tcp: a connection.',
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
      Type.Integer({
        description: "Port that is probed. By default the backend's own.",
        minimum: 1,
        maximum: 65_535
      })
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
      Duration({
        description: 'Time between the starts of two probes, a tenth more or less.',
        default: '2s',
        range: ['100ms', '24h']
      })
    ),
    timeout: Type.Optional(
      Duration({ description: 'How long one probe may take.', default: '1s', range: ['1ms', '24h'] })
    ),
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
      Type.Enum(['healthy', 'unhealthy'], {
        description:
          'What a backend is before its first verdict. By default healthy; unhealthy if it is registered or discovered.'
      })
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
      Duration({
        description: 'How often success rates are compared.',
        default: '10s',
        range: ['100ms', '24h']
      })
    ),
    ejectFor: Type.Optional(
      Duration({
        description:
          'Time of the first ejection; the second takes twice as long, the third three times. At most maxEjectFor.',
        default: '30s',
        range: ['1ms', '24h']
      })
    ),
    maxEjectFor: Type.Optional(
      Duration({
        description: 'The longest ejection, at least ejectFor.',
        default: '300s',
        range: ['1ms', '24h']
      })
    ),
    maxEjectedPercent: Type.Optional(
      Type.Integer({
        description:
          'Share of the group that may be ejected at once; one backend always may. Below 100, the last one that may have traffic stays.',
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
        description: "Share of the group's attempts that must fail to open it.",
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
      Duration({
        description: 'Time over which attempts are counted.',
        default: '10s',
        range: ['100ms', '24h']
      })
    ),
    openFor: Type.Optional(
      Duration({
        description: 'Time until requests are let through to try, at most three at once.',
        default: '5s',
        range: ['1ms', '24h']
      })
    )
  },
  {
    ...CLOSED,
    description: 'Answers 503 at once for a group that fails, instead of trying on; absent = off.',
    examples: [{ failurePercent: 50, openFor: '5s' }]
  }
)
