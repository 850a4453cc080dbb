import { isInstalled } from '../../support/machine.ts'
import { caddy } from './caddy.ts'
import type { Contestant } from './contestant.ts'
import { haproxy } from './haproxy.ts'
import { httpProxy3 } from './http-proxy-3.ts'
import { nginx } from './nginx.ts'
import { gateway } from './ours.ts'
import { stock } from './stock.ts'

/** Who is asked to take part. */
export interface Choice {
  /** Names; undefined = all but `ours-0`. */
  readonly only: readonly string[] | undefined
  /** Another build's `cli.js`. */
  readonly baseline: string | undefined
  /** Folder for CPU profiles of ours. */
  readonly profile: string | undefined
}

/**
 * Finds those that can take part.
 *
 * @param missing - Is told who can't, and what to install.
 * @throws Error when a name is unknown.
 */
export function chooseContestants(choice: Choice, missing: (line: string) => void): Contestant[] {
  const { only, baseline, profile } = choice
  const nodeOptions =
    profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`, '--cpu-prof-interval=500']
  const all = [
    gateway({ name: 'ours', title: 'ours', nodeOptions }),
    gateway({ name: 'ours-0', title: 'ours, `workers: 0`', workers: 0, nodeOptions }),
    ...(baseline === undefined ? [] : [gateway({ name: 'baseline', title: 'baseline', cli: baseline })]),
    stock,
    httpProxy3,
    nginx,
    haproxy,
    caddy
  ]
  const names = all.map(({ name }) => name)
  const asked = only ?? names.filter((name) => name !== 'ours-0')
  const unknown = asked.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`--only: expected ${names.join(', ')}, got ${unknown}`)
  return all.filter(({ name, title, program }) => {
    if (!asked.includes(name)) return false
    if (program === undefined || isInstalled(program.command)) return true
    missing(`${title} is left out: \`${program.command}\` is missing (Debian package ${program.debian})`)
    return false
  })
}
