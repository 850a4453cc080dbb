/** Three backends in a process of their own, each answering 1 KiB. Prints their URLs as one line of JSON. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const BODY = Buffer.alloc(1024, 'x')

const urls = await Promise.all(
  Array.from({ length: 3 }, async () => {
    const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
      request.resume()
      response.setHeader('content-length', BODY.length)
      response.end(BODY)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
)
process.stdout.write(`${JSON.stringify(urls)}\n`)
