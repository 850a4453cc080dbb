import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { configSchema } from '../../src/config/schema.ts'
import { BALANCING_ALGORITHMS } from '../../src/config/types.ts'

const DOCS = await readFile(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly patternProperties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
}

function keysOf({ properties = {}, patternProperties = {}, items, anyOf = [] }: Node): string[] {
  const below = [...Object.values(properties), ...Object.values(patternProperties), ...anyOf]
  return [...Object.keys(properties), ...[...below, ...(items ? [items] : [])].flatMap(keysOf)]
}

/** The tables of keys, by their headings, and what of the schema each is about. */
function tables(): [heading: string, schema: Node][] {
  const { server, tracing, docs, store, rateLimit, upstreams, routes } = (configSchema as Node).properties!
  const [group] = Object.values(upstreams!.patternProperties!)
  const ofGroup = ['outlierDetection', 'circuitBreaker', 'concurrency', 'affinity', 'retry'].map(
    (key) => [key, group!.properties![key]!] as [string, Node]
  )
  return [
    ['server', server!],
    ['limits (of the listener)', server!.properties!['limits']!],
    ['tracing', tracing!],
    ['docs', docs!],
    ['store', store!],
    ['rateLimit', rateLimit!.anyOf!.find(({ properties }) => properties)!],
    ['upstreams.NAME', group!],
    ['routes, and modules of routesDir', routes!.items!],
    ...ofGroup
  ]
}

/** The schema of a key as it is written in a table: `queue.max`, `backends[].weight`. */
function schemaAt(root: Node, key: string): Node | undefined {
  return key.split('.').reduce<Node | undefined>((node, part) => {
    const found = node?.properties?.[part.replace('[]', '')]
    if (!part.endsWith('[]')) return found
    const list = found?.items ?? found?.anyOf?.find(({ items }) => items)?.items
    return list?.properties ? list : list?.anyOf?.find(({ properties }) => properties)
  }, root)
}

function written(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}

suite('docs/configuration.md', () => {
  test('says the defaults and the ranges that the schema has', () => {
    let looked = 0
    for (const [heading, root] of tables()) {
      const section = DOCS.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`))!
      for (const [, key, preset, meaning] of section.matchAll(/^\| `([\w.[\]]+)` \| (.*?) \| (.*) \|$/gm)) {
        const schema = schemaAt(root, key!)
        if (schema === undefined) continue
        const { default: value, minimum, maximum } = schema
        const place = `${heading}: ${key}`
        if (value !== undefined && (typeof value !== 'object' || Array.isArray(value))) {
          assert.equal(preset!.replaceAll('`', ''), written(value), place)
          looked++
        }
        const [, least, most] = /^(\d+) to (\d+):/.exec(meaning!) ?? []
        if (least === undefined) continue
        assert.deepEqual([Number(least), Number(most)], [minimum, maximum], place)
        looked++
      }
    }
    assert.ok(looked >= 70, `only ${looked} were found`)
  })

  test('names every key and every algorithm', () => {
    const places = DOCS.match(/`[^`\n]+`|^#+ .+$/gm) ?? []
    const code = new Set(places.flatMap((text) => text.match(/[\w-]+/g) ?? []))
    const missing = [...new Set(keysOf(configSchema as Node)), ...BALANCING_ALGORITHMS].filter(
      (key) => !code.has(key)
    )
    assert.deepEqual(missing, [])
  })
})
