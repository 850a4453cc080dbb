import { Agent } from 'node:http'
import { createProxyServer } from 'http-proxy-3'

const [port, target] = process.argv.slice(2)
const server = createProxyServer({ target: target!, agent: new Agent({ keepAlive: true }) })
server.on('error', (error) => process.stderr.write(`${error.message}\n`))
server.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => process.exit())
