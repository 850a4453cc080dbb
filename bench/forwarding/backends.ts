import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { nginxConfig } from '../support/nginx-config.ts'
import { LOAD_CORE, PinnedProcess } from '../support/pinned-process.ts'

/** The backends that are asked for; all are one nginx. */
export interface Backends {
  /** Origins, each with an address and port of its own. */
  readonly urls: readonly string[]
}

/** How many backends there are in all, at different loopback addresses. */
const COUNT = 1_000

/**
 * Starts the backends: one nginx process on the clients' core, listening at a thousand loopback addresses.
 *
 * @param parent - Folder for its files.
 * @returns The first ones in the order of their addresses are the ones to use.
 */
export async function startBackends(parent: string): Promise<Backends> {
  const folder = join(parent, 'backends')
  await mkdir(join(folder, 'files'), { recursive: true })
  await writeFile(join(folder, 'files/1k'), Buffer.alloc(1024, 'x'))
  await writeFile(join(folder, 'files/1m'), Buffer.alloc(1024 * 1024, 'x'))
  const port = await freePort()
  const hosts = Array.from({ length: COUNT }, (_, index) => `127.0.${1 + (index >> 8)}.${index & 255}`)
  const file = join(folder, 'nginx.conf')
  await writeFile(file, nginxConfig(folder, servers(folder, hosts, port)))
  const backends = new PinnedProcess({
    name: 'the nginx of the backends',
    core: LOAD_CORE,
    command: ['nginx', '-p', folder, '-c', file],
    folder
  })
  const urls = hosts.map((host) => `http://${host}:${port}`)
  await backends.answers(`${urls[0]}/1k`)
  return { urls }
}

/**
 * A `return` alone would answer a POST before its body has come. Mirroring reads it first; the POST then goes to a
 * handler that takes GET only, and what stands for its 405 is the answer.
 */
function servers(folder: string, hosts: readonly string[], port: number): string {
  return `
  access_log off;
  open_file_cache max=10;
  open_file_cache_valid 1h;
  default_type application/octet-stream;
  server {
${hosts.map((host) => `    listen ${host}:${port};`).join('\n')}
    root ${folder}/files;
    location /api/ { try_files /1k =404; }
    location = /upload {
      mirror /mirrored;
      empty_gif;
      error_page 405 =200 @taken;
    }
    location = /mirrored { internal; return 204; }
    location @taken { return 200 'taken'; }
  }`
}
