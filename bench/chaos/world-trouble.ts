import { setTimeout as delay } from 'node:timers/promises'
import { between, oneOf } from '../../test/balancing/seeded.ts'
import type { DnsReply } from '../../test/helpers/dns-server.ts'
import { exchange } from '../../test/helpers/exchange.ts'
import { until } from '../../test/helpers/until.ts'
import { DISCOVERED, drawVariant, FIRST_VARIANT, INVALID, NAME, RESPONSE_TIMEOUT } from './chaos-config.ts'
import { type ChaosWorld, tellAddresses } from './chaos-world.ts'
import type { Crashes } from './crashes.ts'
import type { HealthWatch } from './health-watch.ts'

/** What a run works with. */
export interface TroubleScene {
  readonly world: ChaosWorld
  readonly watch: HealthWatch
  readonly crashes: Crashes
}

/** Something that befalls everything else than a backend. Only one of a kind at a time. */
export interface WorldTrouble {
  readonly name: string
  /** @param length - Milliseconds. @returns When it is over. */
  run(scene: TroubleScene, random: () => number, length: number): Promise<void>
}

const JSON_BODY = { 'content-type': 'application/json' }

/** Where nobody listens. */
const WRONG_ADDRESS = '127.0.1.99'

const NO_ANSWERS: readonly DnsReply[] = ['nxdomain', 'servfail', 'refused', 'hang', []]

/** All that may befall them. None but those that take backends away may be noticed by a client. */
export const WORLD_TROUBLES: readonly WorldTrouble[] = [
  {
    name: 'DNS without an answer',
    run: async ({ world: { dns, addresses } }, random, length) => {
      dns.set(NAME, oneOf(random, NO_ANSWERS))
      await delay(length)
      tellAddresses(dns, addresses)
    }
  },
  {
    name: 'DNS with wrong addresses',
    run: async ({ world, watch }, random, length) => {
      const { dns, addresses, backends } = world
      const kept = addresses.slice(0, between(random, 0, addresses.length - 1))
      const gone = backends.filter(({ group, proxy }) => group === DISCOVERED && !kept.includes(proxy.host))
      for (const backend of gone) watch.begin(backend)
      tellAddresses(dns, [...kept, WRONG_ADDRESS])
      await delay(length)
      tellAddresses(dns, addresses)
      // They are asked for again within half a second, or when a look that hangs has failed.
      for (const backend of gone) watch.end(backend, 2 * RESPONSE_TIMEOUT)
    }
  },
  {
    name: 'Redis killed',
    run: async ({ world: { redis } }, _random, length) => {
      await redis.kill()
      await delay(length)
      await redis.restart()
    }
  },
  {
    name: 'Redis stopped',
    run: async ({ world: { redis } }, _random, length) => {
      redis.pause()
      await delay(length)
      redis.resume()
    }
  },
  {
    name: 'worker crashed',
    run: async ({ crashes }, random) => {
      await crashes.crash({ row: between(random, 0, 1), what: random() < 0.8 ? 'throw' : 'block' })
    }
  },
  {
    name: 'configuration rewritten',
    run: async ({ world: { gateway, configOf } }, random) => {
      await gateway.write(configOf(drawVariant(random)))
      await delay(200)
    }
  },
  {
    name: 'configuration invalid',
    run: async ({ world: { gateway, configOf } }, random, length) => {
      await gateway.write(oneOf(random, INVALID))
      await delay(length / 4)
      await gateway.write(configOf(FIRST_VARIANT))
    }
  },
  {
    name: 'backend drained by an operator',
    run: async ({ world: { gateway, backends }, watch }, random, length) => {
      const backend = oneOf(random, backends)
      const url = `${gateway.adminUrl}/api/upstreams/${backend.group}/backends/${backend.id}`
      const setState = (state: string) =>
        exchange(url, { method: 'PATCH', headers: JSON_BODY, body: JSON.stringify({ state }) })
      watch.begin(backend)
      await setState(random() < 0.5 ? 'draining' : 'disabled')
      await delay(length)
      // The store may be away: who can't write it down doesn't do it, and has to be asked again.
      await until('it is active', async () => (await setState('active')).status !== 503)
      watch.end(backend)
    }
  },
  {
    name: 'registration that comes and goes',
    run: async ({ world: { gateway, backends } }, random, length) => {
      const { group, proxy } = oneOf(random, backends)
      // The same server by another name.
      const url = `http://localhost:${proxy.port}`
      const all = `${gateway.adminUrl}/api/upstreams/${group}/backends`
      const register = { method: 'POST', headers: JSON_BODY, body: JSON.stringify({ url }) }
      if ((await exchange(all, register)).status >= 400) return
      await delay(length)
      await until('it is removed', async () => {
        const { status } = await exchange(`${all}/localhost:${proxy.port}?now=true`, { method: 'DELETE' })
        return status !== 503
      })
    }
  },
  {
    name: 'SIGHUP rain',
    run: async ({ world: { gateway } }) => {
      for (let drop = 0; drop < 10; drop++) {
        gateway.hangUp()
        await delay(20)
      }
    }
  }
]
