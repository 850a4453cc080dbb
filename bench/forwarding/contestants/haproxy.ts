import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PinnedProcess, PROXY_CORE } from '../../support/pinned-process.ts'
import type { Contestant, ProxySetup } from './contestant.ts'

/** HAProxy with one thread, connections shared by all clients, and active health checks. */
export const haproxy: Contestant = {
  name: 'haproxy',
  title: 'HAProxy',
  program: { command: 'haproxy', debian: 'haproxy', version: ['-v'] },
  logs: true,
  start: async (setup) => {
    const file = join(setup.folder, 'haproxy.cfg')
    await writeFile(file, proxy(setup))
    const server = new PinnedProcess({
      name: 'HAProxy',
      core: PROXY_CORE,
      command: ['haproxy', '-db', '-f', file],
      folder: setup.folder,
      ...(setup.accessLog !== undefined && { stdout: setup.accessLog })
    })
    await server.answers(`http://127.0.0.1:${setup.port}/1k`)
    return server
  }
}

function proxy({ port, backends, accessLog }: ProxySetup): string {
  return `
global
  nbthread 1
  maxconn 4096
${accessLog === undefined ? '' : '  log stdout format raw local0 info'}
defaults
  mode http
  http-reuse always
  option forwardfor
  timeout connect 2s
  timeout client 60s
  timeout server 60s
${accessLog === undefined ? '' : '  log global\n  option httplog'}
frontend clients
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
  balance leastconn
  option httpchk GET /1k
${backends.map((url, index) => `  server s${index} ${new URL(url).host} check inter 2s`).join('\n')}
`
}
