import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ConfigError } from '../../src/config/issue.ts'
import { loadConfig, type LoadOptions } from '../../src/config/load.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A configuration that is wrong, and every line that says so. */
export interface BadConfig {
  /** What is wrong, as the end of "is refused: …". */
  readonly wrong: string
  /** Content of `gateway.yaml`. */
  readonly yaml: string
  /** Further files. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** All lines of the error, the folder's path left out. */
  readonly errors: readonly string[]
}

/** The error that loading a file throws, which must be a {@link ConfigError}. */
export async function loadError(file: string, options: LoadOptions = { env: {} }): Promise<ConfigError> {
  const error: unknown = await loadConfig(file, options).then(
    () => assert.fail('the configuration was accepted'),
    (reason: unknown) => reason
  )
  assert.ok(error instanceof ConfigError, String(error))
  return error
}

/** Loads a bad configuration from a folder of its own; returns the lines of the error. */
export async function errorLines(
  t: TestContext,
  bad: Omit<BadConfig, 'wrong' | 'errors'>
): Promise<string[]> {
  const folder = await temporaryFolder(t, { ...bad.files, 'gateway.yaml': bad.yaml })
  const error = await loadError(join(folder, 'gateway.yaml'), { env: bad.env ?? {} })
  return error.message.replaceAll(`${folder}/`, '').split('\n')
}
