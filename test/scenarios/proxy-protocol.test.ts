import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { startEchoBackend, seenRequest } from '../helpers/echo-backend.ts'
import { type RawConfig, startGateway } from '../helpers/gateway.ts'
import { localCertificate } from '../helpers/http2-lab.ts'
import { runTool } from '../helpers/run-tool.ts'
import { tcpClient, tlsClient, untilClosed } from '../helpers/tls-client.ts'

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n'
const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n'
/** Version 2, 2001:db8::1. */
const BINARY = Buffer.from(
  `0d0a0d0a000d0a515549540a21210024 20010db8${'0'.repeat(23)}1 ${'0'.repeat(32)} dc0401bb`.replaceAll(
    ' ',
    ''
  ),
  'hex'
)
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')

let tls: RawConfig

before(async () => {
  tls = { certificates: [(await localCertificate()).certificate] }
})

for (const workers of [0, 2]) {
  for (const isSecure of [false, true]) {
    const name = `${isSecure ? 'TLS and ' : ''}${workers} workers`

    test(`a trusted proxy says who its client is, with ${name}`, async (t) => {
      const echo = await startEchoBackend(t, 'echo')
      const server = { proxyProtocol: true, trustProxy: ['127.0.0.0/8'], ...(isSecure && { tls }) }
      const gateway = await startGateway(
        t,
        {
          server,
          upstreams: { echo: { backends: [echo.url] } },
          routes: [{ path: '/', upstream: 'echo' }]
        },
        { workers }
      )
      const port = Number(new URL(gateway.url).port)
      const ask = async (header: string | Buffer): Promise<string> => {
        const below = await tcpClient(t, port, header)
        const socket = isSecure ? (await tlsClient(t, port, { socket: below })).socket : below
        let text = ''
        socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
        socket.write(GET)
        await untilClosed(socket)
        return text
      }
      const forwardedFor = async (header: string | Buffer): Promise<string[] | undefined> => {
        const text = await ask(header)
        return seenRequest(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)).headers[
          'x-forwarded-for'
        ]
      }

      // What the client itself claims counts only when the proxy's client is trusted as well.
      assert.deepEqual(await forwardedFor(LINE), ['192.0.2.1'])
      assert.deepEqual(await forwardedFor(BINARY), ['2001:db8::1'])
      assert.deepEqual(await forwardedFor(LOCAL), ['203.0.113.9, 127.0.0.1'])
      assert.deepEqual(await forwardedFor('PROXY UNKNOWN\r\n'), ['203.0.113.9, 127.0.0.1'])
      assert.deepEqual(await forwardedFor('PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\n'), [
        '203.0.113.9, 127.0.0.9'
      ])
      for (const flag of isSecure ? ['--http1.1', '--http2'] : ['--http1.1']) {
        const { stdout, stderr } = await runTool(
          'curl',
          '-sSk',
          '--haproxy-protocol',
          flag,
          `${gateway.url}/`
        )
        assert.deepEqual(seenRequest(stdout).headers['x-forwarded-for'], ['127.0.0.1'], stderr)
      }
      const before = echo.requests()
      const without = await runTool('curl', '-sSk', `${gateway.url}/`)
      assert.notEqual(without.code, 0, 'a proxy that sends no header is not served')
      assert.equal(echo.requests(), before)
    })

    test(`anybody else is served as it is, and can forge nothing, with ${name}`, async (t) => {
      const echo = await startEchoBackend(t, 'echo')
      const server = { proxyProtocol: true, trustProxy: ['192.0.2.0/24'], ...(isSecure && { tls }) }
      const gateway = await startGateway(
        t,
        {
          server,
          upstreams: { echo: { backends: [echo.url] } },
          routes: [{ path: '/', upstream: 'echo' }]
        },
        { workers }
      )
      const port = Number(new URL(gateway.url).port)
      const forged = ['-H', 'X-Forwarded-For: 203.0.113.9']
      const { stdout, stderr } = await runTool('curl', '-sSk', ...forged, `${gateway.url}/`)
      assert.deepEqual(seenRequest(stdout).headers['x-forwarded-for'], ['127.0.0.1'], stderr)

      const served = echo.requests()
      for (const header of [LINE, BINARY, LOCAL]) {
        const socket = await tcpClient(t, port, header, GET)
        let text = ''
        socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
        await untilClosed(socket)
        if (isSecure) assert.doesNotMatch(text, /HTTP/)
        else assert.match(text, /^HTTP\/1\.1 400 /)
      }
      const { code } = await runTool('curl', '-sSkf', '--haproxy-protocol', `${gateway.url}/`)
      assert.notEqual(code, 0)
      assert.equal(echo.requests(), served)
    })
  }
}
