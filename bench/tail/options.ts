import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { oneOf, positive } from '../support/option-values.ts'
import type { Choice } from './contestants.ts'
import type { Pace } from './rounds.ts'
import { SCENARIOS, type Scenario } from './scenario.ts'

/** What the command line asks for. */
export interface Options extends Choice {
  readonly scenarios: readonly Scenario[]
  readonly pace: Pace
  /** How many proxies have their windows at the same time. */
  readonly lanes: number
  /** Whether to compile the sources into `dist/` before. */
  readonly build: boolean
  /** File for all measurements as JSON. */
  readonly json: string | undefined
}

/** What `--help` prints. */
export const USAGE = `node bench/tail/main.ts [options]
  --quick           one round
  --scenarios LIST  of ${[...SCENARIOS.keys()].join(',')}; by default both
  --only LIST       of least-latency,least-latency-2,haproxy-leastconn,baseline,random-two,haproxy-random,nginx,
                    least-connections,random,round-robin; by default all
  --rounds N        5
  --seconds N       15, of a window: the slow ones move once through all backends
  --warmup N        5, of load before it
  --load N          60 % of what the backends can serve
  --lanes N         3, proxies that are measured at the same time: the first three, and so on
  --no-build        measure dist/ as it is
  --cli FILE        the cli.js of another build, instead of that of dist/; implies --no-build
  --baseline FILE   the cli.js of another build, whose least-latency takes part as baseline
  --json FILE       all measurements
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
      scenarios: { type: 'string', default: [...SCENARIOS.keys()].join(',') },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string', default: '15' },
      warmup: { type: 'string', default: '5' },
      load: { type: 'string', default: '60' },
      lanes: { type: 'string', default: '3' },
      'no-build': { type: 'boolean', default: false },
      cli: { type: 'string' },
      baseline: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  return {
    scenarios: values.scenarios
      .split(',')
      .map((name) => SCENARIOS.get(oneOf('--scenarios', [...SCENARIOS.keys()], name))!),
    only: values.only?.split(','),
    pace: {
      rounds: positive('--rounds', values.rounds ?? (values.quick ? '1' : '5')),
      seconds: positive('--seconds', values.seconds),
      warmup: positive('--warmup', values.warmup),
      load: positive('--load', values.load)
    },
    lanes: positive('--lanes', values.lanes),
    build: !values['no-build'] && values.cli === undefined,
    cli: values.cli && resolve(values.cli),
    baseline: values.baseline && resolve(values.baseline),
    json: values.json,
    help: values.help
  }
}
