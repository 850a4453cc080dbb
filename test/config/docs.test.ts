import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'
import { BALANCING_ALGORITHMS } from '../../src/config/types.ts'
import { temporaryFolder } from './temporary-folder.ts'

const DOCS = await readFile(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')

/** The examples with the heading that each stands below. */
const EXAMPLES = DOCS.split(/^#+ /m).flatMap((section) => {
  const blocks = [...section.matchAll(/^```yaml\n([^]*?)^```/gm)]
  return blocks.map(([, yaml = '']) => ({ heading: section.split('\n')[0]!, yaml }))
})

interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly patternProperties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
}

function keysOf({ properties = {}, patternProperties = {}, items, anyOf = [] }: Node): string[] {
  const below = [...Object.values(properties), ...Object.values(patternProperties), ...anyOf]
  return [...Object.keys(properties), ...[...below, ...(items ? [items] : [])].flatMap(keysOf)]
}

suite('docs/configuration.md', () => {
  for (const { heading, yaml } of EXAMPLES) {
    test(`has a valid example of ${heading}`, async (t) => {
      const folder = await temporaryFolder(t, {})
      let text = yaml
      for (const [name] of yaml.matchAll(/\/run\/secrets\/[\w.-]+/g)) {
        const file = join(folder, name.replaceAll('/', '-'))
        await writeFile(file, 'what stands in this secret\n')
        text = text.replace(name, file)
      }
      await writeFile(join(folder, 'gateway.yaml'), text)
      await loadConfig(join(folder, 'gateway.yaml'))
    })
  }

  test('has examples, or this test would find nothing', () => {
    assert.ok(EXAMPLES.length >= 8)
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
