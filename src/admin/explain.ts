import { isIP } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { ProblemError } from '../problem.ts'
import type { AdminContext } from './routes.ts'

interface ExplainQuery {
  method: string
  url: string
  header?: string[]
  client?: string
}

const querystring = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    method: { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", default: 'GET' },
    url: { type: 'string', pattern: '^(/|https?://)' },
    header: { type: 'array', items: { type: 'string', pattern: '^[^:\\s]+:' } },
    client: { type: 'string', minLength: 1 }
  }
}

/**
 * `/explain?method=GET&url=/api/products/42&header=name:value&client=192.0.2.1`: which route and backends would serve it,
 * and why.
 */
export async function explainRoutes(app: FastifyInstance, { explain }: AdminContext): Promise<void> {
  app.get<{ Querystring: ExplainQuery }>(
    '/explain',
    { schema: { summary: 'How a request would be served, and why.', querystring } },
    ({ query }) => {
      const { method, url, header = [], client } = query
      const headers = Object.fromEntries(header.map(parseHeader))
      if (client !== undefined && isIP(client) === 0) {
        throw new ProblemError(
          400,
          'invalid_request',
          `querystring/client must be an IP address, not "${client}".`
        )
      }
      return explain({ method: method.toUpperCase(), url, headers, ...(client !== undefined && { client }) })
    }
  )
}

/** Reads `name:value`; the name in lower case. */
export function parseHeader(text: string): [name: string, value: string] {
  const colon = text.indexOf(':')
  return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()]
}
