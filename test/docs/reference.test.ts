import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type SchemaNode, referenceOf } from '../../scripts/config-reference.ts'
import { configSchema } from '../../src/config/schema.ts'
import { ROOT } from './documents.ts'

const REFERENCE = await readFile(join(ROOT, 'docs/reference.md'), 'utf8')

suite('docs/reference.md', () => {
  test('is what the schema says; if not, write it with: npm run docs:reference', () => {
    assert.equal(
      REFERENCE,
      referenceOf(configSchema as SchemaNode),
      'docs/reference.md is old: npm run docs:reference'
    )
  })

  test('has a row for every key', () => {
    const cells = new Set(REFERENCE.match(/(?<=^\| `)[^`]+(?=` \|)/gm))
    const names = new Set([...cells].flatMap((cell) => cell.split('.')))
    const missing = [...keysOf(configSchema as SchemaNode)].filter((key) => !names.has(key))
    assert.deepEqual(missing, [])
  })

  test('says what is taken, what is there by default, and in which range', () => {
    for (const row of [
      '| `host` | an IP address or a host name | `127.0.0.1` | Address of the admin listener; any other than loopback only beside tokens. |',
      '| `requestTimeout` | duration, 0s, or 100ms to 24h | `60s` | For a whole request, its body included; 0s = none. |',
      "| `port` | 1 to 65535 | the backend's own | Port that is probed. |",
      '| `per` | duration, 1ms to 24h | **required** | The period. |',
      '| `routes` | [list](#routes) | `[]` | What the front door serves. |'
    ]) {
      assert.ok(REFERENCE.includes(`${row}\n`), row)
    }
  })
})

function* keysOf({
  properties = {},
  patternProperties = {},
  items,
  anyOf = []
}: SchemaNode): Generator<string> {
  yield* Object.keys(properties)
  const below = [...Object.values(properties), ...Object.values(patternProperties), ...anyOf]
  for (const node of items ? [...below, items] : below) yield* keysOf(node)
}
