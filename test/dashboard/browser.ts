import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** Where pictures of the pages are put, to be looked at. */
export const SCREENSHOTS = join(tmpdir(), 'xecureapi-dashboard')

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Starts Debian's Chromium, which asks nobody on the network for anything. */
export async function startBrowser(): Promise<Browser> {
  await mkdir(SCREENSHOTS, { recursive: true })
  return await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync'
    ]
  })
}

/** How a page is looked at. */
export interface Look {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
}

/** A page with a profile of its own, and whatever it complained of: of a dashboard that is well, nothing. */
export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
  readonly complaints: string[]
}

/** Opens a dashboard. */
export async function visit(
  browser: Browser,
  url: string,
  { width = 1280, height = 900, theme = 'light' }: Look = {}
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  await page.goto(url)
  return { context, page, complaints }
}

/**
 * What axe finds wrong with a page that is serious or worse, a line each.
 *
 * @param rules - Those that are looked at; by default all.
 */
export async function seriousViolations(page: Page, rules?: readonly string[]): Promise<string[]> {
  // Past the page's policy, which lets no script in that is not the gateway's.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE)
  const options = JSON.stringify({ resultTypes: ['violations'], ...(rules && { runOnly: rules }) })
  const results = (await page.evaluate(`axe.run(document, ${options})`)) as AxeResults
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`))
}

/** Takes a picture of the whole page. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true })
}
