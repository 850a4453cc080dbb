import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import SwaggerParser from '@apidevtools/swagger-parser'
import { Validator } from '@seriousme/openapi-schema-validator'
import { compose } from '../../src/openapi/compose.ts'
import type { JsonObject } from '../../src/openapi/json.ts'
import { OPERATION_METHODS } from '../../src/openapi/plan.ts'
import { readDocument } from '../../src/openapi/read-document.ts'
import { at, BASE, route } from './compose-parts.ts'

const DOCUMENTS = [
  '@directus/specs/dist/openapi.json',
  '@readme/oas-examples/3.0/yaml/star-trek.yaml',
  ...['petstore', 'polymorphism', 'discriminators', 'link-example', 'callbacks', 'circular-paths'].map(
    (name) => `@readme/oas-examples/3.0/json/${name}.json`
  ),
  ...['readme', 'train-travel', 'webhooks', 'security', 'parameters-style'].map(
    (name) => `@readme/oas-examples/3.1/yaml/${name}.yaml`
  )
].map((name) => ({
  name,
  text: readFileSync(new URL(`../../node_modules/${name}`, import.meta.url), 'utf8')
}))

/** Operations that a document describes, by their own ids or nothing. */
function described(root: JsonObject): number {
  const items = Object.values((at(root, 'paths') ?? {}) as Record<string, JsonObject>)
  return items.flatMap((item) => OPERATION_METHODS.filter((method) => Object.hasOwn(item, method))).length
}

const validator = new Validator()

async function assertValid(document: JsonObject): Promise<void> {
  const { valid, errors } = await validator.validate(structuredClone(document))
  assert.ok(valid, JSON.stringify(errors))
}

suite('documents of real services', () => {
  for (const { name, text } of DOCUMENTS) {
    test(`${name} is composed whole, and is valid`, async () => {
      const document = readDocument(text)
      const parts = { documents: [{ group: 'a', path: '/openapi.json', document }], base: BASE }
      const result = compose({ ...parts, routes: [route('/pub', 'a', { rewrite: '/' })] })
      assert.equal(result.groups[0]!.composed, result.groups[0]!.described)
      if (!text.includes('circular')) assert.equal(result.groups[0]!.described, described(document.root))
      await assertValid(result.document)
    })
  }

  test('all together are one valid document', async () => {
    const documents = DOCUMENTS.map(({ text }, index) => ({
      group: `service-${index}`,
      path: '/openapi.json',
      document: readDocument(text)
    }))
    const routes = documents.map(({ group }) => route(`/${group}`, group, { rewrite: '/' }))
    const { document, groups, leftOut } = compose({ documents, routes, base: BASE })
    assert.deepEqual(leftOut, [])
    for (const { composed, described: all } of groups) assert.equal(composed, all)
    await assertValid(document)
    // A second opinion, which follows all references too.
    await SwaggerParser.validate(structuredClone(document) as never, {
      resolve: { external: false },
      dereference: { circular: 'ignore' }
    })
  })
})
