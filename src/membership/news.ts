import { isDeepStrictEqual } from 'node:util'
import type { Entry, StoreSnapshot } from '../store/registrations.ts'
import { backendId } from '../upstreams/backend.ts'

/** A backend was registered at run time, changed, or left. */
export interface RegistrationNews {
  readonly group: string
  /** Its id. */
  readonly backend: string
  readonly url: string
  readonly change: 'added' | 'changed' | 'leaving' | 'removed'
  /** Why it leaves. */
  readonly reason?: 'removed' | 'lease_expired'
}

/** What became of registrations between two snapshots, in the order of the later one; states are told elsewhere. */
export function registrationNews(before: StoreSnapshot, after: StoreSnapshot): RegistrationNews[] {
  const news: RegistrationNews[] = []
  for (const [key, entry] of after.entries) {
    const known = before.entries.get(key)
    if (known?.version === entry.version || !entry.registration) continue
    const isBack = known?.removal && !entry.removal
    if (!known?.registration || isBack) news.push({ ...factsOf(entry), change: 'added' })
    else if (entry.removal && !known.removal) {
      news.push({ ...factsOf(entry), change: 'leaving', reason: entry.removal.reason })
    } else if (!isDeepStrictEqual(known.registration, entry.registration)) {
      news.push({ ...factsOf(entry), change: 'changed' })
    }
  }
  for (const [key, entry] of before.entries) {
    if (!entry.registration || after.entries.get(key)?.registration) continue
    news.push({ ...factsOf(entry), change: 'removed', reason: entry.removal?.reason ?? 'removed' })
  }
  return news
}

function factsOf({ group, url }: Entry): Pick<RegistrationNews, 'group' | 'backend' | 'url'> {
  return { group, backend: backendId(url), url }
}
