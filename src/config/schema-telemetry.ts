import { Type } from 'typebox'
import { CLOSED, Duration, HeaderName } from './schema-parts.ts'
import { LOG_LEVELS } from './types-telemetry.ts'

/** What `tracing.otlp` must be. */
export const OTLP_MESSAGE = 'expected an http: or https: URL such as http://collector:4318'

/** Of what may be a secret: no message shows the value. */
const SECRET = { writeOnly: true } as const

const AccessSchema = Type.Object(
  {
    sample: Type.Optional(
      Type.Number({
        description:
          'Share of the requests that went well (status below 400, no reason, not slow) that have a line. All others have theirs.',
        default: 1,
        minimum: 0,
        maximum: 1,
        errorMessage: 'expected a share from 0 to 1'
      })
    ),
    slow: Type.Optional(
      Duration({
        description: 'Requests that take as long always have a line; 0s = that decides nothing.',
        default: '1s'
      })
    )
  },
  { ...CLOSED, description: 'Which requests that went well have a line.' }
)

/** `log`. */
export const LogSchema = Type.Object(
  {
    level: Type.Optional(
      Type.Enum([...LOG_LEVELS], {
        description: 'The least severe lines that are written.',
        default: 'info'
      })
    ),
    format: Type.Optional(
      Type.Enum(['auto', 'json', 'pretty'], {
        description:
          'How lines are written. pretty: for people. auto: pretty on a terminal, else json. Takes effect at the next start.',
        default: 'auto'
      })
    ),
    access: Type.Optional(
      Type.Union([Type.Boolean({ description: 'All, or none.' }), AccessSchema], {
        description: 'Whether every request is one line, or a share of those that went well.',
        default: true,
        errorMessage: 'expected true, false, or a mapping of sample and slow'
      })
    )
  },
  { ...CLOSED, description: 'The log, on standard output.', default: {} }
)

/** `tracing`. */
export const TracingSchema = Type.Object(
  {
    otlp: Type.String({
      description:
        'Where spans go, by OTLP over HTTP: the URL of a collector; without a path, its /v1/traces is meant.',
      pattern: '^https?://',
      errorMessage: OTLP_MESSAGE,
      examples: ['http://collector:4318'],
      ...SECRET
    }),
    sample: Type.Optional(
      Type.Number({
        description: 'Share of the traces that begin here that are recorded.',
        default: 0.01,
        minimum: 0,
        maximum: 1,
        errorMessage: 'expected a share from 0 to 1'
      })
    ),
    parentBased: Type.Optional(
      Type.Boolean({
        description:
          'Whether a trace that a client has begun is recorded when the client says so, and only then. false: sample decides.',
        default: true
      })
    ),
    service: Type.Optional(
      Type.String({
        description: 'What this gateway is called in traces.',
        default: 'xecureapi-gateway',
        pattern: '^[ -~]{1,100}$',
        errorMessage: 'expected a name of 1 to 100 characters of ASCII'
      })
    ),
    headers: Type.Optional(
      Type.Record(
        Type.String(),
        Type.String({
          description: 'Value of the field.',
          pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$',
          errorMessage: 'expected a header value: a text in one line',
          ...SECRET
        }),
        {
          description: 'Header fields for the collector, such as a token.',
          default: {},
          propertyNames: HeaderName
        }
      )
    )
  },
  { ...CLOSED, description: 'Exports what becomes of requests, as traces of OpenTelemetry; absent = off.' }
)
