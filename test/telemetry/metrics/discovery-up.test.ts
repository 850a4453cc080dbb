import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../config/temporary-folder.ts'
import { startGateway } from '../../helpers/gateway.ts'
import { scrape } from '../../helpers/scrape.ts'
import { until } from '../../helpers/until.ts'

test('whether the discovery of a group works is told for as long as it discovers', async (t) => {
  const folder = await temporaryFolder(t, { 'backends.yaml': 'not a list' })
  const path = join(folder, 'backends.yaml')
  const routes = [{ path: '/', upstream: 'found' }]
  const front = await startGateway(t, {
    upstreams: { found: { discovery: { type: 'file', path } }, plain: { backends: ['http://127.0.0.1:1'] } },
    routes
  })
  const told = async (): Promise<string> => {
    const series = [...(await scrape(front.adminUrl))].filter(([name]) => name.includes('discovery_up'))
    return series.map(([name, value]) => `${name} ${value}`).join()
  }
  const untilTold = (expected: string) =>
    until(`it tells ${expected}`, async () => (await told()) === expected)
  await untilTold('xecureapi_discovery_up{group="found"} 0')
  await writeFile(path, '- http://127.0.0.1:1\n')
  await untilTold('xecureapi_discovery_up{group="found"} 1')
  await front.write({ upstreams: { found: { backends: ['http://127.0.0.1:1'] } }, routes })
  await untilTold('')
})
