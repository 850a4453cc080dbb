import type { Logger } from 'pino'
import { JwksKeeper } from './access/jwks-keeper.ts'
import { DocumentKeeper } from './openapi/document-keeper.ts'
import type { EventLog } from './telemetry/events.ts'
import type { ThreadPool } from './threads/thread-pool.ts'
import type { UpstreamRegistry } from './upstreams/registry.ts'

/** What keepers need, and whom they tell. */
export interface KeeperParts {
  readonly log: Logger
  readonly events: EventLog
  readonly registry: UpstreamRegistry
  readonly pool: ThreadPool
}

/** Makes what keeps, for all threads, what others have to say: keys of issuers, and the services' documents. */
export function createKeepers({ log, events, registry, pool }: KeeperParts): {
  readonly jwks: JwksKeeper
  readonly documents: DocumentKeeper
} {
  const jwks = new JwksKeeper({
    log,
    onEvent: (event) => events.record(event),
    onChange: (keys) => void pool.verifyWith(keys)
  })
  const documents = new DocumentKeeper({
    log,
    groups: () => registry.groups,
    onEvent: (event) => events.record(event),
    onChange: (published) => void pool.publish(published)
  })
  registry.on('flip', ({ group, to }) => {
    if (to === 'healthy') documents.lookAgain(group)
  })
  return { jwks, documents }
}
