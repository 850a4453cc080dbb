import { Type } from 'typebox'
import { LIMIT_KEY_MESSAGE, LIMIT_KEY_PATTERN } from './request-key-text.ts'
import { AddressBlock, CLOSED, Duration, Name } from './schema-parts.ts'
import { PRIORITIES } from './types.ts'

/** Most clients that a limit tells apart unless it says otherwise. */
export const MAX_KEYS = 100_000

/** The largest sum of costs and keys that a limit takes. */
const MANY = 1_000_000_000

const ONE_KEY = 'What tells clients apart; a part that a request lacks is its address.'

const LimitKeySchema = Type.String({
  description: ONE_KEY,
  pattern: LIMIT_KEY_PATTERN,
  errorMessage: LIMIT_KEY_MESSAGE,
  examples: ['ip', 'consumer', 'path', 'header:x-user-id', 'cookie:sid', 'query:user']
})

/** One limit. What Ajv puts no defaults into, being part of a union, gets them when it is resolved. */
const LimitSchema = Type.Object(
  {
    name: Type.Optional(
      Name(
        'Its name in the RateLimit fields, log and metrics. By default gateway, or that of the route; in a list with -2 and so on behind it.'
      )
    ),
    limit: Type.Integer({
      description: 'Requests that a period brings; exactly: their cost.',
      minimum: 1,
      maximum: MANY
    }),
    per: Duration({ description: 'The period.', range: ['1ms', '24h'] }),
    burst: Type.Optional(
      Type.Integer({
        description: 'What may come at once after a pause. By default the limit.',
        minimum: 1,
        maximum: MANY
      })
    ),
    key: Type.Optional(
      Type.Union(
        [
          LimitKeySchema,
          Type.Array(LimitKeySchema, {
            minItems: 1,
            maxItems: 5,
            uniqueItems: true,
            errorMessage: 'expected one to five keys, each once'
          })
        ],
        {
          description: `${ONE_KEY} Several are one key together.`,
          default: 'ip',
          errorMessage: `${LIMIT_KEY_MESSAGE}, or a list of such`,
          examples: ['ip', 'consumer', ['ip', 'path']]
        }
      )
    ),
    cost: Type.Optional(
      Type.Integer({
        description: 'What one request costs, at most the burst.',
        default: 1,
        minimum: 1,
        maximum: 1_000_000
      })
    ),
    dryRun: Type.Optional(
      Type.Boolean({ description: 'Whether it only reports what it would stop.', default: false })
    ),
    allow: Type.Optional(
      Type.Array(AddressBlock, {
        description: 'Addresses and CIDR blocks of clients that it is not for.',
        default: [],
        uniqueItems: true,
        examples: [['10.0.0.0/8']]
      })
    ),
    maxKeys: Type.Optional(
      Type.Integer({
        description:
          'Clients that are told apart at once, in memory that is taken at the start: about 17 bytes each.',
        default: MAX_KEYS,
        minimum: 1,
        maximum: 10_000_000
      })
    )
  },
  { ...CLOSED, description: 'How much one client may ask for.' }
)

/** `rateLimit`, of the gateway or of a route. */
export function rateLimitSchema(description: string) {
  return Type.Union(
    [
      LimitSchema,
      Type.Array(LimitSchema, {
        minItems: 1,
        maxItems: 10,
        errorMessage: 'expected one to ten limits'
      })
    ],
    {
      description,
      examples: [
        { limit: 100, per: '1s', burst: 200, key: 'ip' },
        [
          { limit: 10, per: '1s' },
          { limit: 1000, per: '1h' }
        ]
      ]
    }
  )
}

/** `cost` of a route. */
export const RouteCost = Type.Integer({
  description: "What a request costs of the gateway's limits, times their own cost. By default 1.",
  minimum: 1,
  maximum: 1_000_000
})

/** `priority` of a route. */
export const PrioritySchema = Type.Enum([...PRIORITIES], {
  description:
    'What is refused first when there is too much to do: sheddable, then normal, then critical. By default normal.'
})

/** `concurrency` of a group. */
export const ConcurrencySchema = Type.Object(
  {
    mode: Type.Optional(
      Type.Enum(['adaptive', 'static'], {
        description:
          'adaptive: what the backends can bear, as their latency tells, from min to max. static: always max.',
        default: 'adaptive'
      })
    ),
    min: Type.Optional(
      Type.Integer({
        description: 'The least that it becomes, of adaptive; at most max.',
        default: 20,
        minimum: 1,
        maximum: 1_000_000
      })
    ),
    max: Type.Optional(
      Type.Integer({
        description: 'The most that it becomes; of static what it is.',
        default: 1000,
        minimum: 1,
        maximum: 1_000_000
      })
    )
  },
  {
    ...CLOSED,
    description: 'How many requests may await their response at once, over all threads; absent = any number.',
    examples: [{}, { mode: 'static', max: 200 }]
  }
)
