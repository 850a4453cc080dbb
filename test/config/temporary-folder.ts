import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'

/**
 * Makes a folder that is removed after the test.
 *
 * @param files - Contents by relative path.
 * @returns Its absolute path.
 */
export async function temporaryFolder(
  t: TestContext,
  files: Readonly<Record<string, string>>
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-config-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}
