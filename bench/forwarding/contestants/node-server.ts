import { fileURLToPath } from 'node:url'
import { PinnedProcess, PROXY_CORE } from '../../support/pinned-process.ts'
import type { ProxySetup } from './contestant.ts'

/** Starts a script of `servers/` with the port and the first backend: such proxies know one upstream. */
export async function startNodeServer(
  name: string,
  script: string,
  setup: ProxySetup
): Promise<PinnedProcess> {
  const path = fileURLToPath(new URL(`../servers/${script}`, import.meta.url))
  const server = new PinnedProcess({
    name,
    core: PROXY_CORE,
    command: [process.execPath, path, String(setup.port), setup.backends[0]!],
    folder: setup.folder
  })
  await server.answers(`http://127.0.0.1:${setup.port}/1k`)
  return server
}
