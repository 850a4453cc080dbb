import { mkdir, mkdtemp, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** Contents by name; a name has no folder in it, as in a ConfigMap or a Secret. */
export type VolumeFiles = Readonly<Record<string, string>>

/** A folder that changes as the kubelet changes one. */
export interface Volume {
  readonly path: string
  /** Puts these in place of what is there, all at once. */
  readonly publish: (files: VolumeFiles) => Promise<void>
}

/**
 * Makes a folder as the kubelet makes one of a ConfigMap or a Secret: the files stand in a folder with the time in its
 * name, `..data` is a link to that, and what programs read are links into `..data`. Of a new version only the link `..data`
 * is renamed; then the old folder goes.
 */
export async function makeVolume(t: TestContext, files: VolumeFiles): Promise<Volume> {
  const path = await mkdtemp(join(tmpdir(), 'xecureapi-volume-'))
  t.after(() => rm(path, { recursive: true, force: true, maxRetries: 20 }))
  const names = new Set<string>()
  let version = 0
  const publish = async (next: VolumeFiles): Promise<void> => {
    const folder = `..2026_12_01_${++version}`
    await mkdir(join(path, folder))
    for (const [name, text] of Object.entries(next)) await writeFile(join(path, folder, name), text)
    const before = await readlink(join(path, '..data')).catch(() => undefined)
    await symlink(folder, join(path, '..data_tmp'))
    await rename(join(path, '..data_tmp'), join(path, '..data'))
    for (const name of Object.keys(next).filter((each) => !names.has(each))) {
      await symlink(join('..data', name), join(path, name))
      names.add(name)
    }
    for (const name of [...names].filter((each) => !(each in next))) {
      await rm(join(path, name))
      names.delete(name)
    }
    if (before !== undefined) await rm(join(path, before), { recursive: true })
  }
  await publish(files)
  return { path, publish }
}
