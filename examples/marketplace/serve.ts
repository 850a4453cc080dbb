/**
 * Runs one replica of one service; containers and the demo start it. Environment:
 *
 * - `SERVICE`: catalog, inventory or orders
 * - `PORT`, `HOST`: where it listens; HOST is 127.0.0.1 by default
 * - `NAME`: its name in `x-served-by`; by default the service's
 * - `GATEWAY`: admin URLs of gateways, with commas between; with it the replica registers itself in the group `SERVICE`,
 *   renews its lease, and leaves when it stops. `GATEWAY_TOKEN`: their token, if they ask for one
 * - `DATA_DIR`: folder that the replicas share; without it the replica remembers alone, in its own memory
 */
import closeWithGrace from 'close-with-grace'
import { type BackendRegistration, registerBackend } from '../../src/index.ts'
import { folderStore } from './folder-store.ts'
import { SERVICES, buildService, isServiceKind } from './service.ts'
import { memoryStore } from './store.ts'

const { SERVICE = '', PORT = '', HOST = '127.0.0.1', NAME = SERVICE, DATA_DIR } = process.env
const { GATEWAY, GATEWAY_TOKEN } = process.env

if (!isServiceKind(SERVICE))
  fail(`SERVICE: expected one of ${Object.keys(SERVICES).join(', ')}, got '${SERVICE}'`)
if (!/^[0-9]{1,5}$/.test(PORT) || Number(PORT) > 65_535) fail(`PORT: expected 0 to 65535, got '${PORT}'`)

const app = await buildService(SERVICE, {
  name: NAME,
  store: DATA_DIR === undefined ? memoryStore() : await folderStore(DATA_DIR)
})
let registration: BackendRegistration | undefined
closeWithGrace({ delay: 10_000 }, async () => {
  // First the gateways send nothing new, then it ends.
  await registration?.close()
  await app.close()
})

try {
  const url = await app.listen({ host: HOST, port: Number(PORT) })
  console.log(`${NAME} listens on ${url}`)
  if (GATEWAY !== undefined) registration = await register(url, GATEWAY)
} catch (error) {
  fail(`${NAME}: ${(error as Error).message}`)
}

async function register(url: string, gateways: string): Promise<BackendRegistration> {
  return await registerBackend({
    gateway: gateways.split(','),
    group: SERVICE,
    url,
    ttl: '5s',
    ...(GATEWAY_TOKEN !== undefined && { token: GATEWAY_TOKEN })
  })
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
