import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nginxConfig } from '../../support/nginx-config.ts'
import { PinnedProcess, PROXY_CORE } from '../../support/pinned-process.ts'
import type { Contestant, ProxySetup } from './contestant.ts'

/**
 * nginx with one worker and kept upstream connections; responses that a client is slow to take are held back rather than
 * written to files. Its free edition has no active health checks.
 */
export const nginx: Contestant = {
  name: 'nginx',
  title: 'nginx',
  program: { command: 'nginx', debian: 'nginx', version: ['-v'] },
  logs: true,
  start: async (setup) => {
    const { folder, port } = setup
    const file = join(folder, 'nginx.conf')
    await writeFile(file, nginxConfig(folder, proxy(setup)))
    const server = new PinnedProcess({
      name: 'nginx',
      core: PROXY_CORE,
      command: ['nginx', '-p', folder, '-c', file],
      folder
    })
    await server.answers(`http://127.0.0.1:${port}/1k`)
    return server
  }
}

function proxy({ port, backends, accessLog }: ProxySetup): string {
  return `
  access_log ${accessLog === undefined ? 'off' : `${accessLog} combined`};
  upstream backends {
    least_conn;
${backends.map((url) => `    server ${new URL(url).host};`).join('\n')}
    keepalive 128;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 10m;
    location / {
      proxy_pass http://backends;
      proxy_http_version 1.1;
      proxy_max_temp_file_size 0;
      proxy_set_header Connection '';
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }`
}
