import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** The project's folder. */
export const ROOT = join(import.meta.dirname, '../..')

/** What `npm pack` made. */
export interface Packed {
  /** Path of the tarball. */
  readonly tarball: string
  /** Bytes of it, and of what is in it. */
  readonly size: number
  readonly unpackedSize: number
  /** Paths of its files. */
  readonly files: readonly string[]
}

/** What npm says of it. */
interface PackReport {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

/** A folder that is gone when all tests of the file have ended. */
export async function packageFolder({
  after
}: {
  after: (clean: () => Promise<void>) => void
}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-package-'))
  after(async () => await rm(folder, { recursive: true, force: true }))
  return folder
}

/** Packs what is built. @param folder - Where the tarball is put. */
export async function pack(folder: string): Promise<Packed> {
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const { stdout } = await promisify(execFile)('npm', words, { cwd: ROOT })
  const [report] = JSON.parse(stdout) as [PackReport]
  const { filename, size, unpackedSize } = report
  return { tarball: join(folder, filename), size, unpackedSize, files: report.files.map(({ path }) => path) }
}

/**
 * Makes a folder a project of somebody else's, with the package as it is published in its node_modules and, of ours, only
 * what package.json names as dependencies: what it does not name is missed.
 */
export async function installInto(project: string): Promise<void> {
  const modules = join(project, 'node_modules')
  const own = join(modules, 'xecureapi-gateway')
  await mkdir(own, { recursive: true })
  const { tarball } = await pack(project)
  const words = ['--extract', '--file', tarball, '--directory', own, '--strip-components=1']
  await promisify(execFile)('tar', words)
  const { dependencies, bin } = JSON.parse(await readFile(join(own, 'package.json'), 'utf8')) as Manifest
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  }
  await mkdir(join(modules, '.bin'))
  for (const [name, target] of Object.entries(bin)) {
    // As npm does.
    await chmod(join(own, target), 0o755)
    await symlink(join(own, target), join(modules, '.bin', name))
  }
  await writeFile(join(project, 'package.json'), '{ "type": "module", "private": true }')
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
}
