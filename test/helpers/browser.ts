import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

/** A page of a real browser, and what it complains of. */
export interface TestPage {
  readonly page: Page
  /** Lines of its console that are errors, those of the content security policy among them. */
  readonly errors: () => readonly string[]
  /** Whatever it asked for, by URL. */
  readonly requested: () => readonly string[]
}

/**
 * Opens Debian's Chromium with an empty profile; closed with the test.
 *
 * @param ignoreHTTPSErrors - Whether it takes certificates of authorities that it does not know.
 */
export async function openBrowser(t: TestContext, ignoreHTTPSErrors = false): Promise<TestPage> {
  const profile = await mkdtemp(join(tmpdir(), 'xecureapi-browser-'))
  let context: BrowserContext | undefined
  t.after(async () => {
    await context?.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 3 })
  })
  context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    ignoreHTTPSErrors,
    viewport: { width: 1280, height: 1200 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync'
    ]
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const errors: string[] = []
  const requested: string[] = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('request', (request) => requested.push(request.url()))
  return { page, errors: () => errors, requested: () => requested }
}
