import { LOG_LEVELS } from '../config/types.ts'

/** An option of the command line: what {@link import('node:util').parseArgs} needs, and what completion offers for it. */
export interface OptionEntry {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: true
  readonly default?: string | boolean | string[]
  /** All values that there are, or that its value is a file. */
  readonly values?: readonly string[] | 'file'
}

/** Every option. */
export const OPTIONS = {
  config: { type: 'string', short: 'c', default: 'gateway.yaml', values: 'file' },
  admin: { type: 'string' },
  token: { type: 'string' },
  client: { type: 'string' },
  header: { type: 'string', multiple: true, default: [] as string[] },
  weight: { type: 'string' },
  tier: { type: 'string' },
  'max-in-flight': { type: 'string' },
  ttl: { type: 'string' },
  initially: { type: 'string', values: ['healthy', 'unhealthy'] },
  now: { type: 'boolean', default: false },
  'log-level': { type: 'string', values: LOG_LEVELS },
  json: { type: 'boolean', default: false },
  watch: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }
} as const satisfies Readonly<Record<string, OptionEntry>>

/** The name of an option. */
export type OptionName = keyof typeof OPTIONS

/** The words and options that a command takes, besides `--config` and `--help`, which all take. */
export interface CommandWords {
  /** Most words behind the command (behind the subcommand, where there are any). */
  readonly words: number
  readonly options?: readonly OptionName[]
  /** By their names; one of them must follow. */
  readonly subcommands?: Readonly<Record<string, CommandWords>>
}

const ADMIN = ['admin', 'token'] as const satisfies readonly OptionName[]

/** Every command. */
export const COMMAND_WORDS = {
  start: { words: 0, options: ['log-level'] },
  validate: { words: 0 },
  routes: { words: 0 },
  explain: { words: 2, options: ['header', 'client', ...ADMIN] },
  backends: {
    words: 0,
    subcommands: {
      list: { words: 1, options: ['json', ...ADMIN] },
      add: {
        words: 2,
        options: ['weight', 'tier', 'max-in-flight', 'ttl', 'initially', 'json', ...ADMIN]
      },
      drain: { words: 2, options: ['json', ...ADMIN] },
      enable: { words: 2, options: ['json', ...ADMIN] },
      remove: { words: 2, options: ['now', 'json', ...ADMIN] }
    }
  },
  status: { words: 0, options: ['watch', 'json', ...ADMIN] },
  completion: { words: 0, subcommands: { bash: { words: 0 }, zsh: { words: 0 }, fish: { words: 0 } } },
  schema: { words: 0 },
  'hash-key': { words: 1 }
} as const satisfies Readonly<Record<string, CommandWords>>

/** The name of a command. */
export type CommandName = keyof typeof COMMAND_WORDS

/** Options that every command takes. */
export const COMMON_OPTIONS = ['config', 'help'] as const satisfies readonly OptionName[]
