import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../helpers/until.ts'

/** What a part of a session did. */
export interface Ran {
  readonly status: number
  /** Both streams of it, as a terminal shows them. */
  readonly output: string
}

/** What programs print when others may begin to talk to them. */
const READY = /\b(?:serves|listens|listening|ready|started|registered)\b/i

/** What a shell says of jobs that end, between what they print. */
const JOB_NEWS = /^(?:\[\d+\][+-]? +\w|bash: line \d+: +\d+ (?:Killed|Terminated)).*\n/gm

/** Bounds what a part may take, so that one that waits for ever is named. */
const LONGEST = 60_000

/**
 * A shell that a document's commands are typed into, one part after the other: variables, folders and jobs stay.
 * The first command that fails ends it.
 */
export class ShellSession {
  readonly #shell: ChildProcess
  readonly #folder: string
  readonly #ended: Promise<void>
  #printed = ''
  #isOver = false
  #part = 0
  /** Where the shell is now. */
  cwd: string

  constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder
    this.cwd = folder
    this.#shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd: folder,
      env,
      // A session of its own, so that nothing that it started is ever left behind.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe']
    })
    this.#ended = once(this.#shell, 'close').then(() => void (this.#isOver = true))
    for (const stream of [this.#shell.stdout!, this.#shell.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#printed += text))
    }
    // It may have ended before; the part that is under way says so.
    this.#shell.stdin!.on('error', () => {})
    // Jobs have groups of their own, as at a terminal, so that all that they started ends with them.
    this.#type(`set -meo pipefail
exec 2>&1
end() { for job in $(jobs -p); do kill -TERM -- "-$job" 2>/dev/null; done; wait; }
trap end EXIT`)
  }

  /** Runs a part to its end. @param expected - Exit status of its last command. @throws Error when it fails otherwise */
  async run(text: string, expected = 0): Promise<Ran> {
    const ran = await this.try(text, expected !== 0)
    if (ran.status !== expected)
      throw new Error(`exit status ${ran.status} instead of ${expected} of:\n${text}\n${ran.output}`)
    return ran
  }

  /** Runs a part, whatever becomes of it. @param survives - Whether the session goes on when a command fails. */
  async try(text: string, survives = true): Promise<Ran> {
    const mark = `\u001e${(this.#part += 1)} `
    const begin = this.#printed.length
    // What a program could read of standard input would be the rest of the document.
    const part = `{ ${text}\n} </dev/null`
    this.#type(`${survives ? `set +e; ${part}` : part}; printf '${mark}%s %s\\n' "$?" "$PWD"; set -e`)
    const done = new RegExp(`${mark}(\\d+) (.*)\\n`)
    await until(
      `this has ended:\n${text}`,
      () => this.#isOver || done.test(this.#printed.slice(begin)),
      LONGEST
    )
    const printed = this.#printed.slice(begin)
    const [whole, status, cwd] = done.exec(printed) ?? []
    if (whole === undefined) return { status: this.#shell.exitCode ?? -1, output: printed }
    this.cwd = cwd!
    return {
      status: Number(status),
      output: printed.slice(0, printed.indexOf(whole)).replaceAll(JOB_NEWS, '')
    }
  }

  /**
   * Starts a part that goes on while others run; it is there when it says that it is ready.
   *
   * @returns What it has said by then.
   * @throws Error when it ends before.
   */
  async start(text: string): Promise<string> {
    const file = join(this.#folder, `.job-${(this.#part += 1)}`)
    const { output } = await this.run(`{ ${text}\n} >'${file}' 2>&1 & echo "$!"`)
    const pid = Number(output)
    let printed = ''
    await until(`ready is:\n${text}`, async () => {
      // The shell opens it a moment after it has told the number.
      printed = await readFile(file, 'utf8').catch(() => '')
      if (READY.test(printed)) return true
      if (!isAlive(pid)) throw new Error(`it ended:\n${text}\n${printed}`)
      return false
    })
    return printed
  }

  /** Ends the shell and all its jobs. */
  async close(): Promise<void> {
    this.#shell.stdin!.end()
    // A part that hangs would never let it come to its end.
    const patience = setTimeout(() => void killSession(this.#shell.pid!), 20_000)
    await this.#ended
    clearTimeout(patience)
  }

  #type(text: string): void {
    this.#shell.stdin!.write(`${text}\n`)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Ends all processes of a session: jobs of a shell have groups of their own. */
async function killSession(session: number): Promise<void> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    // Behind the name, which may hold anything: state, parent, group, session (proc(5)).
    const [, , , found] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(found) === session && isAlive(Number(pid))) process.kill(Number(pid), 'SIGKILL')
  }
}
