import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Starts small backends on free ports of this machine. @returns Their origins. */
export async function startCatalog(count: number): Promise<string[]> {
  return await Promise.all(Array.from({ length: count }, (_, index) => startBackend(`catalog-${index + 1}`)))
}

async function startBackend(name: string): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') response.end('ok')
    else if (request.url === '/version') response.end('v1')
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ from: name }))
  })
  server.listen({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
