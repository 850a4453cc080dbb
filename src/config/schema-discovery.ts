import { Type } from 'typebox'
import { CLOSED, Duration } from './schema-parts.ts'

/** `discovery` of a group. What is only for one type is checked after the schema, which can't say so in one sentence. */
export const DiscoverySchema = Type.Object(
  {
    type: Type.Enum(['dns', 'file'], {
      description: 'dns: the addresses of a name. file: a list that somebody else writes.'
    }),
    name: Type.Optional(
      Type.String({
        description: 'Of dns: the name; with SRV records one such as _http._tcp.catalog.internal.',
        pattern: '^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?$',
        errorMessage: 'expected a name such as catalog.internal',
        examples: ['catalog.internal', '_http._tcp.catalog.internal']
      })
    ),
    port: Type.Optional(
      Type.Integer({
        description: 'Of dns: the port, which only SRV records say themselves.',
        minimum: 1,
        maximum: 65_535
      })
    ),
    records: Type.Optional(
      Type.Enum(['a', 'srv'], {
        description: 'Of dns: a: addresses, IPv4 and IPv6. srv: as by default for names that begin with "_".'
      })
    ),
    scheme: Type.Optional(Type.Enum(['http', 'https'], { description: 'Of dns: http by default.' })),
    refresh: Type.Optional(
      Duration({
        description: 'Of dns: how long an answer is good for at most, whatever its TTL; 5s by default.'
      })
    ),
    servers: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Of dns: name servers, with or without port; by default those of the system.',
        minItems: 1,
        uniqueItems: true,
        examples: [['10.0.0.53', '[fd00::53]:5353']]
      })
    ),
    path: Type.Optional(
      Type.String({
        description:
          'Of file: its path. A list of backends as in `backends`, or of targets as Prometheus has them.',
        minLength: 1
      })
    )
  },
  {
    ...CLOSED,
    description: 'Where further backends are found.',
    examples: [
      { type: 'dns', name: 'catalog.internal', port: 3001 },
      { type: 'file', path: 'catalog.json' }
    ]
  }
)
