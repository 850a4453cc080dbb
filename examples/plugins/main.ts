/**
 * The shop, until SIGTERM or SIGINT. Environment: CATALOG (origins, by comma; by default three small backends that it
 * starts itself), VERSION (the only version of them that may have traffic), PORT (8080).
 */
import { startCatalog } from './catalog.ts'
import { buildShop } from './shop.ts'

const { CATALOG, VERSION, PORT = '8080' } = process.env
const catalog = CATALOG === undefined ? await startCatalog(3) : CATALOG.split(',')
const app = await buildShop({ catalog, version: VERSION })
const url = await app.listen({ port: Number(PORT), host: '127.0.0.1' })
process.stdout.write(`the shop is open at ${url}/api/products\n`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void app.close().then(() => process.exit(0))
  })
}
