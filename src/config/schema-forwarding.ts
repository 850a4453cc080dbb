import { type TProperties, Type } from 'typebox'
import { CLOSED, Duration, HeaderName, HeaderValue, METHOD_MESSAGE, METHOD_PATTERN } from './schema-parts.ts'
import { RETRY_CONDITIONS } from './types.ts'
import { SIZE_PATTERN } from './units.ts'

/** Durations of `timeouts` with their defaults for a group. */
const TIMEOUTS = {
  connect: ['Until a connection to the backend is there; 0s = none.', '2s'],
  response: ['From the end of the request to the head of the response; 0s = none.', '30s'],
  idle: [
    'Longest silence while a body is on its way; 0s = none. Event streams and upgrades have none.',
    '60s'
  ],
  total: ['Until the head of the final response, waiting and all attempts included; 0s = none.', '0s']
} as const

/** `timeouts` of a group, or of a route, which overrides key by key and so has no defaults. */
export function timeoutsSchema(of: 'group' | 'route') {
  const key = (name: keyof typeof TIMEOUTS) => {
    const [description, preset] = TIMEOUTS[name]
    return Type.Optional(Duration({ description, ...(of === 'group' && { default: preset }) }))
  }
  const properties = {
    connect: key('connect'),
    response: key('response'),
    idle: key('idle'),
    total: key('total')
  }
  return block(of, properties, 'How long to wait for a backend.')
}

const CONDITION = 'expected one of connect, reset, timeout or a status from 400 to 599'

const ConditionSchema = Type.Union(
  [
    Type.Enum([...RETRY_CONDITIONS]),
    Type.Integer({ minimum: 400, maximum: 599 }),
    Type.String({ pattern: '^[45]\\d\\d$', errorMessage: CONDITION })
  ],
  { errorMessage: CONDITION }
)

/** `retry` of a group, or of a route, which overrides key by key and so has no defaults. */
export function retrySchema(of: 'group' | 'route') {
  const preset = <T>(value: T) => (of === 'group' ? { default: value } : {})
  const properties = {
    attempts: Type.Optional(
      Type.Integer({
        description: 'Tries in all, the first included. 1 = no retries.',
        minimum: 1,
        maximum: 10,
        ...preset(2)
      })
    ),
    on: Type.Optional(
      Type.Array(ConditionSchema, {
        description:
          'What is tried again: connect, reset, timeout, and statuses. A failed connection always is.',
        uniqueItems: true,
        examples: [['connect', 'reset', 503]],
        ...preset(['connect', 'reset'])
      })
    ),
    methods: Type.Optional(
      Type.Array(Type.String({ pattern: METHOD_PATTERN, errorMessage: METHOD_MESSAGE }), {
        description: 'Methods that are safe to repeat although they are not idempotent by definition.',
        uniqueItems: true,
        examples: [['POST']],
        ...preset([])
      })
    ),
    budgetPercent: Type.Optional(
      Type.Integer({
        description: "Share of the group's requests under way that may be retries; 3 always may.",
        minimum: 0,
        maximum: 100,
        ...preset(20)
      })
    ),
    bodyBuffer: Type.Optional(
      Type.String({
        description: 'Largest request body that is kept to be sent again. Up to 16MiB.',
        pattern: SIZE_PATTERN,
        errorMessage: 'expected a size such as 512B, 64KiB or 1MiB',
        examples: ['64KiB'],
        ...preset('64KiB')
      })
    )
  }
  return block(of, properties, 'When a request that failed is sent again.')
}

/** `headers` of a route: what is set and removed on the way, each way. */
export const HeaderRulesSchema = Type.Object(
  {
    request: Type.Optional(directionSchema('request')),
    response: Type.Optional(directionSchema('response'))
  },
  { ...CLOSED, description: 'Header fields that are changed on the way; absent = none by the configuration.' }
)

function directionSchema(direction: string) {
  return Type.Object(
    {
      set: Type.Optional(
        Type.Record(Type.String(), HeaderValue, {
          description: 'Fields that replace those of the same name.',
          propertyNames: HeaderName,
          examples: [{ 'x-shop': 'eu' }]
        })
      ),
      remove: Type.Optional(
        Type.Array(Type.String(HeaderName), { description: 'Fields that go no further.', uniqueItems: true })
      )
    },
    { ...CLOSED, description: `Changes to the ${direction}.` }
  )
}

function block<T extends TProperties>(of: 'group' | 'route', properties: T, description: string) {
  return of === 'group'
    ? Type.Object(properties, { ...CLOSED, description, default: {} })
    : Type.Object(properties, {
        ...CLOSED,
        description: `${description} Overrides the group's, key by key. By default as the group has it.`
      })
}
