import type { TestContext } from 'node:test'
import type { DiscoveredBackend, DiscoveryProvider, DiscoveryStatus } from '../../src/discovery/provider.ts'
import { until } from '../helpers/until.ts'

/** Starts a provider that is stopped after the test, and keeps what it tells. */
export function listenTo(t: TestContext, provider: DiscoveryProvider) {
  const sets: (readonly DiscoveredBackend[])[] = []
  const statuses: DiscoveryStatus[] = []
  t.after(() => provider.stop())
  provider.start({ onBackends: (set) => sets.push(set), onStatus: (status) => statuses.push(status) })
  const urls = (): string | undefined =>
    sets
      .at(-1)
      ?.map(({ url }) => url)
      .join(' ')
  return {
    sets,
    statuses,
    urls,
    /** Waits until these are the last set. */
    expectUrls: (...expected: string[]) =>
      until(`the backends are ${expected.join(' ') || 'none'}`, () => urls() === expected.join(' ')),
    /** Waits for a status; undefined = all is well again. */
    expectReason: (reason: string | undefined) =>
      until(`the reason is ${reason}`, () => statuses.length > 0 && statuses.at(-1)?.reason === reason)
  }
}
