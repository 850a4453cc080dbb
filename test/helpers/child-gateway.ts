import { spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { TestContext } from 'node:test'
import { stringify } from 'yaml'
import { type RawConfig, withTestDefaults, writeConfig } from './gateway.ts'
import { type LogLine, parseLines } from './log-lines.ts'
import { registerSecretsOf, scanLog } from './secret-scan.ts'
import { until } from './until.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A run of the command line. */
export interface Command {
  readonly pid: number
  readonly ended: Promise<Ended>
  readonly kill: (signal: NodeJS.Signals) => void
  readonly stdout: () => string
  readonly stderr: () => string
}

/** A gateway in a process of its own. */
export interface ChildGateway extends Command {
  readonly url: string
  readonly adminUrl: string
  readonly file: string
  readonly write: (config: RawConfig) => Promise<void>
  /** Log lines so far with this message. */
  readonly lines: (message: string) => LogLine[]
}

/** Runs `xecureapi` with these words; killed with the test. */
export function runCommand(t: TestContext, ...words: string[]): Command {
  return runProgram(t, {}, process.execPath, CLI, ...words)
}

/** Runs it on a terminal, which the tool `script` makes; both streams are that terminal's. */
export function runOnTerminal(t: TestContext, ...words: string[]): Command {
  const quoted = [process.execPath, CLI, ...words].map((word) => `'${word}'`)
  return runProgram(t, {}, 'script', '--quiet', '--command', `exec ${quoted.join(' ')}`, '/dev/null')
}

/** Runs any program, in a folder or with an environment of its own; killed with the test. */
export function runProgram(
  t: TestContext,
  options: Pick<SpawnOptions, 'cwd' | 'env'>,
  program: string,
  ...words: string[]
): Command {
  const child = spawn(program, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  const ended: Promise<Ended> = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  t.after(async () => {
    // What `script` runs has a session of its own, and takes the end of its terminal for an order to reload.
    for (const pid of childrenOf(child.pid!)) process.kill(pid, 'SIGKILL')
    child.kill('SIGKILL')
    await ended
    scanLog(stdout)
    scanLog(stderr)
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return {
    pid: child.pid!,
    ended,
    kill: (signal) => child.kill(signal),
    stdout: () => stdout,
    stderr: () => stderr
  }
}

/** The processes that a process has started, on Linux. */
function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return (children.match(/\d+/g) ?? []).map(Number)
  } catch {
    return []
  }
}

/** Starts `xecureapi start` and waits until it serves. */
export async function startChildGateway(
  t: TestContext,
  config: RawConfig,
  workers: number,
  ...words: readonly string[]
): Promise<ChildGateway> {
  registerSecretsOf(config)
  const file = await writeConfig(t, withTestDefaults(config, workers))
  return await startChildGatewayFrom(t, file, workers, ...words)
}

/** Starts `xecureapi start` from a configuration file that is there. @param workers - Of what is written later. */
export async function startChildGatewayFrom(
  t: TestContext,
  file: string,
  workers: number,
  ...words: readonly string[]
): Promise<ChildGateway> {
  const command = runCommand(t, 'start', '--config', file, ...words)
  const serves = /^xecureapi serves (\S+), admin (\S+)$/m
  await until('it serves', () => {
    if (command.stderr() !== '') throw new Error(command.stderr())
    return serves.test(command.stdout())
  })
  const [, url = '', adminUrl = ''] = serves.exec(command.stdout()) ?? []
  return {
    ...command,
    url,
    adminUrl,
    file,
    write: async (next) => await writeFile(file, stringify(withTestDefaults(next, workers))),
    lines: (message) => parseLines(command.stdout()).filter(({ msg }) => msg === message)
  }
}
