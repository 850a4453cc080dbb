import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { ROOT, SHOP, xecureapi } from './xecureapi.ts'

test('xecureapi schema prints a JSON Schema that accepts what is right and refuses what is wrong', async () => {
  const { code, stdout, stderr } = await xecureapi(['schema'])
  assert.deepEqual([code, stderr], [0, ''])
  const schema = JSON.parse(stdout) as AnySchemaObject
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema')

  const ajv = new Ajv2020({ strict: false, allErrors: true })
  assert.equal(ajv.validateSchema(schema), true, JSON.stringify(ajv.errors))
  const validate = ajv.compile(schema)
  const own = await readFile(join(ROOT, 'gateway.yaml'), 'utf8')
  const split = 'routes: [{ path: /a, upstream: [{ group: a, weight: 95 }, { group: b }], splitBy: ip }]'
  const hash = 'upstreams: { a: { backends: [http://a], balancing: { algorithm: hash, key: path } } }'
  for (const yaml of [own, SHOP, '{}', split, hash])
    assert.equal(validate(parse(yaml)), true, JSON.stringify(validate.errors))
  for (const wrong of [
    '[]',
    'server: { prot: 80 }',
    'routes: [{ path: /a }]',
    'upstreams: { a: { backends: 1 } }',
    'upstreams: { a: { backends: [http://a], balancing: fastest } }',
    'upstreams: { a: { backends: [http://a], balancing: { algorithm: hash, key: body } } }',
    'routes: [{ path: /a, upstream: [] }]'
  ]) {
    assert.equal(validate(parse(wrong)), false, wrong)
  }
})
