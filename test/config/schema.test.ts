import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { configSchema } from '../../src/config/schema.ts'

interface Node {
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly pattern?: string
  readonly errorMessage?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: unknown
  readonly propertyNames?: Node
  readonly patternProperties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
}

/** The schema as an editor gets it. */
const published = JSON.parse(JSON.stringify(configSchema)) as Node

function* nodes(node: Node, path = '#'): Generator<[string, Node]> {
  yield [path, node]
  for (const [key, child] of Object.entries({ ...node.properties, ...node.patternProperties })) {
    yield* nodes(child, `${path}/${key}`)
  }
  for (const [index, child] of (node.anyOf ?? []).entries()) yield* nodes(child, `${path}|${index}`)
  if (node.items) yield* nodes(node.items, `${path}/*`)
  if (node.propertyNames) yield* nodes(node.propertyNames, `${path}/?`)
}

suite('the published schema', () => {
  test('is valid JSON Schema 2020-12 without words of its own but errorMessage', () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false, useDefaults: false })
    ajv.addKeyword('errorMessage')
    assert.ok(ajv.validateSchema(published), ajv.errorsText())
    assert.doesNotThrow(() => ajv.compile(published))
  })

  test('describes every key', () => {
    for (const [path, node] of nodes(published)) {
      for (const [key, child] of Object.entries(node.properties ?? {})) {
        assert.ok(child.description?.endsWith('.'), `${path}/${key} has no description`)
      }
    }
  })

  test('closes every mapping, and says in words what every pattern wants', () => {
    for (const [path, node] of nodes(published)) {
      if (node.properties) assert.equal(node.additionalProperties, false, path)
      if (node.pattern !== undefined && !path.endsWith('|1')) {
        assert.match(node.errorMessage ?? '', /^expected /, `${path} has a pattern without errorMessage`)
      }
    }
  })

  test('accepts its own defaults and examples', () => {
    const ajv = new Ajv2020({ strict: false })
    for (const [path, node] of nodes(published)) {
      const validate = ajv.compile(Object.fromEntries(Object.entries(node).filter(([key]) => key !== '$id')))
      for (const value of [...(node.examples ?? []), ...(node.default === undefined ? [] : [node.default])]) {
        assert.ok(validate(value), `${path}: ${JSON.stringify(value)}`)
      }
    }
  })
})
