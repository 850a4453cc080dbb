import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { configSchema } from '../../src/config/schema.ts'
import { ROOT } from './documents.ts'

/** The sources that serve, as one text. @param without - Patterns of what is left out. */
export async function readSources(without: readonly string[] = []): Promise<string> {
  const files = globSync(['src/**/*.ts', 'plugins/**/*.ts'], {
    cwd: ROOT,
    exclude: ['src/dashboard/**', ...without]
  })
  const texts = await Promise.all(files.map((file) => readFile(join(ROOT, file), 'utf8')))
  // What comments have of code is an example.
  return texts.join('\n').replaceAll(/^\s*\*.*$/gm, '')
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly patternProperties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
}

/** All keys that a configuration may have, wherever. */
export function configKeys(node: Node = configSchema as Node): Set<string> {
  const { properties = {}, patternProperties = {}, items, anyOf = [] } = node
  const below = [...Object.values(properties), ...Object.values(patternProperties), ...anyOf]
  const nested = [...below, ...(items ? [items] : [])].flatMap((each) => [...configKeys(each)])
  return new Set([...Object.keys(properties), ...nested])
}

/** Code within a text, without what stands between fences. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
}

/** Statuses that the sources answer with for a reason, where both stand in one place. */
export function statusesOf(sources: string): Map<string, Set<number>> {
  const statuses = new Map<string, Set<number>>()
  for (const [, status, reason = ''] of sources.matchAll(/new ProblemError\(\s*(\d{3}),\s*'(\w+)'/g)) {
    statuses.set(reason, (statuses.get(reason) ?? new Set()).add(Number(status)))
  }
  for (const [, reason = ''] of sources.matchAll(/badRequest\(\s*'(\w+)'/g)) {
    statuses.set(reason, (statuses.get(reason) ?? new Set()).add(400))
  }
  return statuses
}
