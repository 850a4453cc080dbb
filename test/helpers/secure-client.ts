import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { TestContext } from 'node:test'

/** A connection over TLS, of HTTP/1.1, that goes with its test. */
export interface SecureClient {
  readonly socket: TLSSocket
  /** Of the certificate that the server showed. */
  readonly fingerprint: string
  /** Sends a GET on this connection. @returns The head of the response. */
  readonly get: (path?: string) => Promise<string>
  /** The first session that can be resumed. */
  readonly session: Promise<Buffer>
}

/** Connects and shakes hands. @throws Error when the server's certificate is not valid for it. */
export async function secureClient(
  t: TestContext,
  url: string,
  options: ConnectionOptions
): Promise<SecureClient> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), ALPNProtocols: ['http/1.1'], ...options })
  t.after(() => socket.destroy())
  const session = once(socket, 'session').then(([bytes]) => bytes as Buffer)
  session.catch(() => {})
  await once(socket, 'secureConnect')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  // A reset is one way to be closed.
  socket.on('error', () => {})
  const closed = once(socket, 'close').then(() => {
    throw new Error(`the connection is over after "${text}"`)
  })
  closed.catch(() => {})
  return {
    socket,
    fingerprint: socket.getPeerCertificate().fingerprint256,
    session,
    get: async (path = '/') => {
      text = ''
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      while (!text.includes('\r\n\r\n')) await Promise.race([once(socket, 'data'), closed])
      return text.split('\r\n\r\n', 1)[0] ?? ''
    }
  }
}

/** The fingerprint that a client sees of a certificate, PEM. */
export function fingerprintOf(cert: string): string {
  return new X509Certificate(cert).fingerprint256
}

/** What `openssl s_client` says of one handshake with these words. */
export async function sClient(url: string, ...words: string[]): Promise<string> {
  return await new Promise((resolve) => {
    const child = execFile(
      'openssl',
      ['s_client', '-connect', new URL(url).host, ...words],
      { timeout: 30_000 },
      (_error, stdout, stderr) => resolve(`${stdout}\n${stderr}`)
    )
    // It may have left before.
    child.stdin?.on('error', () => {})
    child.stdin?.end('Q\n')
  })
}
