import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'

/** A program that comes with the system, not with the project. */
export interface Program {
  readonly command: string
  /** The Debian package that brings it. */
  readonly debian: string
  /** Arguments that make it say its version. */
  readonly version: readonly string[]
}

/** What the figures depend on, as lines of Markdown. @param programs - By the names that they go by. */
export function machineFacts(programs: Readonly<Record<string, Program>>): string[] {
  const [first] = cpus()
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  const load = loadavg().map((each) => each.toFixed(1))
  const versions = Object.entries(programs).map(([title, program]) => `, ${title} ${versionOf(program)}`)
  return [
    `- ${cpus().length} cores, ${first?.model.trim()}, ${memory} GiB, Linux ${release()}; load average at the start ${load.join(', ')}`,
    `- Node ${process.versions.node}${versions.join('')}`
  ]
}

/**
 * Checks what no run can do without: Linux, two cores and these programs.
 *
 * @param needed - Debian packages by command.
 * @throws Error that names what is missing, and the Debian packages that bring it.
 */
export function checkMachine(needed: Readonly<Record<string, string>>): void {
  if (process.platform !== 'linux')
    throw new Error('Linux is needed, for /proc and for processes on one core')
  if (availableParallelism() < 2)
    throw new Error('two cores are needed: one for the proxies, one for the rest')
  const missing = Object.entries(needed)
    .filter(([command]) => !isInstalled(command))
    .map(([command, debian]) => `${command} (Debian package ${debian})`)
  if (missing.length > 0) throw new Error(`needed, and missing: ${missing.join(', ')}`)
}

/** Whether a program is installed. */
export function isInstalled(command: string): boolean {
  try {
    execFileSync('which', [command], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** What a program says of itself, on either stream; wrk even says it with an exit code of 1. */
function versionOf({ command, version }: Program): string {
  const script = '"$0" "$@" 2>&1 || true'
  const text = execFileSync('sh', ['-c', script, command, ...version], { encoding: 'utf8' })
  return /\d+\.\d+[\w.~+-]*/.exec(text)?.[0] ?? ''
}
