import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openBrowser } from '../helpers/browser.ts'
import { startGateway } from '../helpers/gateway.ts'
import { marketplace } from '../openapi/marketplace.ts'

suite('the pages in a real browser', () => {
  test('show the services, and "Try it out" reaches a backend', async (t) => {
    const { url } = await startGateway(t, await marketplace(t), { workers: 1 })
    const { page, errors, requested } = await openBrowser(t)
    await page.goto(`${url}/docs`)
    const operation = page.locator('.opblock', { hasText: '/api/products/{id}' })
    await operation.locator('.opblock-summary').click()
    await operation.getByRole('button', { name: 'Try it out' }).click()
    await operation.locator('input').first().fill('42')
    await operation.getByRole('button', { name: 'Execute' }).click()
    const answer = operation.locator('.live-responses-table .response').first()
    assert.match((await answer.locator('.response-col_status').textContent())!, /^200/)
    assert.match((await answer.textContent())!, /x-served-by: ?catalog-1/)
    assert.deepEqual(errors(), [])
    const origins = new Set(
      requested()
        .filter((each) => !each.startsWith('data:'))
        .map((each) => new URL(each).origin)
    )
    assert.deepEqual([...origins], [url])
    assert.ok(requested().includes(`${url}/api/products/42`))
  })
})
