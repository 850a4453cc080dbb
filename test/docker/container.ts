import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { type Command, runProgram } from '../helpers/child-gateway.ts'
import { runTool, type ToolOutput } from '../helpers/run-tool.ts'
import { until } from '../helpers/until.ts'
import { execForm, type Instruction, lastOf, ownDockerfile, ROOT, withParents } from './dockerfile.ts'

/** Number of the user `node` of the official images. */
const UID = 1000
/** Where those have their Node. */
const NODE = '/usr/local/bin/node'
/** What an engine gives to every container. */
const DEVICES = ['/dev/null', '/dev/urandom']

/** What is mounted where. */
type Mount = readonly [from: string, to: string]

/** Why there can't be a container here; undefined = there can. */
export function whyNone(): string | undefined {
  if (process.platform !== 'linux') return 'namespaces are a matter of Linux'
  if (process.getuid?.() !== 0) return 'only root makes namespaces'
  const missing = ['unshare', 'nsenter', 'setpriv', 'mount', 'env', 'ldd'].filter((name) => !placeOf(name))
  if (missing.length > 0) return `there is no ${missing.join(', ')}`
  // Root of a container may not.
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'true'])
  return status === 0 ? undefined : 'namespaces are not allowed'
}

function placeOf(tool: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin']
  return folders.map((folder) => join(folder, tool)).find((path) => existsSync(path))
}

/** What a container engine would make of the image `gateway`. */
export interface Container extends Command {
  /** Its process 1, by the number that it has outside. */
  readonly init: number
  /** Runs the image's own Node within it, as its user. */
  readonly node: (...words: readonly string[]) => Promise<ToolOutput>
  /** The words of its HEALTHCHECK behind `node`. */
  readonly healthCheck: readonly string[]
  /** States of the children of its process 1: `S` for one that waits, `Z` for a zombie. */
  readonly children: () => Promise<string[]>
}

/**
 * Lays out the file tree as the Dockerfile does, and starts its CMD as process 1 of namespaces of its own: the file
 * system read-only but for the store's volume, another user than root, no capability, no new privileges, an empty PATH
 * and no other program than Node. The network is this machine's.
 *
 * @param config - Stands in the place of the image's gateway.yaml.
 */
export async function startContainer(t: TestContext, config: string): Promise<Container> {
  const image = withParents(await ownDockerfile(), 'gateway')
  const workdir = lastOf(image, 'WORKDIR').text
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-container-'))
  t.after(async () => await rm(folder, { recursive: true, force: true }))
  const root = join(folder, 'root')
  const app = join(root, workdir)
  const mounts = [...(await layOut(image, app, config)), ...(await runtimeOf(root))]
  const volume = join(folder, 'store')
  await mkdir(volume, { mode: 0o700 })
  await chown(volume, UID, UID)
  const bind = ([from, to]: Mount): string => `mount --bind '${from}' '${to}'`
  const asUser = ['--root', root, '--wd', workdir, '--setgid', `${UID}`, '--setuid', `${UID}`]
  const script = [
    bind([root, root]),
    ...mounts.map(bind),
    `mount -o remount,bind,ro '${root}'`,
    bind([volume, join(app, '.xecureapi')]),
    `mount -t proc proc '${root}/proc'`,
    // Each program replaces the one before: Node is process 1 itself.
    `exec env -i PATH= ${environmentOf(image)} ${placeOf('setpriv')} --no-new-privs ${placeOf('unshare')} "$@"`
  ].join('\n')
  const flags = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
  const words = wordsOf(image, 'CMD')
  // Its parent's end is not its own: the change of user cut the tie between the two.
  let init = 0
  let isOver = false
  t.after(() => {
    if (init !== 0 && !isOver) process.kill(init, 'SIGKILL')
  })
  const command = runProgram(
    t,
    {},
    'unshare',
    ...flags,
    'sh',
    '-e',
    '-c',
    script,
    'sh',
    ...asUser,
    NODE,
    ...words
  )
  void command.ended.then(() => (isOver = true))
  await until('process 1 is Node', async () => {
    if (command.stderr() !== '') throw new Error(command.stderr())
    init = (await childrenOf(command.pid))[0]?.pid ?? 0
    return (await programOf(init)) === NODE
  })
  const within = [
    '--target',
    `${init}`,
    '--mount',
    '--pid',
    '--root',
    '--wd',
    '--setgid',
    `${UID}`,
    '--setuid',
    `${UID}`
  ]
  return {
    ...command,
    kill: (signal) => void process.kill(init, signal),
    init,
    node: async (...more) =>
      await runTool('env', '-i', 'PATH=', placeOf('nsenter')!, ...within, NODE, ...more),
    healthCheck: wordsOf(image, 'HEALTHCHECK'),
    children: async () => (await childrenOf(init)).map(({ state }) => state)
  }
}

/** What stands behind `node` in the exec form of an instruction. */
function wordsOf(image: readonly Instruction[], name: string): readonly string[] {
  const [node, ...words] = execForm(lastOf(image, name)) ?? []
  if (node !== 'node') throw new Error(`${name} does not run node`)
  return words
}

function environmentOf(image: readonly Instruction[]): string {
  return image.flatMap(({ name, text }) => (name === 'ENV' ? [text] : [])).join(' ')
}

/** The application: what is built, and each package that is deployed. */
async function layOut(image: readonly Instruction[], app: string, config: string): Promise<Mount[]> {
  const copied = image.filter(({ name, flags }) => name === 'COPY' && flags.get('from') === 'build')
  for (const { text } of copied) {
    const [from = '', to = ''] = text.split(/\s+/)
    // The stage `build` works in /app as well, and this checkout is what it would be.
    await cp(join(ROOT, from.replace(/^\/app\//, '')), join(app, to), { recursive: true })
  }
  await mkdir(join(app, '.xecureapi'))
  await cp(join(ROOT, 'package.json'), join(app, 'package.json'))
  await writeFile(join(app, 'gateway.yaml'), config)
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  const deployed = Object.entries(lock.packages).flatMap(([path, { dev }]) => {
    // Those within another come along with it.
    const isOwn = path.startsWith('node_modules/') && !path.includes('/node_modules/')
    return isOwn && !dev && existsSync(join(ROOT, path)) ? [path] : []
  })
  return await Promise.all(
    deployed.map(async (path) => {
      await mkdir(join(app, path), { recursive: true })
      return [join(ROOT, path), join(app, path)] as const
    })
  )
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>
}

/** Node with the libraries that it is linked to, and devices; no other file of a system. */
async function runtimeOf(root: string): Promise<Mount[]> {
  const { stdout } = await promisify(execFile)('ldd', [process.execPath])
  const libraries = stdout.match(/\/\S+/g) ?? []
  await mkdir(join(root, 'proc'))
  const files: Mount[] = [
    [process.execPath, NODE],
    ...[...libraries, ...DEVICES].map((path) => [path, path] as const)
  ]
  return await Promise.all(
    files.map(async ([from, to]) => {
      await mkdir(dirname(join(root, to)), { recursive: true })
      await writeFile(join(root, to), '')
      return [from, join(root, to)] as const
    })
  )
}

async function childrenOf(parent: number): Promise<{ pid: number; state: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const all = pids.map(async (pid) => {
    // It may have ended meanwhile.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const [, state = '', ppid] = /\) (\S) (\d+)/.exec(stat) ?? []
    return Number(ppid) === parent ? [{ pid: Number(pid), state }] : []
  })
  return (await Promise.all(all)).flat()
}

/** The program that a process runs, as it was called. */
async function programOf(pid: number): Promise<string | undefined> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return words.split('\0')[0]
}
