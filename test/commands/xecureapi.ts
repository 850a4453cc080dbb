import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** How a command ended and what it said. */
export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `xecureapi` with these words to its end. */
export async function xecureapi(
  words: readonly string[],
  { cwd = ROOT, preload }: { readonly cwd?: string; readonly preload?: string } = {}
): Promise<Said> {
  const words0 =
    preload === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]
  return await new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...words0, join(ROOT, 'src/cli.ts'), ...words],
      { cwd, timeout: 60_000 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr })
    )
  })
}

/** Makes a folder with a `gateway.yaml` that is removed after the test. */
export async function folderWith(t: TestContext, yaml: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-command-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'gateway.yaml'), yaml)
  return folder
}

/** Two groups, three routes, and an admin port on which nobody answers. */
export const SHOP = `
admin: { port: 0 }
upstreams:
  catalog:
    balancing: least-connections
    backends: [http://127.0.0.1:3001, { url: http://127.0.0.1:3002, weight: 3 }]
    healthCheck: { path: /health }
  orders:
    backends: [http://127.0.0.1:3011]
    healthCheck: { initially: unhealthy }
routes:
  - { name: products, path: /api/products, methods: [GET, HEAD], upstream: catalog, rewrite: /products }
  - { name: orders, path: '/api/orders/:id', upstream: orders }
  - { path: /, hosts: [shop.test, '*.shop.test'], upstream: catalog }
`
