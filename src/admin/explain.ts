import type { FastifyInstance } from 'fastify'
import type { AdminContext } from './routes.ts'

interface ExplainQuery {
  method: string
  url: string
  header?: string[]
}

const querystring = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    method: { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", default: 'GET' },
    url: { type: 'string', pattern: '^(/|https?://)' },
    header: { type: 'array', items: { type: 'string', pattern: '^[^:\\s]+:' } }
  }
}

/** `/explain?method=GET&url=/api/products/42&header=name:value`: which route and backends would serve it, and why. */
export async function explainRoutes(app: FastifyInstance, { explain }: AdminContext): Promise<void> {
  app.get<{ Querystring: ExplainQuery }>('/explain', { schema: { querystring } }, ({ query }) => {
    const headers = Object.fromEntries((query.header ?? []).map(parseHeader))
    return explain({ method: query.method.toUpperCase(), url: query.url, headers })
  })
}

/** Reads `name:value`; the name in lower case. */
export function parseHeader(text: string): [name: string, value: string] {
  const colon = text.indexOf(':')
  return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()]
}
