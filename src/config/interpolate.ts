import type { Finding } from './issue.ts'
import { formatPath, type Path } from './path.ts'

/** Where placeholders take their values from. */
export interface InterpolationSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads a file named in the configuration as text; rejects when it can't. */
  readonly readFile: (path: string) => Promise<string>
}

/** A text that held placeholders. */
export interface Interpolated {
  /** As it was written. */
  readonly written: string
  /** Whether one placeholder was the whole text, so that it may stand for a number or `true`/`false`. */
  readonly whole: boolean
}

/** Data with its placeholders replaced. */
export interface Interpolation {
  readonly value: unknown
  /** By {@link formatPath}: which texts were interpolated. */
  readonly interpolated: ReadonlyMap<string, Interpolated>
  /** Placeholders without a value; their texts stay as they were written. */
  readonly findings: readonly Finding[]
}

const PLACEHOLDER = /\$\$\{|\$\{(?<body>[^}]*)(?<end>\}?)/g

/**
 * Replaces `${env:NAME}` and `${file:PATH}` in the texts of parsed data, never in keys. A file's last line break
 * is dropped, and what was put in is not looked at again. `$${` stands for a plain `${`.
 */
export async function interpolate(root: unknown, sources: InterpolationSources): Promise<Interpolation> {
  const interpolated = new Map<string, Interpolated>()
  const findings: Finding[] = []

  async function visit(value: unknown, path: Path): Promise<unknown> {
    if (typeof value === 'string' && value.includes('${')) return expand(value, path)
    if (Array.isArray(value)) {
      return Promise.all(value.map((item: unknown, index) => visit(item, [...path, index])))
    }
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(
      async ([key, item]) => [key, await visit(item, [...path, key])] as const
    )
    return Object.fromEntries(await Promise.all(entries))
  }

  async function expand(written: string, path: Path): Promise<string> {
    const matches = [...written.matchAll(PLACEHOLDER)]
    const parts = await Promise.all(matches.map((match) => lookUp(match, sources)))
    const problems = parts.flatMap((part) => ('problem' in part ? [part.problem] : []))
    findings.push(...problems.map((message) => ({ path, message })))
    interpolated.set(formatPath(path), {
      written,
      whole: matches.length === 1 && matches[0]?.[0] === written
    })
    if (problems.length > 0) return written
    const values = parts.map((part) => ('text' in part ? part.text : ''))
    return written.replace(PLACEHOLDER, () => values.shift() ?? '')
  }

  return { value: await visit(root, []), interpolated, findings }
}

async function lookUp(
  match: RegExpMatchArray,
  { env, readFile }: InterpolationSources
): Promise<{ text: string } | { problem: string }> {
  if (match[0] === '$${') return { text: '${' }
  const [, kind, argument] = /^(env|file):(.+)$/s.exec(match.groups?.['body'] ?? '') ?? []
  if (argument === undefined || match.groups?.['end'] === '') {
    return {
      problem: `expected \${env:NAME} or \${file:PATH}, got ${JSON.stringify(match[0])}; a plain \${ is written $\${`
    }
  }
  if (kind === 'env') {
    const value = env[argument]
    return value === undefined
      ? { problem: `expected the environment variable ${argument} to be set` }
      : { text: value }
  }
  try {
    return { text: (await readFile(argument)).replace(/\r?\n$/, '') }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    return { problem: `expected a readable file ${argument}, got ${code}` }
  }
}

/**
 * What a text that came from one placeholder stands for where the schema wants no text.
 *
 * @returns undefined when it is no such thing.
 */
export function convertText(text: string, type: unknown): number | boolean | undefined {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  if ((type === 'integer' || type === 'number') && /^-?\d{1,15}(?:\.\d+)?$/.test(text)) return Number(text)
  return undefined
}
