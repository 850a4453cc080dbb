import { once } from 'node:events'
import { type AddressInfo, createServer, type ListenOptions } from 'node:net'

/** An address that can't be listened on; its message is one line for the operator. */
export class ListenError extends Error {
  constructor(host: string, port: number, code: string) {
    super(`cannot listen on ${authority(host, port)}: ${EXPLANATION[code] ?? code}`)
    this.name = 'ListenError'
  }
}

const EXPLANATION: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'no right to use this port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name is unknown'
}

/**
 * Finds out whether an address is free, without `reusePort`, which would hide that somebody else listens there.
 *
 * @param reusePort - For a port that this process itself shares already.
 * @returns The port: the one asked for, or a free one for 0.
 * @throws ListenError when it can't be listened on.
 */
export async function reservePort(host: string, port: number, reusePort = false): Promise<number> {
  return await tryListen({ host, port, reusePort })
}

/** Whether several threads can listen on one port here. */
export async function supportsReusePort(host: string, port: number): Promise<boolean> {
  try {
    await tryListen({ host, port, reusePort: true })
    return true
  } catch {
    return false
  }
}

/** Writes an address as in a URL. */
export function authority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

async function tryListen(options: ListenOptions & { host: string; port: number }): Promise<number> {
  const server = createServer()
  try {
    server.listen(options)
    await once(server, 'listening')
  } catch (error) {
    throw new ListenError(options.host, options.port, (error as NodeJS.ErrnoException).code ?? String(error))
  }
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
