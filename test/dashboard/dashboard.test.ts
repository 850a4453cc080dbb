import assert from 'node:assert/strict'
import { after, before, suite, test, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { HEALTH_PATH, startBackends } from '../helpers/backend.ts'
import { backendOf, type RawConfig, startGateway, type TestGateway } from '../helpers/gateway.ts'
import { keepAliveAgent, sendMany } from '../helpers/load.ts'
import { until } from '../helpers/until.ts'
import { focused, tabTo } from './keyboard.ts'
import { type Look, picture, seriousViolations, startBrowser, visit } from './browser.ts'

const TOKEN = 'a-token-that-nobody-guesses'
const PAGES = ['Groups', 'Routes', 'Limits', 'Events', 'Explain']

let browser: Browser

before(async () => {
  browser = await startBrowser()
})
after(async () => {
  await browser.close()
})

/** A gateway before two backends, and somebody who looks at it. */
async function shop(
  t: TestContext,
  { tokens = [], look }: { tokens?: readonly unknown[]; look?: Look } = {}
) {
  const backends = await startBackends(t, 2)
  const config: RawConfig = {
    admin: { tokens },
    upstreams: {
      catalog: {
        backends: backends.map(({ url }) => url),
        healthCheck: { path: HEALTH_PATH, interval: '200ms', unhealthyAfter: 1, healthyAfter: 1 }
      }
    },
    routes: [{ name: 'products', path: '/api/products', upstream: 'catalog' }]
  }
  const front = await startGateway(t, config)
  const seen = await visit(browser, front.adminUrl, look)
  t.after(() => seen.context.close())
  return { ...front, ...seen, backends, config }
}

function rowOf(page: Page, url: string) {
  return page.locator('.backends tbody tr', { hasText: new URL(url).host })
}

async function logIn(page: Page, token = TOKEN): Promise<void> {
  await page.getByLabel('Token of the admin API').fill(token)
  await page.keyboard.press('Enter')
}

function stateOf({ group }: TestGateway, url: string): Promise<string> {
  return group('catalog').then((view) => backendOf(view, url).state)
}

// They mostly wait, each with a gateway and a profile of its own.
suite('the dashboard', { concurrency: 2 }, () => {
  test('shows groups and backends while they change, and never asks to log in where nobody needs to', async (t) => {
    const { page, complaints, backends, url } = await shop(t)
    const [a, b] = backends as [(typeof backends)[0], (typeof backends)[0]]
    await rowOf(page, b.url).getByText('healthy', { exact: true }).waitFor()
    assert.equal(await page.getByLabel('Token of the admin API').count(), 0)
    await sendMany(keepAliveAgent(t), `${url}/api/products`, 40, 4)
    await until('what was asked for is seen', async () => {
      const cells = await rowOf(page, a.url).locator('td.number').allTextContents()
      return Number(cells[1]) > 0 && cells[4] !== '–'
    })
    // A machine that is busy may be late once, not thrice.
    const times: number[] = []
    while (times.length < 3 && !times.some((time) => time < 3000)) {
      await b.kill()
      const killed = performance.now()
      await rowOf(page, b.url).getByText('unhealthy').waitFor()
      times.push(performance.now() - killed)
      await rowOf(page, b.url).getByText('connect_refused').waitFor()
      await page.locator('.overview').getByText('1 unhealthy').waitFor()
      await b.revive()
      await rowOf(page, b.url).getByText('healthy', { exact: true }).waitFor()
    }
    assert.ok(Math.min(...times) < 3000, `it took ${times.join(', ')} ms`)
    assert.deepEqual(complaints, [])
  })

  test('drains by a click, says what that does before and what came of it after', async (t) => {
    const front = await shop(t)
    const { page, backends, complaints } = front
    const [a] = backends as [(typeof backends)[0]]
    await rowOf(page, a.url).getByRole('button', { name: 'Drain' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('New requests go to the others of catalog').waitFor()
    assert.equal(await stateOf(front, a.url), 'active', 'nothing is done before it is confirmed')
    await dialog.getByRole('button', { name: 'Drain' }).click()
    await page
      .getByRole('status')
      .getByText(`${new URL(a.url).host} is draining (200, generation`)
      .waitFor()
    await rowOf(page, a.url).getByText('draining', { exact: true }).waitFor()
    assert.equal(await stateOf(front, a.url), 'draining')
    await rowOf(page, a.url).getByRole('button', { name: 'Enable' }).click()
    await dialog.getByRole('button', { name: 'Enable' }).click()
    await rowOf(page, a.url).getByText('healthy', { exact: true }).waitFor()
    assert.deepEqual(complaints, [])
  })

  test('adds a backend, changes its weight and removes it, and shows what the gateway refuses', async (t) => {
    const { page, group } = await shop(t)
    const c = (await startBackends(t, 1))[0]!
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Add backend to catalog' }).click()
    await dialog.getByLabel('URL').fill(`${c.url}/a/path`)
    await dialog.getByRole('button', { name: 'Add backend' }).click()
    await dialog.getByRole('alert').getByText('400: body/url must be an origin').waitFor()
    await dialog.getByLabel('URL').fill(c.url)
    await dialog.getByRole('button', { name: 'Add backend' }).click()
    const added = rowOf(page, c.url)
    await added.getByText('healthy', { exact: true }).waitFor()
    const { host } = new URL(c.url)
    await page.getByRole('button', { name: host, exact: true }).click()
    await dialog.getByRole('button', { name: 'Change weight' }).click()
    await dialog.getByLabel('Weight').fill('3')
    await dialog.getByRole('button', { name: 'Change weight' }).click()
    await added.getByText('60 %').waitFor()
    assert.equal(backendOf(await group('catalog'), c.url).weight, 3)
    await page.getByRole('button', { name: `More about ${host}` }).click()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await added.waitFor({ state: 'detached' })
    assert.equal((await group('catalog')).backends.length, 2)
  })

  test('reloads, and shows every error of a file that is wrong, before and after', async (t) => {
    const { page, write, config } = await shop(t)
    const dialog = page.getByRole('dialog')
    await write('routes: 1\nupstreams: 2\n')
    await page.getByText('The last reload failed').waitFor()
    await page.getByRole('button', { name: 'Reload', exact: true }).click()
    await dialog.getByText('a reload will fail and change nothing').waitFor()
    await dialog.getByRole('button', { name: 'Reload' }).click()
    await dialog.getByText('it failed; generation 1 goes on serving').waitFor()
    await dialog.getByText(/gateway\.yaml:1: routes/).waitFor()
    await page.keyboard.press('Escape')
    await write({ ...config, routes: [{ name: 'other', path: '/other', upstream: 'catalog' }] })
    await page.getByText('The last reload failed').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Routes' }).click()
    await page.getByRole('rowheader', { name: 'other' }).waitFor()
  })

  test('lets nobody in with a wrong token, and forgets who was in when they log out', async (t) => {
    const { page, context } = await shop(t, { tokens: [{ name: 'ann', token: TOKEN }] })
    await logIn(page, 'wrong')
    await page.getByRole('alert').getByText('The token is not valid.').waitFor()
    assert.deepEqual(await context.cookies(), [])
    await logIn(page)
    await page.getByRole('button', { name: 'Log out ann' }).waitFor()
    const [cookie, ...others] = await context.cookies()
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite, others.length], [true, 'Strict', 0])
    const kept = await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])'
    )
    assert.ok(!String(kept).includes(TOKEN), 'no script can read the token')
    await page.reload()
    await page.getByRole('button', { name: 'Log out ann' }).click()
    await page.getByText('You are logged out.').waitFor()
    assert.deepEqual(await context.cookies(), [])
  })

  test('asks to log in again when a reload takes the token away', async (t) => {
    const { page, config, write } = await shop(t, { tokens: [TOKEN] })
    await logIn(page)
    await page.locator('.group').waitFor()
    await write({ ...config, admin: { tokens: ['another-token-of-the-night-watch'] } })
    await page.getByText('The session is over.').waitFor()
  })

  test('goes on by itself when the gateway was started anew', async (t) => {
    const first = await shop(t)
    const { page, adminUrl, gateway, config } = first
    await page.getByText('ready', { exact: true }).waitFor()
    await gateway.stop(0)
    await page.getByText('no connection, trying again').waitFor()
    await picture(page, 'no-connection')
    await startGateway(t, { ...config, admin: { port: Number(new URL(adminUrl).port) } })
    await page.getByText('ready', { exact: true }).waitFor()
    await page.locator('.backends tbody tr').first().waitFor()
  })

  test('can be used without a mouse', async (t) => {
    const front = await shop(t, { tokens: [TOKEN] })
    const { page, backends } = front
    await until('the token is asked for', async () => (await focused(page)) === 'token')
    await page.keyboard.type(TOKEN)
    await page.keyboard.press('Enter')
    await page.locator('.group').waitFor()
    const name = `Drain ${new URL(backends[0]!.url).host}`
    await tabTo(page, name)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    // Away again, and back where it was.
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.equal(await focused(page), name)
    await page.keyboard.press('Enter')
    await tabTo(page, 'Drain')
    await page.keyboard.press('Space')
    await until('it is drained', async () => (await stateBy(front, backends[0]!.url)) === 'draining')
  })

  // What is there is the same in both: only its colours differ.
  for (const [theme, rules] of [
    ['light', undefined],
    ['dark', ['color-contrast']]
  ] as const) {
    test(`has no serious fault of accessibility in ${theme}`, async (t) => {
      const { page, backends, complaints } = await shop(t, { tokens: [TOKEN], look: { theme } })
      await page.getByLabel('Token of the admin API').waitFor()
      const faults: string[] = await seriousViolations(page, rules)
      await picture(page, `login-${theme}`)
      await logIn(page)
      await backends[0]!.kill()
      await rowOf(page, backends[0]!.url).getByText('unhealthy').waitFor()
      for (const name of PAGES) {
        await page.getByRole('link', { name, exact: true }).click()
        await page.locator('main .card').first().waitFor()
        faults.push(...(await seriousViolations(page, rules)))
        await picture(page, `${name.toLowerCase()}-${theme}`)
      }
      await page.getByRole('link', { name: 'Groups', exact: true }).click()
      await page.getByRole('button', { name: 'Drain' }).first().click()
      faults.push(...(await seriousViolations(page, rules)))
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'More about' }).first().click()
      faults.push(...(await seriousViolations(page, rules)))
      assert.deepEqual(faults, [])
      // That nobody was logged in at first is an error to a browser.
      assert.deepEqual(
        complaints.filter((text) => !text.includes('401')),
        []
      )
    })
  }

  test('fits into 400 and 1,600 px with 1,000 backends, those with trouble first', async (t) => {
    const host = (place: number) =>
      `http://a-rather-long-name-of-a-host-${place}.catalog.internal.example:3001`
    const { adminUrl, group } = await startGateway(t, {
      upstreams: {
        large: { backends: Array.from({ length: 1000 }, (_, place) => host(place)) },
        'a-group-with-a-name-that-is-longer-than-anybody-would-like-it-to-be': { backends: [host(0)] },
        empty: { backends: [], discovery: { type: 'file', path: 'none.yaml' } }
      },
      routes: [{ path: '/', upstream: 'large' }]
    })
    const { page, context } = await visit(browser, adminUrl, { width: 400 })
    t.after(() => context.close())
    await page.getByText('Show 100 more of 1,000 backends').waitFor()
    for (const width of [400, 720, 1000, 1600]) {
      await page.setViewportSize({ width, height: 900 })
      // Charts take their new width a frame later.
      await until(`it fits into ${width} px`, async () => {
        return Number(await page.evaluate('document.documentElement.scrollWidth')) <= width
      })
      await picture(page, `thousand-${width}`)
    }
    const { id } = (await group('large')).backends[999]!
    await fetch(`${adminUrl}/api/upstreams/large/backends/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ state: 'disabled' })
    })
    await page.locator('#group-large tbody tr').first().getByText(id).waitFor()
    await page.getByPlaceholder('Filter').fill('host-77.')
    await until(
      'one is left of each',
      async () => (await page.locator('#group-large tbody tr').count()) === 1
    )
  })
})

/** With a token. */
async function stateBy({ adminUrl }: TestGateway, url: string): Promise<string> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  const answer = await fetch(`${adminUrl}/api/upstreams/catalog/backends/${new URL(url).host}`, { headers })
  return ((await answer.json()) as { state: string }).state
}
