/** The backend in a process of its own: 1 KiB, or 4 MiB at `/large`, once a request has come whole. */
import { createServer } from 'node:http'

const SMALL = Buffer.alloc(1024, 'x')
const LARGE = Buffer.alloc(4 * 2 ** 20, 'x')

const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
  request.resume().on('end', () => {
    const body = request.url === '/large' ? LARGE : SMALL
    response.setHeader('content-length', body.length)
    response.end(body)
  })
})
server.listen(Number(process.argv[2]), '127.0.0.1', 4_096)
