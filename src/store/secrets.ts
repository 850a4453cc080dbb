import { randomUUID } from 'node:crypto'
import { link, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder, syncFolder, writeNew } from './durable-file.ts'

/** What a secret may look like: in one line, of the length that the configuration asks of one too. */
const SECRET = /^[^\p{Cc}]{16,4096}$/u

/** A file that holds no secret; nothing of what it holds is told. */
export class NotASecretError extends Error {
  readonly code = 'not_a_secret'

  constructor(file: string) {
    super(`expected a secret of 16 to 4096 characters in one line in ${file}`)
    this.name = 'NotASecretError'
  }
}

/**
 * Reads a secret from its file, or makes that file, for its owner's eyes only. It appears whole or not at all, and of
 * several processes that make it at once all come back with the same secret.
 *
 * @param file - Its folder is made when it is not there.
 * @param fresh - What it is to hold when there is none yet.
 * @throws {NotASecretError} When the file holds something else. It stays as it is.
 * @throws NodeJS.ErrnoException When the file can be neither read nor made, as in a folder that is read-only, or on a
 *   file system without hard links.
 */
export async function keepSecret(file: string, fresh: string): Promise<string> {
  const kept = await readSecret(file)
  if (kept !== undefined) return kept
  const folder = dirname(file)
  await makeFolder(folder)
  const draft = `${file}.${randomUUID()}`
  try {
    await writeNew(draft, `${fresh}\n`)
    // Unlike a rename, a link never replaces: whoever comes second takes what the first one made.
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  // Of a disk that fails, the next read tells.
  await syncFolder(folder).catch(() => undefined)
  return (await readSecret(file)) ?? fresh
}

/**
 * Reads a secret that {@link keepSecret} keeps.
 *
 * @returns undefined when there is no such file.
 * @throws As {@link keepSecret}.
 */
export async function readSecret(file: string): Promise<string | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const secret = text.replace(/\r?\n$/, '')
  if (!SECRET.test(secret)) throw new NotASecretError(file)
  return secret
}
