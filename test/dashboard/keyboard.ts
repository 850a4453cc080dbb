import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'

/** What the keyboard goes to. */
export async function focused(page: Page): Promise<string> {
  const what =
    '(({ activeElement: at }) => at?.id || at?.getAttribute("aria-label") || at?.textContent?.trim() || "")(document)'
  return String(await page.evaluate(what))
}

/** Goes on by Tab until it is there. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let tabs = 0; tabs < 60; tabs++) {
    if ((await focused(page)) === name) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`Tab never came to "${name}"`)
}
