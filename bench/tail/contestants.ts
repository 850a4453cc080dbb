import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../support/free-port.ts'
import { isInstalled, type Program } from '../support/machine.ts'
import { nginxConfig } from '../support/nginx-config.ts'
import { PinnedProcess, PROXY_CORE } from '../support/pinned-process.ts'
import { BUILT_CLI } from '../support/build-project.ts'

/** What a proxy is to do. */
export interface ProxySetup {
  /** Where to listen, on 127.0.0.1. */
  readonly port: number
  /** Origins. */
  readonly backends: readonly string[]
  /** Exists, is empty, and is removed afterwards. */
  readonly folder: string
}

/** A way to balance that takes part. None retries, and none looks after the backends' health. */
export interface Contestant {
  readonly name: string
  /** For the tables. */
  readonly title: string
  /** The program that must be installed, and what it is called; absent = it comes with the project. */
  readonly program?: Program & { readonly title: string }
  /** Starts it; it answers when this is done. */
  start(setup: ProxySetup): Promise<PinnedProcess>
}

/** Who is asked to take part. */
export interface Choice {
  /** Names; undefined = all. */
  readonly only: readonly string[] | undefined
  /** The command line's file of ours. */
  readonly cli: string | undefined
  /** Another build's, whose least-latency takes part too. */
  readonly baseline: string | undefined
}

/** The one that the aims are for. */
export const OURS = 'least-latency'
/** The same with two workers. */
export const OURS_SHARED = 'least-latency-2'
/** The one that the aims compare it with. */
export const THEIRS = 'haproxy-leastconn'

/**
 * Finds those that can take part.
 *
 * @param missing - Is told who can't, and what to install.
 * @throws Error when a name is unknown.
 */
export function chooseContestants(choice: Choice, missing: (line: string) => void): Contestant[] {
  const { only, cli = BUILT_CLI, baseline } = choice
  const ours = (name: string, algorithm: string, workers = 1): Contestant => {
    const title = `ours, ${algorithm}${workers === 1 ? '' : `, ${workers} workers`}`
    return gateway({ name, title, algorithm, workers, cli })
  }
  const others =
    baseline === undefined
      ? []
      : [
          gateway({
            name: 'baseline',
            title: `baseline, ${OURS}`,
            algorithm: OURS,
            workers: 1,
            cli: baseline
          })
        ]
  // Neighbours are measured at the same time: those that the aims compare, then those that are alike.
  const all = [
    ours(OURS, OURS),
    ours(OURS_SHARED, OURS, 2),
    haproxy(THEIRS, 'HAProxy, leastconn', 'leastconn'),
    ...others,
    ours('random-two', 'random-two'),
    haproxy('haproxy-random', 'HAProxy, random(2)', 'random(2)'),
    nginx,
    ours('least-connections', 'least-connections'),
    ours('random', 'random'),
    ours('round-robin', 'round-robin')
  ]
  const names = all.map(({ name }) => name)
  const unknown = only?.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`--only: expected ${names.join(', ')}, got ${unknown}`)
  return all.filter(({ name, title, program }) => {
    if (only !== undefined && !only.includes(name)) return false
    if (program === undefined || isInstalled(program.command)) return true
    missing(`${title} is left out: \`${program.command}\` is missing (Debian package ${program.debian})`)
    return false
  })
}

interface GatewayOptions {
  readonly name: string
  readonly title: string
  readonly algorithm: string
  readonly workers: number
  readonly cli: string
}

function gateway({ name, title, algorithm, workers, cli }: GatewayOptions): Contestant {
  return {
    name,
    title,
    start: async ({ port, backends, folder }) => {
      const file = join(folder, 'gateway.yaml')
      const adminPort = await freePort()
      const config = {
        server: { host: '127.0.0.1', port, workers, shutdown: { delay: '0s', timeout: '5s' } },
        admin: { port: adminPort },
        log: { level: 'error', access: false },
        upstreams: { catalog: { balancing: algorithm, backends, retry: { attempts: 1 } } },
        routes: [{ name: 'all', path: '/', upstream: 'catalog' }]
      }
      await writeFile(file, stringify(config))
      const command = [process.execPath, cli, 'start', '--config', file] as const
      const server = new PinnedProcess({ name: title, core: PROXY_CORE, command, folder })
      await server.answers(`http://127.0.0.1:${adminPort}/readyz`)
      return server
    }
  }
}

function haproxy(name: string, title: string, algorithm: string): Contestant {
  return {
    name,
    title,
    program: { title: 'HAProxy', command: 'haproxy', debian: 'haproxy', version: ['-v'] },
    start: async ({ port, backends, folder }) => {
      const file = join(folder, 'haproxy.cfg')
      await writeFile(
        file,
        `
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  http-reuse always
  option abortonclose
  retries 0
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
  balance ${algorithm}
${backends.map((url, index) => `  server s${index} ${new URL(url).host}`).join('\n')}
`
      )
      const command = ['haproxy', '-db', '-f', file] as const
      const server = new PinnedProcess({ name: title, core: PROXY_CORE, command, folder })
      await server.answers(`http://127.0.0.1:${port}/`)
      return server
    }
  }
}

const nginx: Contestant = {
  name: 'nginx',
  title: 'nginx, least_conn',
  program: { title: 'nginx', command: 'nginx', debian: 'nginx', version: ['-v'] },
  start: async ({ port, backends, folder }) => {
    const file = join(folder, 'nginx.conf')
    const http = `
  access_log off;
  upstream backends {
    least_conn;
${backends.map((url) => `    server ${new URL(url).host} max_fails=0;`).join('\n')}
    keepalive 512;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backends;
      proxy_http_version 1.1;
      proxy_next_upstream off;
      proxy_set_header Connection '';
      proxy_set_header Host $http_host;
    }
  }`
    await writeFile(file, nginxConfig(folder, http))
    const command = ['nginx', '-p', folder, '-c', file] as const
    const server = new PinnedProcess({ name: 'nginx', core: PROXY_CORE, command, folder })
    await server.answers(`http://127.0.0.1:${port}/`)
    return server
  }
}
