import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { positive } from '../support/option-values.ts'
import { BUILT_CLI } from '../support/build-project.ts'

/** What the command line asks for. */
export interface Options {
  /** Seconds of trouble. */
  readonly seconds: number
  /** Requests per second. */
  readonly rate: number
  readonly seed: number
  /** Whether clients speak TLS, and half of them HTTP/2. */
  readonly hasTls: boolean
  /** How many cases of each finding are printed. */
  readonly cases: number
  /** Whether to compile the sources into `dist/` before. */
  readonly build: boolean
  /** The file of the gateway's command line. */
  readonly cli: string
  /** Where to leave the gateway's log; undefined = nowhere. */
  readonly keep: string | undefined
}

/** What `--help` prints. */
export const USAGE = `node bench/chaos/main.ts [options]
  --quick        30 seconds
  --minutes N    5, of trouble
  --seconds N    instead of --minutes
  --seed N       of troubles and requests; by default another one each time, which is printed
  --rate N       150, requests per second
  --tls          clients speak TLS, and half of them HTTP/2
  --cases N      5, of each kind that must not be, printed with all that is known of it
  --keep FOLDER  leaves the gateway's log there
  --no-build     breaks dist/ as it is
  --cli FILE     the cli.js (or cli.ts) of another build; implies --no-build
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
      minutes: { type: 'string', default: '5' },
      seconds: { type: 'string' },
      seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1e6)) },
      rate: { type: 'string', default: '150' },
      tls: { type: 'boolean', default: false },
      cases: { type: 'string', default: '5' },
      keep: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      cli: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  const ofMinutes = values.quick ? 30 : 60 * positive('--minutes', values.minutes)
  return {
    seconds: values.seconds === undefined ? ofMinutes : positive('--seconds', values.seconds),
    rate: positive('--rate', values.rate),
    seed: positive('--seed', values.seed),
    hasTls: values.tls,
    cases: positive('--cases', values.cases),
    build: !values['no-build'] && values.cli === undefined,
    cli: values.cli === undefined ? BUILT_CLI : resolve(values.cli),
    keep: values.keep && resolve(values.keep),
    help: values.help
  }
}
