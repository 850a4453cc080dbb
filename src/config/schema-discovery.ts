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
        description:
          'Of dns: a: addresses, IPv4 and IPv6. srv: SRV records, their priority is the tier and their weight the weight. By default srv for names that begin with "_", else a.'
      })
    ),
    scheme: Type.Optional(
      Type.Enum(['http', 'https'], { description: 'Of dns: how backends are spoken to. By default http.' })
    ),
    refresh: Type.Optional(
      Duration({
        description:
          'Of dns: how long an answer is good for at most; its TTL counts from 1s to 10s. By default 5s.',
        range: ['100ms', '24h']
      })
    ),
    servers: Type.Optional(
      Type.Array(Type.String({ description: 'A name server.', minLength: 1 }), {
        description: 'Of dns: name servers, with or without port. By default those of the system.',
        minItems: 1,
        uniqueItems: true,
        examples: [['10.0.0.53', '[fd00::53]:5353']]
      })
    ),
    path: Type.Optional(
      Type.String({
        description:
          'Of file: a JSON or YAML file with a list as in backends, or with targets as Prometheus has them. It is watched.',
        minLength: 1
      })
    )
  },
  {
    ...CLOSED,
    description: 'Where further backends are found; absent = off.',
    examples: [
      { type: 'dns', name: 'catalog.internal', port: 3001 },
      { type: 'file', path: 'catalog.json' }
    ]
  }
)
