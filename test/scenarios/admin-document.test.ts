import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGateway } from '../helpers/gateway.ts'

test('the admin API describes itself', async (t) => {
  const { adminUrl } = await startGateway(t, {
    upstreams: { a: { backends: ['http://127.0.0.1:1'] } },
    routes: [{ path: '/', upstream: 'a' }]
  })
  const document = (await (await fetch(`${adminUrl}/openapi.json`)).json()) as {
    openapi: string
    paths: Record<string, Record<string, { summary?: string }>>
  }
  assert.equal(document.openapi, '3.1.0')
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`)
  )
  for (const operation of [
    'post /api/upstreams/{group}/backends',
    'put /api/upstreams/{group}/backends/{id}/lease',
    'post /api/session',
    'get /api/live'
  ])
    assert.ok(operations.includes(operation), operations.join('\n'))
  // 405 is no operation.
  assert.ok(!operations.includes('delete /api/routes'))
  const page = await fetch(`${adminUrl}/docs/`)
  assert.match(await page.text(), /swagger-ui/)
  assert.equal((await fetch(`${adminUrl}/docs/static/swagger-ui.css`)).status, 200)
  const shown = (await (await fetch(`${adminUrl}/api/config`)).json()) as { upstreams: { name: string }[] }
  assert.equal(shown.upstreams[0]!.name, 'a')
})
