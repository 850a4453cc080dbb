/**
 * Runs one replica of one service; containers and the demo start it. Environment:
 *
 * - `SERVICE`: catalog, inventory or orders
 * - `PORT`, `HOST`: where it listens; HOST is 127.0.0.1 by default
 * - `NAME`: its name in `x-served-by`; by default the service's
 * - `DATA_DIR`: folder that the replicas share; without it the replica remembers alone, in its own memory
 */
import closeWithGrace from 'close-with-grace'
import { folderStore } from './folder-store.ts'
import { SERVICES, buildService, isServiceKind } from './service.ts'
import { memoryStore } from './store.ts'

const { SERVICE = '', PORT = '', HOST = '127.0.0.1', NAME = SERVICE, DATA_DIR } = process.env

if (!isServiceKind(SERVICE))
  fail(`SERVICE: expected one of ${Object.keys(SERVICES).join(', ')}, got '${SERVICE}'`)
if (!/^[0-9]{1,5}$/.test(PORT) || Number(PORT) > 65_535) fail(`PORT: expected 0 to 65535, got '${PORT}'`)

const app = await buildService(SERVICE, {
  name: NAME,
  store: DATA_DIR === undefined ? memoryStore() : await folderStore(DATA_DIR)
})
closeWithGrace({ delay: 5000 }, async () => app.close())

try {
  console.log(`${NAME} listens on ${await app.listen({ host: HOST, port: Number(PORT) })}`)
} catch (error) {
  fail(`${NAME}: ${(error as Error).message}`)
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
