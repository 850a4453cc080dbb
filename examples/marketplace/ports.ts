import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Listener } from './layout.ts'

/** A place where it is impossible to listen, with the system's reason, such as `EADDRINUSE`. */
export interface UnusablePort {
  readonly listener: Listener
  readonly code: string
}

/** Tries every address by listening there for a moment; gives those where it fails, in the order given. */
export async function unusablePorts(listeners: readonly Listener[]): Promise<UnusablePort[]> {
  const found: UnusablePort[] = []
  for (const listener of listeners) {
    const server = createServer()
    try {
      server.listen({ host: listener.host, port: listener.port, exclusive: true })
      await once(server, 'listening')
      server.close()
      await once(server, 'close')
    } catch (error) {
      found.push({ listener, code: (error as NodeJS.ErrnoException).code ?? 'unknown' })
    }
  }
  return found
}

/** The line that says so to a person. */
export function unusablePortMessage({ listener: { name, host, port }, code }: UnusablePort): string {
  const why = code === 'EADDRINUSE' ? 'is in use: stop what listens there' : `can't be used (${code})`
  return `port ${port} on ${host}, needed by ${name}, ${why}`
}
