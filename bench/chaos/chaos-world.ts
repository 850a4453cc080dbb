import { createAuthority } from '../../test/helpers/certificates.ts'
import type { Cleanup } from '../../test/helpers/cleanup.ts'
import { type DnsServer, startDnsServer } from '../../test/helpers/dns-server.ts'
import { freePort, startRedis, type TestRedis } from '../../test/helpers/redis-server.ts'
import { ChaosBackend } from './chaos-backend.ts'
import {
  chaosConfig,
  type ChaosConfigOptions,
  DISCOVERED,
  FIRST_VARIANT,
  type GroupName,
  NAME,
  type Variant
} from './chaos-config.ts'
import { GatewayProcess } from './gateway-process.ts'

/** Backends of a group. */
const BACKENDS = 3

/** Everything that a run can break, and the gateway amid it. */
export interface ChaosWorld {
  readonly gateway: GatewayProcess
  readonly backends: readonly ChaosBackend[]
  readonly dns: DnsServer
  readonly redis: TestRedis
  readonly groups: readonly GroupName[]
  /** The text of a variant of its configuration. */
  readonly configOf: (variant: Variant) => string
  /** Addresses of the discovered backends. */
  readonly addresses: readonly string[]
  /** PEM of the authority of the gateway's certificate; undefined = no TLS. */
  readonly ca: string | undefined
}

/** What differs between two worlds. */
export interface WorldOptions {
  /** File of the gateway's command line. */
  readonly cli: string
  readonly folder: string
  readonly groups: readonly GroupName[]
  /** Whether clients speak TLS. */
  readonly hasTls: boolean
}

/** Starts all of it. */
export async function startWorld(
  t: Cleanup,
  { cli, folder, groups, hasTls }: WorldOptions
): Promise<ChaosWorld> {
  const authority = hasTls ? await createAuthority() : undefined
  const port = await freePort()
  const placeOf = (group: GroupName, index: number) =>
    group === DISCOVERED ? { host: `127.0.1.${index + 1}`, port } : undefined
  const [dns, redis, backends] = await Promise.all([
    startDnsServer(t),
    startRedis(t),
    Promise.all(
      groups.flatMap((group) =>
        Array.from({ length: BACKENDS }, (_, index) => ChaosBackend.start(t, group, placeOf(group, index)))
      )
    )
  ])
  const urlsOf = (group: GroupName) =>
    backends.filter((backend) => backend.group === group).map(({ proxy }) => proxy.url)
  const options: ChaosConfigOptions = {
    groups,
    backends: { catalog: urlsOf('catalog'), inventory: urlsOf('inventory') },
    port,
    dns: dns.address,
    redis: redis.url,
    folder,
    certificate: await authority?.issue(['127.0.0.1'])
  }
  const addresses = backends.filter(({ group }) => group === DISCOVERED).map(({ proxy }) => proxy.host)
  tellAddresses(dns, addresses)
  const configOf = (variant: Variant): string => chaosConfig(options, variant)
  const gateway = await GatewayProcess.start(t, cli, folder, configOf(FIRST_VARIANT))
  return { gateway, backends, dns, redis, groups, configOf, addresses, ca: authority?.ca }
}

/** Lets the name server say that these are the addresses. */
export function tellAddresses(dns: DnsServer, addresses: readonly string[]): void {
  dns.set(NAME, { A: addresses.map((address) => ({ address, ttl: 1 })) })
}
