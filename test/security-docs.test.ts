import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { configSchema } from '../src/config/schema.ts'

const ROOT = join(import.meta.dirname, '..')
const DOCS = await readFile(join(ROOT, 'docs/security.md'), 'utf8')

/** A key of a mapping, as the schema has it. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly default?: unknown
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean }>>
}

async function json<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(ROOT, name), 'utf8')) as T
}

/** The rows of all tables, as cells. */
const ROWS = DOCS.split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(2, -2).split(' | '))

suite('docs/security.md', () => {
  test('names only files that exist', () => {
    const named = DOCS.match(/\b(?:src|plugins|test|docs)\/[\w./-]+\.(?:ts|md)\b/g) ?? []
    const missing = [...new Set(named)].filter((file) => !existsSync(join(ROOT, file)))
    assert.deepEqual(missing, [])
    assert.ok(named.length >= 80, `only ${named.length} were found`)
  })

  test('has tests behind every promise', () => {
    const [, section = ''] = DOCS.split('## What is promised\n')
    const rows = section.split('\n## ')[0]!.match(/^\| (?!promise|---).*$/gm) ?? []
    assert.ok(rows.length >= 20, `only ${rows.length} were found`)
    for (const row of rows) assert.match(row, /`test\/[\w./-]+\.test\.ts`/)
  })

  test('says the default of every key of server.limits that the schema has', () => {
    const { properties: limits = {} } = (configSchema as Node).properties!['server']!.properties!['limits']!
    for (const [key, { default: value }] of Object.entries(limits)) {
      const row = ROWS.find(
        ([name, , , where]) => name === `\`${key}\`` && where?.includes('`server.limits`')
      )
      assert.equal(row?.[1], String(value), key)
    }
  })

  test('lists the dependencies with the versions that are installed, and counts them', async () => {
    const { dependencies } = await json<{ dependencies: Record<string, string> }>('package.json')
    const { packages } = await json<Lock>('package-lock.json')
    const names = Object.keys(dependencies)
    const listed = ROWS.filter(([, version = '']) => /^\d+\.\d+\.\d+$/.test(version))
    assert.deepEqual(
      Object.fromEntries(listed),
      Object.fromEntries(names.map((name) => [`\`${name}\``, packages[`node_modules/${name}`]!.version]))
    )
    const all = Object.entries(packages).filter(([place]) => place !== '')
    const deployed = all.filter(([, { dev }]) => dev !== true).length
    const said =
      /names (\d+) packages that are deployed: the (\d+) direct ones and (\d+) behind them \(and (\d+) tools\)/
    const [, ...counts] = said.exec(DOCS.replaceAll('\n', ' ')) ?? []
    const expected = [deployed, names.length, deployed - names.length, all.length - deployed]
    assert.deepEqual(counts.map(Number), expected)
  })
})
