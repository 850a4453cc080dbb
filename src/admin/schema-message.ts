import type { FastifySchemaValidationError } from 'fastify'
import { ProblemError } from '../problem.ts'

/**
 * What is wrong with a request to the admin API, in one sentence: the place, and what was expected there, where Ajv's
 * own messages name neither the property that is not known nor the values that are.
 *
 * @param part - Of the request: `body`, `querystring`, `params`.
 */
export function schemaMessage(errors: readonly FastifySchemaValidationError[], part: string): string {
  return errors
    .map(({ instancePath, keyword, message = 'is not valid', params }) => {
      const place = `${part}${instancePath}`
      if (keyword === 'enum') return `${place} must be one of ${listed(params['allowedValues'])}`
      if (keyword === 'additionalProperties')
        return `${place} must not have "${String(params['additionalProperty'])}"`
      return `${place} ${message}`
    })
    .join(', ')
}

/** The answer to a request that is not as its route's schema says. */
export function schemaProblem(errors: readonly FastifySchemaValidationError[], part: string): ProblemError {
  return new ProblemError(400, 'invalid_request', `${schemaMessage(errors, part)}.`)
}

function listed(values: unknown): string {
  return Array.isArray(values) ? values.map(String).join(', ') : String(values)
}
