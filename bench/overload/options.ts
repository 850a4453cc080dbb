import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { positive } from '../support/option-values.ts'
import type { Choice } from './contestants.ts'
import type { Lengths } from './scenario.ts'

/** What the command line asks for. */
export interface Options extends Choice {
  readonly lengths: Lengths
  /** Seconds of each load with which the peak is looked for. */
  readonly sweep: number
  readonly seed: number
  /** Whether to compile the sources into `dist/` before. */
  readonly build: boolean
  /** File for all figures as JSON. */
  readonly json: string | undefined
}

const LENGTHS: Lengths = { 'warm-up': 5, unloaded: 12, full: 12, overload: 25, recovery: 10 }
const QUICK_LENGTHS: Lengths = { 'warm-up': 4, unloaded: 8, full: 5, overload: 15, recovery: 8 }

/** What `--help` prints. */
export const USAGE = `node bench/overload/main.ts [options]
  --quick           ours with and without concurrency, shorter phases
  --only LIST       of adaptive,adaptive-2,static,none,haproxy,nginx; by default adaptive,none,haproxy,nginx
  --seconds N       ${LENGTHS.overload}, of the overload
  --min N           4, of the adaptive limit
  --max N           500, of the adaptive limit
  --seed N          1, of arrivals and service times
  --no-build        measure dist/ as it is
  --cli FILE        the cli.js of another build, instead of that of dist/; implies --no-build
  --json FILE       all figures
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
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      seconds: { type: 'string' },
      min: { type: 'string', default: '4' },
      max: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      'no-build': { type: 'boolean', default: false },
      cli: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  const lengths = values.quick ? QUICK_LENGTHS : LENGTHS
  return {
    quick: values.quick,
    only: values.only?.split(','),
    lengths: {
      ...lengths,
      ...(values.seconds !== undefined && { overload: positive('--seconds', values.seconds) })
    },
    sweep: values.quick ? 3 : 5,
    bounds: { min: positive('--min', values.min), max: positive('--max', values.max) },
    seed: positive('--seed', values.seed),
    build: !values['no-build'] && values.cli === undefined,
    cli: values.cli && resolve(values.cli),
    json: values.json,
    help: values.help
  }
}
