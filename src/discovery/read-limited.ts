import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

/** Either the text of a file, or what was expected of it instead. */
export type LimitedText = { readonly text: string } | { readonly expected: string }

/**
 * Reads a text file that somebody else writes.
 *
 * @param maxBytes - More of it is never read.
 * @throws The system's error, such as ENOENT, when it can't be read.
 */
export async function readLimited(path: string, maxBytes: number): Promise<LimitedText> {
  // To open a pipe would wait for whoever writes into it.
  if (!(await stat(path)).isFile()) return { expected: 'a file' }
  const chunks: Buffer[] = []
  // `end` is the last byte: one more than allowed.
  for await (const chunk of createReadStream(path, { end: maxBytes })) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  if (bytes.length > maxBytes) return { expected: `at most ${maxBytes / 1024} KiB` }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { expected: 'text in UTF-8' }
  }
}
