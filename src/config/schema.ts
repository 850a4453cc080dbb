import { Type, type Static } from 'typebox'
import { AuthSchema } from './schema-access.ts'
import { AdminSchema } from './schema-admin.ts'
import { DocsSchema } from './schema-docs.ts'
import { ClientLimitsSchema } from './schema-client-limits.ts'
import { rateLimitSchema } from './schema-limits.ts'
import { AddressBlock, CLOSED, Duration, ListenHost, ListenPort, NAME_KEYS } from './schema-parts.ts'
import { RouteSchema } from './schema-routes.ts'
import { StoreSchema } from './schema-store.ts'
import { LogSchema, TracingSchema } from './schema-telemetry.ts'
import { RedirectSchema, ServerTlsSchema } from './schema-tls.ts'
import { UpstreamSchema } from './schema-upstreams.ts'

const ServerSchema = Type.Object(
  {
    host: Type.Optional(ListenHost('0.0.0.0', 'Address of the public listener.')),
    port: Type.Optional(ListenPort(8080, 'Port of the public listener; 0 = any free port.')),
    workers: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: 256 }), Type.Literal('auto')], {
        description:
          'Threads that serve traffic: auto = one per core, 0 = the main thread. Takes effect at the next start.',
        default: 'auto',
        errorMessage: 'expected a whole number from 0 to 256, or auto',
        examples: ['auto', 4]
      })
    ),
    trustProxy: Type.Optional(
      Type.Array(AddressBlock, {
        description:
          'Addresses and CIDR blocks in front of the gateway whose X-Forwarded-* and Forwarded are believed.',
        default: [],
        uniqueItems: true,
        examples: [['10.0.0.0/8', '::1']]
      })
    ),
    proxyProtocol: Type.Optional(
      Type.Boolean({
        description:
          'Whether connections from trustProxy, which must name somebody, begin with a PROXY protocol header, version 1 or 2.',
        default: false
      })
    ),
    tls: Type.Optional(ServerTlsSchema),
    redirect: Type.Optional(RedirectSchema),
    limits: Type.Optional(ClientLimitsSchema),
    stallTimeout: Type.Optional(
      Duration({
        description: 'A worker whose loop stands still for this long is replaced.',
        default: '30s',
        range: ['500ms', '24h']
      })
    ),
    shutdown: Type.Optional(
      Type.Object(
        {
          delay: Type.Optional(
            Duration({
              description:
                'How long it serves on after the stop signal, no longer ready, so that balancers in front notice.',
              default: '5s'
            })
          ),
          timeout: Type.Optional(
            Duration({
              description: 'What is still in flight this long after the stop signal is cut off.',
              default: '25s'
            })
          )
        },
        { ...CLOSED, description: 'How a stop proceeds.', default: {} }
      )
    )
  },
  { ...CLOSED, description: 'The public listener and the threads behind it.', default: {} }
)

/**
 * The configuration as JSON Schema 2020-12: what `xecureapi schema` prints, what editors complete from, and what
 * the file is validated against. `errorMessage` (read by editors too) says what a value must look like.
 */
export const configSchema = Type.Object(
  {
    server: Type.Optional(ServerSchema),
    admin: Type.Optional(AdminSchema),
    log: Type.Optional(LogSchema),
    tracing: Type.Optional(TracingSchema),
    docs: Type.Optional(DocsSchema),
    store: Type.Optional(StoreSchema),
    rateLimit: Type.Optional(
      rateLimitSchema(
        'Limits of the gateway: whatever comes in counts, also what no route takes; absent = none.'
      )
    ),
    auth: Type.Optional(AuthSchema),
    upstreams: Type.Optional(
      Type.Record(Type.String(), UpstreamSchema, {
        description: 'Upstream groups by name: letters, digits, "_" and "-".',
        default: {},
        propertyNames: NAME_KEYS
      })
    ),
    routes: Type.Optional(
      Type.Array(RouteSchema, { description: 'What the front door serves.', default: [] })
    ),
    routesDir: Type.Optional(
      Type.String({
        description:
          'Folder of modules (*.ts, *.js, *.mjs) that default-export further routes with defineRoutes.',
        minLength: 1,
        examples: ['routes']
      })
    )
  },
  {
    ...CLOSED,
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:xecureapi:gateway:configuration',
    title: 'XecureAPI Gateway configuration',
    description: 'What one gateway listens on, which backends it has, and which routes lead to them.',
    examples: [
      {
        upstreams: { catalog: { backends: ['http://10.0.0.11:3001'], healthCheck: { path: '/healthz' } } },
        routes: [{ path: '/api/products', upstream: 'catalog' }]
      }
    ]
  }
)

/** The configuration as people write it, with the schema's defaults in place where it could put them. */
export type RawConfig = Static<typeof configSchema>
