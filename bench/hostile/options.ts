import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { oneOf, positive } from '../support/option-values.ts'
import { type Attack, ATTACKS } from './attacks.ts'
import { BUILT_CLI } from '../support/build-project.ts'

/** What the command line asks for. */
export interface Options {
  readonly attacks: readonly Attack[]
  /** Of an attack, in seconds. */
  readonly seconds: number
  /** Of ordinary load without an attack, in seconds. */
  readonly calm: number
  /** Requests of ordinary clients per second. */
  readonly rate: number
  /** Connections of slowhttptest. */
  readonly connections: number
  /** Whether to compile the sources into `dist/` before. */
  readonly build: boolean
  /** The file of the gateway's command line. */
  readonly cli: string
}

/** What `--help` prints. */
export const USAGE = `node bench/hostile/main.ts [options]
  --quick           --seconds 3 --calm 3 --connections 1000
  --only LIST       of ${ATTACKS.map(({ name }) => name).join(',')}; by default all
  --seconds N       14, of an attack
  --calm N          10, of ordinary load before all attacks: what is usual
  --rate N          150, requests of ordinary clients per second
  --connections N   1500, of slowhttptest
  --no-build        measure dist/ as it is
  --cli FILE        the cli.js (or cli.ts) of another build; implies --no-build
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
      calm: { type: 'string' },
      rate: { type: 'string', default: '150' },
      connections: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      cli: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  const { quick, only } = values
  const names = ATTACKS.map(({ name }) => name)
  const chosen = only?.split(',').map((name) => oneOf('--only', names, name))
  return {
    attacks: ATTACKS.filter(({ name }) => chosen === undefined || chosen.includes(name)),
    seconds: positive('--seconds', values.seconds ?? (quick ? '3' : '14')),
    calm: positive('--calm', values.calm ?? (quick ? '3' : '10')),
    rate: positive('--rate', values.rate),
    connections: positive('--connections', values.connections ?? (quick ? '1000' : '1500')),
    build: !values['no-build'] && values.cli === undefined,
    cli: values.cli === undefined ? BUILT_CLI : resolve(values.cli),
    help: values.help
  }
}
