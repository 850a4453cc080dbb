import { chmod, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { ROOT } from './documents.ts'
import type { PortMap } from './port-map.ts'

/** What a checkout for a document must not share with this one. */
const OWN = ['.git', '.xecureapi', 'gateway.yaml', 'node_modules']

/**
 * Makes a folder that looks like a fresh checkout, with the demo's configuration on ports of its own.
 *
 * @returns The environment for a shell there, in which `npx`, `npm` and `xecureapi` are quick: they skip npm's own start,
 *   of several seconds, and what `npm ci` would install is there.
 */
export async function makeCheckout(folder: string, ports: PortMap): Promise<NodeJS.ProcessEnv> {
  for (const name of await readdir(ROOT)) {
    if (!OWN.includes(name)) await symlink(join(ROOT, name), join(folder, name))
  }
  // The package under its own name, as a program that has installed it finds it.
  await mkdir(join(folder, 'node_modules'))
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  await symlink(ROOT, join(folder, 'node_modules/xecureapi-gateway'))
  const yaml = await readFile(join(ROOT, 'gateway.yaml'), 'utf8')
  await writeFile(
    join(folder, 'gateway.yaml'),
    ports.there(yaml).replace('\nserver:\n', '\nserver:\n  workers: 1\n')
  )
  return await makeEnvironment(folder)
}

async function makeEnvironment(folder: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, '.bin')
  await mkdir(bin)
  const node = `'${process.execPath}'`
  const xecureapi = `exec ${node} '${join(ROOT, 'src/cli.ts')}'`
  const commands = {
    node: `exec ${node} "$@"`,
    xecureapi: `${xecureapi} "$@"`,
    npx: `[ "$1" = xecureapi ] || { echo "npx $1 is not for tests" >&2; exit 1; }; shift; ${xecureapi} "$@"`,
    npm: `case "$1 $2" in
"start --") shift 2; ${xecureapi} start "$@" ;;
"run replica") exec ${node} '${join(ROOT, 'examples/marketplace/serve.ts')}' ;;
*) echo "npm $* is not for tests: mark the block" >&2; exit 1 ;;
esac`
  }
  for (const [name, text] of Object.entries(commands)) {
    await writeFile(join(bin, name), `#!/bin/bash\n${text}\n`)
    await chmod(join(bin, name), 0o755)
  }
  // An error status of HTTP is one of curl as well, or a document could show what does not work.
  await writeFile(join(folder, '.curlrc'), 'fail-with-body\nsilent\nshow-error\n')
  return {
    PATH: [bin, process.env['PATH']].join(delimiter),
    HOME: folder,
    CURL_HOME: folder,
    LANG: 'C.UTF-8',
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compile'),
    XECUREAPI_TOKEN: 'not-asked-for'
  }
}
