import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifySchemaValidationError } from 'fastify'
import { schemaProblem } from '../../src/admin/schema-message.ts'

function detail(...errors: Partial<FastifySchemaValidationError>[]): string {
  const filled = errors.map((error) => ({
    instancePath: '',
    keyword: 'type',
    schemaPath: '#',
    params: {},
    ...error
  }))
  return schemaProblem(filled, 'body').message
}

test('it names the place and what was expected there', () => {
  assert.equal(detail({ instancePath: '/weight', message: 'must be number' }), 'body/weight must be number.')
  assert.equal(detail({}), 'body is not valid.')
  assert.equal(
    detail({ instancePath: '/state', keyword: 'enum', params: { allowedValues: ['on', 'off'] } }),
    'body/state must be one of on, off.'
  )
})

test('it names the property that is not known, and every error', () => {
  const unknown = { keyword: 'additionalProperties', params: { additionalProperty: 'colour' } }
  assert.equal(
    detail(unknown, { message: 'must be object' }),
    'body must not have "colour", body must be object.'
  )
})
