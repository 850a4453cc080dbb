import { parseArgs } from 'node:util'
import { ConfigError } from '../config/issue.ts'
import { ListenError } from '../threads/reserve-port.ts'
import { CertificateError } from '../tls/certificate.ts'
import { COMMAND_WORDS, type CommandName, type CommandWords, COMMON_OPTIONS, OPTIONS } from './grammar.ts'

/** Options of the command line, as given. */
export interface CommandOptions {
  readonly config: string
  readonly admin: string | undefined
  readonly token: string | undefined
  readonly client: string | undefined
  /** `name:value`, as often as given. */
  readonly header: readonly string[]
  readonly weight: string | undefined
  readonly tier: string | undefined
  readonly maxInFlight: string | undefined
  readonly ttl: string | undefined
  readonly initially: string | undefined
  readonly now: boolean
  readonly logLevel: string | undefined
  readonly json: boolean
  readonly watch: boolean
}

/** One command. @returns The exit code, or undefined when it goes on running. */
export type Command = (options: CommandOptions, args: readonly string[]) => Promise<number | undefined>

/** The commands, each loaded when it is asked for. */
const COMMANDS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  start: async () => (await import('./start.ts')).start,
  validate: async () => (await import('./validate.ts')).validate,
  routes: async () => (await import('./routes.ts')).routes,
  explain: async () => (await import('./explain.ts')).explain,
  backends: async () => (await import('./backends.ts')).backends,
  status: async () => (await import('./status.ts')).status,
  completion: async () => (await import('./completion.ts')).completion,
  schema: async () => (await import('./schema.ts')).schema,
  'hash-key': async () => (await import('./hash-key.ts')).hashKey
}

const USAGE = `usage: xecureapi ${Object.keys(COMMANDS).join('|')} [--config gateway.yaml]

  start [--log-level LEVEL] serves; with this level instead of the configuration's: trace, debug, info, …, silent
  validate                  prints every error of the configuration
  routes                    prints the route table
  explain METHOD URL        says which route, group and backends would serve a request, and why
    --header name:value       as often as needed
    --client ADDRESS          where it comes from, for what goes by the client's address
  backends list [GROUP]     the backends of the running gateway
  backends add GROUP URL    registers one
    --weight N --tier N --max-in-flight N --ttl 15s --initially healthy|unhealthy
  backends drain|enable GROUP ID|URL
                            gives one no new requests; gives it some again
  backends remove GROUP ID|URL [--now]
                            drains one that was registered, then removes it; --now: at once
  status [--watch]          how the running gateway is; each second
  completion bash|zsh|fish  prints a script for this shell: source <(xecureapi completion bash)
  schema                    prints the JSON Schema of the configuration
  hash-key [KEY]            prints the hash of an API key (else of standard input, else of a new one) for auth.apiKeys

explain, backends and status ask a running gateway:
    --admin URL               its admin address; by default as the configuration says
    --token TOKEN             or XECUREAPI_TOKEN
    --json                    backends, status: JSON for scripts

exit codes: 0 done, 1 refused, wrong words or an error, 2 no gateway answers
`

/** Runs the command line; its exit codes are those of the usage, with the reason on standard error. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    const words = readWords(argv)
    if (words === 'help') {
      process.stdout.write(USAGE)
      return
    }
    const command = await COMMANDS[words.name]()
    const code = await command(words.options, words.args)
    if (code !== undefined) process.exitCode = code
  } catch (error) {
    process.stderr.write(`${explainFailure(error)}\n`)
    process.exitCode = error instanceof NoGatewayError ? 2 : 1
  }
}

/** A command line that is one. */
export interface Words {
  readonly name: CommandName
  readonly options: CommandOptions
  /** What stands behind the command. */
  readonly args: readonly string[]
}

/** Reads a command line, without its first word `xecureapi`. @throws UsageError for words that no command takes */
export function readWords(argv: readonly string[]): Words | 'help' {
  const { values, positionals, tokens } = parse(argv)
  const [name = '', ...args] = positionals
  if (values.help) return 'help'
  if (!isCommand(name)) {
    throw new UsageError(name === '' ? 'a command is missing' : `there is no command "${name}"`)
  }
  const given = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []))
  checkWords(name, COMMAND_WORDS[name], args, given)
  return { name, options: optionsOf(values), args }
}

/** What a command could not do, for the operator. */
export class CommandError extends Error {}

/** No gateway answers; its message says where, and why. */
export class NoGatewayError extends CommandError {}

/** Wrong words on the command line. */
export class UsageError extends Error {}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name)
}

/** `validate other.yaml` must not say that gateway.yaml is valid, nor `drain --now` seem to do something else. */
function checkWords(
  name: string,
  { words, options = [], subcommands }: CommandWords,
  args: readonly string[],
  given: readonly string[]
): void {
  if (subcommands) {
    const [word, ...rest] = args
    const one = `one of ${Object.keys(subcommands).join(', ')}`
    if (word === undefined) throw new UsageError(`${name} needs ${one}`)
    const entry = Object.hasOwn(subcommands, word) ? subcommands[word] : undefined
    if (!entry) throw new UsageError(`${name} takes no "${word}", but ${one}`)
    checkWords(`${name} ${word}`, entry, rest, given)
    return
  }
  const surplus = args[words]
  if (surplus !== undefined) throw new UsageError(`${name} takes no "${surplus}"`)
  const taken: readonly string[] = [...options, ...COMMON_OPTIONS]
  const other = given.find((option) => !taken.includes(option))
  if (other !== undefined) throw new UsageError(`${name} takes no "--${other}"`)
}

type ParsedOptions = ReturnType<typeof parse>['values']

function optionsOf(values: ParsedOptions): CommandOptions {
  const { config, admin, token, client, header, weight, tier, ttl, initially, now, json, watch } = values
  const maxInFlight = values['max-in-flight']
  const logLevel = values['log-level']
  return {
    config,
    admin,
    token,
    client,
    header,
    weight,
    tier,
    maxInFlight,
    ttl,
    initially,
    now,
    logLevel,
    json,
    watch
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, tokens: true, options: OPTIONS })
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
