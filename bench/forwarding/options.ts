import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { oneOf, positive } from '../support/option-values.ts'
import { LOADS, type Load } from './loads.ts'
import type { Pace } from './rounds.ts'

/** Tables that can be asked for. */
export const TABLES = ['loads', 'logs', 'scale', 'limits', 'metrics'] as const
export type TableName = (typeof TABLES)[number]

/** What the command line asks for. */
export interface Options {
  readonly tables: readonly TableName[]
  /** Names of contestants; undefined = all. */
  readonly only: readonly string[] | undefined
  readonly loads: readonly Load[]
  readonly pace: Pace
  /** Whether to compile the sources into `dist/` before. */
  readonly build: boolean
  /** Another build's `cli.js`, which takes part as `baseline`. */
  readonly baseline: string | undefined
  /** File for all measurements as JSON. */
  readonly json: string | undefined
  /** Folder for CPU profiles of ours. */
  readonly profile: string | undefined
}

/** What `--help` prints. */
export const USAGE = `node bench/forwarding/main.ts [options]
  --tables LIST     of ${TABLES.join(',')}; by default loads
  --only LIST       of ours,ours-0,baseline,stock,http-proxy-3,nginx,haproxy,caddy; by default all but ours-0
  --loads LIST      of ${[...LOADS.keys()].join(',')}; by default all
  --rounds N        5
  --seconds N       4, of a window
  --warmup N        2, of load before it
  --no-build        measure dist/ as it is
  --baseline FILE   the cli.js of another build, which takes part as baseline
  --json FILE       all measurements
  --profile FOLDER  CPU profiles of ours (*.cpuprofile), the only one that runs then; its figures include the profiler
`

/**
 * Reads the command line.
 *
 * @throws Error that names what is unknown.
 */
export function readOptions(args: string[]): Options & { readonly help: boolean } {
  const { values } = parseArgs({
    args,
    options: {
      tables: { type: 'string', default: 'loads' },
      only: { type: 'string' },
      loads: { type: 'string', default: [...LOADS.keys()].join(',') },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      warmup: { type: 'string', default: '2' },
      'no-build': { type: 'boolean', default: false },
      baseline: { type: 'string' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  return {
    tables: values.tables.split(',').map((name) => oneOf('--tables', TABLES, name)),
    only: values.profile === undefined ? values.only?.split(',') : ['ours'],
    loads: values.loads.split(',').map((name) => LOADS.get(oneOf('--loads', [...LOADS.keys()], name))!),
    pace: {
      rounds: positive('--rounds', values.rounds),
      seconds: positive('--seconds', values.seconds),
      warmup: positive('--warmup', values.warmup)
    },
    build: !values['no-build'],
    baseline: values.baseline && resolve(values.baseline),
    json: values.json,
    profile: values.profile && resolve(values.profile),
    help: values.help
  }
}
