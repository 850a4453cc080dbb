import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { at, composed, operation, route, service } from './compose-parts.ts'

/** A schema of 3.0 as it stands in the composed document. */
function converted(schema: object): unknown {
  const document = service(
    { '/x': { post: operation('x', { requestBody: { content: { 'application/json': { schema } } } }) } },
    { openapi: '3.0.3', components: { schemas: { Other: { type: 'string' } } } }
  )
  const result = composed({ a: document }, [route('/', 'a')])
  return at(result.document, 'paths', '/x', 'post', 'requestBody', 'content', 'application/json', 'schema')
}

suite('schemas of OpenAPI 3.0 become those of 3.1', () => {
  const CASES: readonly [string, object, object][] = [
    ['nullable', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [
      'nullable, of values',
      { type: 'string', nullable: true, enum: ['a'] },
      { type: ['string', 'null'], enum: ['a', null] }
    ],
    ['not nullable', { type: 'string', nullable: false }, { type: 'string' }],
    [
      'a nullable reference',
      { nullable: true, description: 'It.', allOf: [{ $ref: '#/components/schemas/Other' }] },
      { description: 'It.', anyOf: [{ allOf: [{ $ref: '#/components/schemas/a_Other' }] }, { type: 'null' }] }
    ],
    [
      'an exclusive bound',
      { minimum: 1, exclusiveMinimum: true, maximum: 2, exclusiveMaximum: false },
      { exclusiveMinimum: 1, maximum: 2 }
    ],
    ['an example', { type: 'string', example: 'a' }, { type: 'string', examples: ['a'] }],
    [
      'what stands beside a reference',
      { $ref: '#/components/schemas/Other', nullable: true },
      { $ref: '#/components/schemas/a_Other' }
    ],
    [
      'deep inside',
      { items: { additionalProperties: { type: 'integer', nullable: true } } },
      { items: { additionalProperties: { type: ['integer', 'null'] } } }
    ],
    ['keywords that make no sense', { type: 'file', required: true, minLength: -1, enum: 'a' }, {}]
  ]
  for (const [name, schema, expected] of CASES) {
    test(name, () => assert.deepEqual(converted(schema), expected))
  }
})
