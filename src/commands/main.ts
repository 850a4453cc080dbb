import { parseArgs } from 'node:util'
import { ConfigError } from '../config/issue.ts'
import { ListenError } from '../threads/reserve-port.ts'
import { CertificateError } from '../tls/certificate.ts'

/** Options of the command line, as given. */
export interface CommandOptions {
  readonly config: string
  readonly admin: string | undefined
  readonly token: string | undefined
  readonly client: string | undefined
  /** `name:value`, as often as given. */
  readonly header: readonly string[]
}

/** One subcommand. @returns The exit code, or undefined when it goes on running. */
export type Command = (options: CommandOptions, args: readonly string[]) => Promise<number | undefined>

/** A subcommand, loaded when it is asked for, and the number of words that it takes. */
interface CommandEntry {
  readonly load: () => Promise<Command>
  readonly words: number
}

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  start: { load: async () => (await import('./start.ts')).start, words: 0 },
  validate: { load: async () => (await import('./validate.ts')).validate, words: 0 },
  routes: { load: async () => (await import('./routes.ts')).routes, words: 0 },
  explain: { load: async () => (await import('./explain.ts')).explain, words: 2 },
  schema: { load: async () => (await import('./schema.ts')).schema, words: 0 },
  'hash-key': { load: async () => (await import('./hash-key.ts')).hashKey, words: 1 }
}

const USAGE = `usage: xecureapi start|validate|routes|explain|schema|hash-key [--config gateway.yaml]

  start                     serves
  validate                  prints every error of the configuration; exits 0 or 1
  routes                    prints the route table
  explain METHOD URL        says which route, group and backends would serve a request, and why
    --header name:value       as often as needed
    --client ADDRESS          where it comes from, for what goes by the client's address
    --admin URL               admin address of the gateway to ask; by default as the configuration says
    --token TOKEN             or XECUREAPI_TOKEN
  schema                    prints the JSON Schema of the configuration
  hash-key [KEY]            prints the hash of an API key (else of standard input, else of a new one) for auth.apiKeys
`

/** Runs the command line: exits 0 when all went well, 1 otherwise, with the reason on standard error. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    const { values, positionals } = parse(argv)
    const [name = '', ...args] = positionals
    if (values.help) {
      process.stdout.write(USAGE)
      return
    }
    const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (!entry) throw new UsageError(name === '' ? 'a command is missing' : `there is no command "${name}"`)
    // `validate other.yaml` must not say that gateway.yaml is valid.
    const surplus = args[entry.words]
    if (surplus !== undefined) throw new UsageError(`${name} takes no "${surplus}"`)
    const command = await entry.load()
    const code = await command(
      { ...values, admin: values.admin, token: values.token, client: values.client },
      args
    )
    if (code !== undefined) process.exitCode = code
  } catch (error) {
    process.stderr.write(`${explainFailure(error)}\n`)
    process.exitCode = 1
  }
}

/** What a command could not do, for the operator. */
export class CommandError extends Error {}

/** Wrong words on the command line. */
export class UsageError extends Error {}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c', default: 'gateway.yaml' },
        admin: { type: 'string' },
        token: { type: 'string' },
        client: { type: 'string' },
        header: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false }
      }
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function explainFailure(error: unknown): string {
  if (error instanceof UsageError) return `xecureapi: ${error.message}\n\n${USAGE}`
  if (error instanceof ConfigError) return error.message
  if (error instanceof ListenError || error instanceof CertificateError || error instanceof CommandError)
    return `xecureapi: ${error.message}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
