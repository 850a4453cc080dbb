import type { SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import type { Path } from './path.ts'
import { isRedisUrl, parseRedisUrl, type RedisAddress, REDIS_URL_MESSAGE } from './redis-url.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'

type RawStore = Sound<RawConfig>['store']

const PATH: Path = ['store', 'url']

/** Checks `store`: that what only Redis has stands beside it, and that it can be asked for. */
export function checkStore(document: SourceDocument, store: RawStore): Finding[] {
  if (store?.type === 'file') {
    const found = (['url', 'sentinel', 'prefix'] as const).filter((key) => document.has(['store', key]))
    const message = (key: string) => `expected ${key} beside redis only, got it beside file`
    return found.map((key) => ({ path: ['store', key], message: message(key) }))
  }
  if (store?.type === 'redis' && !document.has(PATH)) {
    return [{ path: PATH, message: `${REDIS_URL_MESSAGE}, got nothing` }]
  }
  const urls = placed(store?.url)
  const wrong = urls.filter(({ url }) => !isRedisUrl(url))
  if (wrong.length > 0) {
    // Whatever is wrong with it, it may hold a password.
    const message = (url: string) => `${REDIS_URL_MESSAGE}, got a text of ${url.length}`
    return wrong.map(({ path, url }) => ({ path, message: message(url) }))
  }
  return [...checkAlike(urls), ...checkDatabase(document, store, urls)]
}

interface Placed {
  readonly path: Path
  readonly url: string
}

/** The URLs that are texts, with the places where they stand. */
function placed(url: NonNullable<RawStore>['url']): Placed[] {
  if (typeof url === 'string') return [{ path: PATH, url }]
  return (url ?? []).flatMap((each, index) =>
    each === undefined ? [] : [{ path: [...PATH, index], url: each }]
  )
}

/** Login and database of the first are those of all: others that stand there would be passed over in silence. */
function checkAlike(urls: readonly Placed[]): Finding[] {
  const [first, ...others] = urls.map(({ path, url }) => ({ path, address: parseRedisUrl(url) }))
  if (!first) return []
  const given = loginOf(first.address)
  return others.flatMap(({ path, address }) => {
    if (address.isTls !== first.address.isTls) {
      return [{ path, message: 'expected redis: in all URLs, or rediss: in all, got both' }]
    }
    const own = loginOf(address)
    if (own.every((word) => word === undefined) || own.every((word, at) => word === given[at])) return []
    return [{ path, message: 'expected user, password and database of the first URL, or none, got others' }]
  })
}

function loginOf({ username, password, database }: RedisAddress): readonly unknown[] {
  return [username, password, database]
}

/** A cluster has but one. */
function checkDatabase(document: SourceDocument, store: RawStore, urls: readonly Placed[]): Finding[] {
  const isCluster = Array.isArray(store?.url) && !document.has(['store', 'sentinel'])
  const [first] = urls
  if (!isCluster || !first || (parseRedisUrl(first.url).database ?? 0) === 0) return []
  const message = 'expected no database but 0, since a list of URLs without sentinel is a cluster'
  return [{ path: first.path, message }]
}
