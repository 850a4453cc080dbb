import { access, constants, link, mkdir, open, rename } from 'node:fs/promises'

/** What is done to a disk so that files outlive a loss of power. Replaced in tests by one that fails. */
export interface Disk {
  /** Makes a folder and those above it, for their owner only, where they are not there. */
  readonly makeFolder: (folder: string) => Promise<void>
  /** Fails where no files can be made. */
  readonly checkFolder: (folder: string) => Promise<void>
  /** Makes a file that must not be there yet, for its owner's eyes only; its content is on the disk then. */
  readonly writeNew: (file: string, text: string) => Promise<void>
  /** Gives a file another name, and replaces what has it. */
  readonly rename: (from: string, to: string) => Promise<void>
  /** Gives a file one more name, which must not be there yet. */
  readonly link: (from: string, to: string) => Promise<void>
  /** Brings the names in a folder to the disk. */
  readonly syncFolder: (folder: string) => Promise<void>
}

/** The disk of this machine. */
export const DISK: Disk = { makeFolder, checkFolder, writeNew, rename, link, syncFolder }

/** @throws NodeJS.ErrnoException */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

async function checkFolder(folder: string): Promise<void> {
  await access(folder, constants.W_OK | constants.X_OK)
}

/** @throws NodeJS.ErrnoException `EEXIST` when the file is there, or what the system says. */
export async function writeNew(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'wx', 0o600)
  await handle.writeFile(text)
  await handle.sync()
}

/** What a platform or a file system says that knows no fsync of folders. */
const CAN_NOT_SYNC = new Set(['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EBADF', 'ENOSYS'])

/**
 * So that a new name outlives a loss of power. Where folders can't be synced, it will be on the disk soon enough.
 *
 * @throws NodeJS.ErrnoException When the disk fails.
 */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, 'r')
    await handle.sync()
  } catch (error) {
    if (!CAN_NOT_SYNC.has(errorCode(error))) throw error
  }
}

/** The `code` of an error of the system, as `ENOSPC`; `FAILED` when it has none. */
export function errorCode(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'FAILED'
}

/** The word that stands for an error of the system where the gateway tells of it: `enospc`, `erofs`, … */
export function errorReason(error: unknown): string {
  return errorCode(error).toLowerCase()
}
