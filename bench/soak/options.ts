import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { positive } from '../support/option-values.ts'
import { BUILT_CLI } from '../support/build-project.ts'

/** What the command line asks for. */
export interface Options {
  /** Seconds. */
  readonly duration: number
  /** Seconds. */
  readonly calibration: number
  /** 0 to 1. */
  readonly share: number
  /** Whether to compile the sources into `dist/` before. */
  readonly build: boolean
  /** The file of the gateway's command line. */
  readonly cli: string
}

/** What `--help` prints. */
export const USAGE = `node bench/soak/main.ts [options]
  --minutes N      30
  --seconds N      instead of --minutes; below 6 minutes most musts can't be judged
  --calibrate N    20, seconds in which it is found out what the gateway can do
  --percent N      50, of that
  --no-build       measure dist/ as it is
  --cli FILE       the cli.js (or cli.ts) of another build; implies --no-build
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
      minutes: { type: 'string', default: '30' },
      seconds: { type: 'string' },
      calibrate: { type: 'string', default: '20' },
      percent: { type: 'string', default: '50' },
      'no-build': { type: 'boolean', default: false },
      cli: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  const { minutes, seconds } = values
  return {
    duration: seconds === undefined ? 60 * positive('--minutes', minutes) : positive('--seconds', seconds),
    calibration: positive('--calibrate', values.calibrate),
    share: positive('--percent', values.percent) / 100,
    build: !values['no-build'] && values.cli === undefined,
    cli: values.cli === undefined ? BUILT_CLI : resolve(values.cli),
    help: values.help
  }
}
