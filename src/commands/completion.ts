import {
  COMMAND_WORDS,
  COMMON_OPTIONS,
  type CommandWords,
  type OptionEntry,
  type OptionName,
  OPTIONS
} from './grammar.ts'
import { type Command, UsageError } from './main.ts'

/** Prints a script that completes the words of this command in a shell. */
export const completion: Command = async (_options, [shell = '']) => {
  process.stdout.write(completionScript(shell))
  return 0
}

/**
 * @param shell - `bash`, `zsh` or `fish`.
 * @throws UsageError for another.
 */
export function completionScript(shell: string): string {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
  if (!script) throw new UsageError('completion is there for bash, zsh and fish')
  return script()
}

const SCRIPTS: Readonly<Record<string, () => string>> = { bash, zsh, fish }

function bash(): string {
  return `# xecureapi: source <(xecureapi completion bash)
_xecureapi() {
  local current=\${COMP_WORDS[COMP_CWORD]} line='' skip='' word IFS=$' \\t\\n'
  COMPREPLY=()
  case \${COMP_WORDS[COMP_CWORD-1]} in
${valueCases((values) => `COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$current"))`, `IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current")); compopt -o filenames 2>/dev/null`)}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
${positionalLoop()}
  done
  case $line in
${lineCases((words) => `COMPREPLY=($(compgen -W '${words}' -- "$current"))`)}
  esac
}
complete -F _xecureapi xecureapi
`
}

function zsh(): string {
  return `#compdef xecureapi
# xecureapi: source <(xecureapi completion zsh), after compinit; or as a file _xecureapi in $fpath
_xecureapi() {
  local line='' skip='' word
  case \${words[CURRENT-1]} in
${valueCases((values) => `compadd -- ${values.join(' ')}`, '_files')}
  esac
  for word in "\${(@)words[2,CURRENT-1]}"; do
${positionalLoop()}
  done
  case $line in
${lineCases((words) => `compadd -- ${words}`)}
  esac
}
if [[ $\{funcstack[1]} == _xecureapi ]]; then _xecureapi "$@"; else compdef _xecureapi xecureapi; fi
`
}

/** The word before is an option that has a value: a file, one of a few, or whatever. */
function valueCases(oneOf: (values: readonly string[]) => string, file: string): string {
  const lines = valued().map(([name, { values }]) => {
    const complete = values === 'file' ? `${file}; ` : values ? `${oneOf(values)}; ` : ''
    return `    ${flags(name).join('|')}) ${complete}return ;;`
  })
  return lines.join('\n')
}

/** Gathers the words that are neither options nor their values. */
function positionalLoop(): string {
  const names = valued().flatMap(([name]) => flags(name))
  return `    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      ${names.join('|')}) skip=1 ;;
      -*) ;;
      *) line="$line\${line:+ }$word" ;;
    esac`
}

/** What may follow the words so far: commands, subcommands, else options. */
function lineCases(offer: (words: string) => string): string {
  return places()
    .map(({ path, names, options }) => {
      const words = [...names, ...options.flatMap(flags)].join(' ')
      const text = path.join(' ')
      // Where a name must follow, other words lead nowhere.
      const pattern = names.length > 0 ? `'${text}'` : `'${text}'|'${text} '*`
      return `    ${pattern}) ${offer(words)} ;;`
    })
    .join('\n')
}

function fish(): string {
  const lines = places().flatMap(({ path, names, options }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`)
    const unnamed = `not __fish_seen_subcommand_from ${names.join(' ')}`
    const condition = [...seen, ...(names.length > 0 ? [unnamed] : [])].join('; and ')
    const begin = `complete -c xecureapi -n '${condition}'`
    return [
      ...(names.length > 0 ? [`${begin} -a '${names.join(' ')}'`] : []),
      ...options.map((name) => `${begin} ${fishOption(name)}`)
    ]
  })
  return `# xecureapi: xecureapi completion fish | source
complete -c xecureapi -f
${lines.join('\n')}
`
}

function fishOption(name: OptionName): string {
  const { type, short, values }: OptionEntry = OPTIONS[name]
  const names = `${short === undefined ? '' : `-s ${short} `}-l ${name}`
  if (type === 'boolean') return names
  if (values === 'file') return `${names} -r -F`
  return values ? `${names} -x -a '${values.join(' ')}'` : `${names} -x`
}

interface Place {
  readonly path: readonly string[]
  readonly names: readonly string[]
  readonly options: readonly OptionName[]
}

/** Every place in a line: before the command, behind it, and behind its subcommand. */
function places(): Place[] {
  return [placeOf([], { words: 0, subcommands: COMMAND_WORDS }), ...below([], COMMAND_WORDS)]
}

function below(path: readonly string[], commands: Readonly<Record<string, CommandWords>>): Place[] {
  return Object.entries(commands).flatMap(([name, words]) => {
    const here = [...path, name]
    return [placeOf(here, words), ...below(here, words.subcommands ?? {})]
  })
}

function placeOf(path: readonly string[], { options = [], subcommands = {} }: CommandWords): Place {
  return { path, names: Object.keys(subcommands), options: [...options, ...COMMON_OPTIONS] }
}

function valued(): (readonly [OptionName, OptionEntry])[] {
  const entries = Object.entries(OPTIONS) as [OptionName, OptionEntry][]
  return entries.filter(([, { type }]) => type === 'string')
}

function flags(name: OptionName): string[] {
  const { short }: OptionEntry = OPTIONS[name]
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`]
}
