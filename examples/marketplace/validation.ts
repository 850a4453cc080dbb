import { Ajv } from 'ajv'
import type { FastifyInstance } from 'fastify'

/**
 * Validates bodies as they are and converts only what arrives as text (query, parameters). Fastify's own
 * compiler converts bodies too, and would take `{ "quantity": null }` for 0; and it drops unknown properties,
 * where a typing error deserves a 400.
 */
export function validateStrictly(app: FastifyInstance): void {
  const body = new Ajv({ useDefaults: true })
  const text = new Ajv({ useDefaults: true, coerceTypes: 'array' })
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? body : text).compile(schema as object)
  )
}
