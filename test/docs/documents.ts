import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Block, readBlocks } from './blocks.ts'

/** The project's folder. */
export const ROOT = join(import.meta.dirname, '../..')

/** A document of the project. */
export interface Document {
  /** Relative to the project's folder. */
  readonly name: string
  readonly text: string
  readonly blocks: readonly Block[]
}

const PLACES = [
  '*.md',
  'docs/**/*.md',
  'bench/**/*.md',
  'examples/**/*.md',
  'monitoring/**/*.md',
  'test/docs/*.md'
]

/** All documents of the project, by name. */
export async function readDocuments(): Promise<Document[]> {
  const names = globSync(PLACES, { cwd: ROOT, exclude: ['**/node_modules/**'] }).sort()
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(ROOT, name), 'utf8')
      return { name, text, blocks: readBlocks(name, text) }
    })
  )
}
