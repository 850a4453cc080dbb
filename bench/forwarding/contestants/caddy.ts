import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PinnedProcess, PROXY_CORE } from '../../support/pinned-process.ts'
import type { Contestant, ProxySetup } from './contestant.ts'

/** Caddy on one core, with active health checks. */
export const caddy: Contestant = {
  name: 'caddy',
  title: 'Caddy',
  program: { command: 'caddy', debian: 'caddy', version: ['version'] },
  logs: true,
  start: async (setup) => {
    const { folder, port } = setup
    const file = join(folder, 'Caddyfile')
    await writeFile(file, proxy(setup))
    const server = new PinnedProcess({
      name: 'Caddy',
      core: PROXY_CORE,
      command: ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
      folder,
      env: { GOMAXPROCS: '1', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
    })
    await server.answers(`http://127.0.0.1:${port}/1k`)
    return server
  }
}

function proxy({ port, backends, accessLog }: ProxySetup): string {
  return `{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
${accessLog === undefined ? '' : `  log {\n    output file ${accessLog} {\n      roll_disabled\n    }\n    level INFO\n  }`}
  reverse_proxy ${backends.join(' ')} {
    lb_policy least_conn
    health_uri /1k
    health_interval 2s
    transport http {
      keepalive_idle_conns_per_host 128
    }
  }
}
`
}
