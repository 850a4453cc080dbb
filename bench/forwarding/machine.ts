import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import type { Contestant } from './contestants/contestant.ts'

/** What the figures depend on, as lines of Markdown. */
export function machineFacts(contestants: readonly Contestant[]): string[] {
  const [first] = cpus()
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  const load = loadavg().map((each) => each.toFixed(1))
  return [
    `- ${cpus().length} cores, ${first?.model.trim()}, ${memory} GiB, Linux ${release()}; load average at the start ${load.join(', ')}`,
    `- Node ${process.versions.node}${contestants.map(versionOf).join('')}, ${versionIn(run('wrk', ['-v']), 'wrk')}`
  ]
}

/**
 * Checks what no run can do without.
 *
 * @throws Error that names what is missing, and the Debian packages that bring it.
 */
export function checkMachine(): void {
  if (process.platform !== 'linux') throw new Error('Linux is needed: the figures come from /proc')
  if (availableParallelism() < 2)
    throw new Error('two cores are needed: one for the proxies, one for the rest')
  const missing = Object.entries({ taskset: 'util-linux', wrk: 'wrk', nginx: 'nginx' })
    .filter(([command]) => !isInstalled(command))
    .map(([command, debian]) => `${command} (Debian package ${debian})`)
  if (missing.length > 0) throw new Error(`needed, and missing: ${missing.join(', ')}`)
}

/** Whether a contestant's program is installed. */
export function isInstalled(command: string): boolean {
  try {
    execFileSync('which', [command], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function versionOf({ title, program }: Contestant): string {
  if (program === undefined) return ''
  return `, ${versionIn(run(program.command, program.version), title)}`
}

function versionIn(text: string, title: string): string {
  return `${title} ${/\d+\.\d+[\w.~+-]*/.exec(text)?.[0] ?? ''}`
}

/** What a program says of itself, on either stream; wrk even says it with an exit code of 1. */
function run(command: string, args: readonly string[]): string {
  return execFileSync('sh', ['-c', '"$0" "$@" 2>&1 || true', command, ...args], { encoding: 'utf8' })
}
