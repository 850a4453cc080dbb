import { Type } from 'typebox'
import { REDIS_URL_MESSAGE } from './redis-url.ts'
import { CLOSED } from './schema-parts.ts'

/** Most URLs of nodes or sentinels. */
const MOST_SERVERS = 100

/** Of what may hold a password: no message shows the value. */
const SECRET = { writeOnly: true } as const

const RedisUrl = Type.String({
  pattern: '^rediss?://',
  errorMessage: REDIS_URL_MESSAGE,
  ...SECRET
})

const RedisUrls = Type.Union(
  [
    RedisUrl,
    Type.Array(RedisUrl, {
      minItems: 1,
      maxItems: MOST_SERVERS,
      errorMessage: `expected one to ${MOST_SERVERS} URLs`,
      ...SECRET
    })
  ],
  {
    description:
      'Of redis, which needs it: where it is: redis://[user:password@]host[:port][/db], or rediss://. A list: nodes of a cluster. Beside sentinel: the sentinels.',
    errorMessage: REDIS_URL_MESSAGE,
    ...SECRET
  }
)

const SentinelSchema = Type.Object(
  {
    name: Type.String({
      description: 'Name of the master that the sentinels watch over.',
      pattern: '^[A-Za-z0-9._-]+$',
      maxLength: 100,
      errorMessage:
        'expected the name of a master such as mymaster: at most 100 letters, digits, ".", "_" and "-"'
    }),
    password: Type.Optional(
      Type.String({
        description: 'Password of the sentinels themselves, when they ask for one.',
        minLength: 1,
        ...SECRET
      })
    )
  },
  {
    ...CLOSED,
    description: 'Of redis: a Redis that Sentinel watches over; the URLs of the sentinels stand in url.'
  }
)

/** `store`. */
export const StoreSchema = Type.Object(
  {
    type: Type.Optional(
      Type.Enum(['file', 'redis'], {
        description:
          'file: a folder of this machine. redis: registrations, states and limits hold over all gateways with the same Redis and prefix.',
        default: 'file'
      })
    ),
    path: Type.Optional(
      Type.String({
        description: 'Folder for what stays on this machine, whatever the type.',
        default: '.xecureapi',
        minLength: 1
      })
    ),
    url: Type.Optional(RedisUrls),
    sentinel: Type.Optional(SentinelSchema),
    prefix: Type.Optional(
      Type.String({
        description: 'Of redis: what the names of all its keys begin with.',
        default: 'xgw',
        pattern: '^[A-Za-z0-9][A-Za-z0-9:._-]*$',
        maxLength: 100,
        errorMessage:
          'expected a prefix such as xgw or shop:eu, at most 100 characters without spaces and braces'
      })
    )
  },
  {
    ...CLOSED,
    description: 'What outlives a process, and what gateways share.',
    default: {},
    examples: [
      { type: 'redis', url: 'redis://cache.internal:6379' },
      { type: 'redis', url: ['redis://sentinel.internal:26379'], sentinel: { name: 'mymaster' } }
    ]
  }
)
