import { isInstalled, type Program } from '../support/machine.ts'
import type { PinnedProcess } from '../support/pinned-process.ts'
import { gateway } from './ours.ts'
import { haproxy, nginx } from './theirs.ts'

/** What a proxy is to do. */
export interface ProxySetup {
  /** Where to listen, on 127.0.0.1. */
  readonly port: number
  /** Origins. */
  readonly backends: readonly string[]
  /** Exists, is empty, and is removed afterwards. */
  readonly folder: string
}

/** A proxy that runs. */
export interface StartedProxy {
  readonly server: PinnedProcess
  /** Its limit of requests in flight as it is now; absent = it has none that moves. */
  readonly limit?: () => Promise<number | undefined>
  /** Its access log, if it writes one: lines of JSON. */
  readonly accessLog?: string
}

/** A way to deal with overload that takes part. None retries, and none looks after the backends' health. */
export interface Contestant {
  readonly name: string
  /** For the tables. */
  readonly title: string
  /** The program that must be installed, and what it is called; absent = it comes with the project. */
  readonly program?: Program & { readonly title: string }
  /** Starts it; it answers when this is done. */
  start(setup: ProxySetup): Promise<StartedProxy>
}

/** Who is asked to take part. */
export interface Choice {
  /** Names; undefined = those that take part by default. */
  readonly only: readonly string[] | undefined
  readonly quick: boolean
  /** The command line's file of ours. */
  readonly cli: string | undefined
  /** Bounds of the adaptive limit. */
  readonly bounds: { readonly min: number; readonly max: number }
}

/** The one that the musts are for. */
export const OURS = 'adaptive'
/** The one that shows what it is for. */
export const UNPROTECTED = 'none'

/** Who takes part unless others are asked for. */
export const USUAL: readonly string[] = [OURS, UNPROTECTED, 'haproxy', 'nginx']
const QUICK: readonly string[] = [OURS, UNPROTECTED]

/** What the static cap of ours is: half as many again as the backends serve at once. */
const STATIC = 24

/** All by their names. */
function allOf({ cli, bounds }: Choice): Contestant[] {
  const adaptive = { mode: 'adaptive', ...bounds }
  return [
    gateway({ name: OURS, title: 'ours, adaptive', concurrency: adaptive, workers: 1, cli }),
    gateway({
      name: 'adaptive-2',
      title: 'ours, adaptive, 2 workers',
      concurrency: adaptive,
      workers: 2,
      cli
    }),
    gateway({
      name: 'static',
      title: `ours, static, ${STATIC}`,
      concurrency: { mode: 'static', max: STATIC },
      workers: 1,
      cli
    }),
    gateway({
      name: UNPROTECTED,
      title: 'ours, no concurrency',
      concurrency: undefined,
      workers: 1,
      cli
    }),
    haproxy,
    nginx
  ]
}

/**
 * Finds those that can take part.
 *
 * @param missing - Is told who can't, and what to install.
 * @throws Error when a name is unknown.
 */
export function chooseContestants(choice: Choice, missing: (line: string) => void): Contestant[] {
  const all = allOf(choice)
  const names = all.map(({ name }) => name)
  const wanted = choice.only ?? (choice.quick ? QUICK : USUAL)
  const unknown = wanted.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`--only: expected ${names.join(', ')}, got ${unknown}`)
  return all.filter(({ name, title, program }) => {
    if (!wanted.includes(name)) return false
    if (program === undefined || isInstalled(program.command)) return true
    missing(`${title} is left out: \`${program.command}\` is missing (Debian package ${program.debian})`)
    return false
  })
}

/** The one through which the most that the backends can do is found. */
export function unprotected(choice: Choice): Contestant {
  return allOf(choice).find(({ name }) => name === UNPROTECTED)!
}
