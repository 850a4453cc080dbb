import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A folder that goes with the test. */
export async function tempFolder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'marketplace-test-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}
