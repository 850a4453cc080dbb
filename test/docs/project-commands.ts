import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readWords } from '../../src/commands/main.ts'
import { ROOT } from './documents.ts'

const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>
}

/** npm's own commands. */
const NPM = ['ci', 'install', 'audit', 'pack', 'publish', 'version', 'link']

/**
 * What is wrong with a command of the project as it is written in a document: of `xecureapi` its words, of `npm` its
 * scripts and the flags that these take. Undefined when nothing is, or when it is a command of somebody else.
 */
export async function wrongCommand(words: readonly string[]): Promise<string | undefined> {
  const [program, ...rest] = words
  if (program === 'npx' && rest[0] === 'xecureapi') return wrongXecureapi(rest.slice(1))
  if (program === 'xecureapi') return wrongXecureapi(rest)
  return program === 'npm' ? await wrongNpm(rest) : undefined
}

function wrongXecureapi(words: readonly string[]): string | undefined {
  try {
    readWords(words)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

async function wrongNpm([command = '', ...rest]: readonly string[]): Promise<string | undefined> {
  if (NPM.includes(command)) return undefined
  const [name, ...flags] = command === 'run' ? rest : [command, ...rest]
  const script = name === undefined ? undefined : scripts[name]
  if (script === undefined) return `there is no npm script "${name}"`
  if (flags.length === 0) return undefined
  if (flags[0] !== '--') return `npm takes "${flags[0]}" for itself: "--" is missing`
  if (name === 'start') return wrongXecureapi(['start', ...flags.slice(1)])
  const help = await helpOf(script)
  const unknown = flags.find(
    (flag) => flag.startsWith('--') && flag !== '--' && !help.includes(flag.split('=')[0]!)
  )
  return unknown === undefined ? undefined : `${name} takes no "${unknown}"`
}

const helps = new Map<string, Promise<string>>()

/** What a script prints about its flags; nothing when it knows none. */
async function helpOf(script: string): Promise<string> {
  const known = helps.get(script) ?? askForHelp(script)
  helps.set(script, known)
  return await known
}

async function askForHelp(script: string): Promise<string> {
  const [, file = ''] = /^node (\S+\.ts)/.exec(script) ?? []
  const path = join(ROOT, file)
  // Any other would do its work instead of printing what it takes.
  if (file === '' || !/\bhelp\b|\bUSAGE\b/.test(await readFile(path, 'utf8'))) return ''
  const asked = promisify(execFile)(process.execPath, [path, '--help'], { timeout: 60_000 })
  return await asked.then(
    ({ stdout }) => `${stdout} --help`,
    // One that does not know `--help` says what it knows.
    ({ stderr = '' }: { stderr?: string }) => stderr
  )
}
