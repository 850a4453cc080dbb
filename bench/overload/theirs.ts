import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nginxConfig } from '../support/nginx-config.ts'
import { PinnedProcess, PROXY_CORE } from '../support/pinned-process.ts'
import type { Contestant } from './contestants.ts'
import { SLOTS } from './scenario.ts'

/** How long HAProxy lets a request wait for its turn, in milliseconds. */
const QUEUE_TIMEOUT = 100

/** Told what each backend can do: no more than that at a time, the others wait, those that matter first. */
export const haproxy: Contestant = {
  name: 'haproxy',
  title: `HAProxy, maxconn ${SLOTS}, queue`,
  program: { title: 'HAProxy', command: 'haproxy', debian: 'haproxy', version: ['-v'] },
  start: async ({ port, backends, folder }) => {
    const file = join(folder, 'haproxy.cfg')
    const servers = backends.map((url, index) => `  server s${index} ${new URL(url).host} maxconn ${SLOTS}`)
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
  timeout queue ${QUEUE_TIMEOUT}ms
frontend clients
  bind 127.0.0.1:${port}
  http-request set-priority-class int(-1) if { path_beg /critical }
  http-request set-priority-class int(1) if { path_beg /sheddable }
  default_backend servers
backend servers
  balance leastconn
${servers.join('\n')}
`
    )
    const command = ['haproxy', '-db', '-f', file] as const
    const server = new PinnedProcess({ name: 'HAProxy', core: PROXY_CORE, command, folder })
    await server.answers(`http://127.0.0.1:${port}/`)
    return { server }
  }
}

/** Told the same. It has no line (that of nginx Plus aside), nobody who matters more, and says 502 instead of 503. */
export const nginx: Contestant = {
  name: 'nginx',
  title: `nginx, max_conns ${SLOTS}`,
  program: { title: 'nginx', command: 'nginx', debian: 'nginx', version: ['-v'] },
  start: async ({ port, backends, folder }) => {
    const file = join(folder, 'nginx.conf')
    const http = `
  access_log off;
  upstream backends {
    least_conn;
${backends.map((url) => `    server ${new URL(url).host} max_fails=0 max_conns=${SLOTS};`).join('\n')}
    keepalive 512;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
  }
  server {
    listen 127.0.0.1:${port};
    error_page 502 = @full;
    location @full {
      return 503;
    }
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
    return { server }
  }
}
