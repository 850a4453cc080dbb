import swagger from '@fastify/swagger'
import Fastify from 'fastify'
import type { JsonObject } from './json.ts'

const DESCRIPTION = 'What the services behind this gateway offer, under the paths that it serves them at.'

/** The gateway's own document, which those of the services are composed into. */
export async function ownDocument(): Promise<JsonObject> {
  const app = Fastify()
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'API', version: '1', description: DESCRIPTION },
      servers: [{ url: '/' }]
    }
  })
  await app.ready()
  const { openapi, info, servers } = app.swagger() as unknown as JsonObject
  await app.close()
  return { openapi, info, servers }
}
