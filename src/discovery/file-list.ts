import { isDeepStrictEqual } from 'node:util'
import type { Finding } from '../config/issue.ts'
import { parseOrigin } from '../config/origin.ts'
import type { Path } from '../config/path.ts'
import { didYouMeanOrList } from '../config/suggest.ts'
import { parseYamlInSteps } from '../config/yaml-tree.ts'
import type { DiscoveredBackend } from './provider.ts'
import { sortBackends } from './sort-backends.ts'

/** More than these are no list that anybody meant to write. */
const MAX_TARGETS = 10_000

/** Either the backends of a list, or what is wrong with it. */
export type FileListResult =
  | { readonly backends: readonly DiscoveredBackend[] }
  /** Sorted by line, never empty. The messages repeat no values, which may hold passwords. */
  | { readonly findings: readonly (Finding & { readonly line: number })[] }

/** Settings of a backend: their key here, the label of a target, and the largest value. */
const SETTINGS = [
  { key: 'weight', label: 'weight', max: 1000 },
  { key: 'tier', label: 'tier', max: 15 },
  { key: 'maxInFlight', label: 'max_in_flight', max: 1_000_000 }
] as const

type Settings = Partial<Record<(typeof SETTINGS)[number]['key'], number>>

/**
 * Reads a list of backends, YAML or JSON, with pauses. Its items are URLs, `{ url, weight, tier, maxInFlight }`, or
 * `{ targets, labels }` as in files of Prometheus' file_sd: targets without a scheme are http, the labels `weight`,
 * `tier` and `max_in_flight` count, others are somebody else's.
 *
 * @returns The backends sorted by url, each once; or all that is wrong.
 */
export function* readFileList(text: string): Generator<void, FileListResult> {
  const { value, lines, broken, findings, duplicates } = yield* parseYamlInSteps(text)
  const found = [...findings, ...duplicates].map(withoutValues)
  const list = new ListReader()
  if (!broken) list.read(value)
  const all = [...found, ...list.findings]
  if (all.length === 0) return { backends: sortBackends(list.backends) }
  return {
    findings: all
      .map(({ path, at, message, line = lines.lineOf(path, at) }) => ({
        path: path.map(withoutValue),
        message,
        line
      }))
      .toSorted((a, b) => a.line - b.line)
  }
}

/** The parser quotes what it stumbles over. */
function withoutValues(finding: Finding): Finding {
  return { ...finding, message: finding.message.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '…') }
}

/** A URL with a password becomes a key when a colon follows it. */
function withoutValue(step: string | number): string | number {
  return typeof step === 'number' || /^\w{1,32}$/.test(step) ? step : '…'
}

class ListReader {
  readonly findings: Finding[] = []
  readonly #backends = new Map<string, DiscoveredBackend>()
  #count = 0

  get backends(): DiscoveredBackend[] {
    return [...this.#backends.values()]
  }

  read(value: unknown): void {
    if (!Array.isArray(value)) this.#expect([], 'a list of backends', value)
    else for (const [index, item] of value.entries()) this.#readItem(item, [index])
    if (this.#count > MAX_TARGETS) this.findings.push({ path: [], message: tooMany(this.#count) })
  }

  #readItem(item: unknown, path: Path): void {
    if (typeof item === 'string') this.#add(item, {}, path)
    else if (!isObject(item)) this.#expect(path, 'a URL, { url } or { targets }', item)
    else if (Object.hasOwn(item, 'targets')) this.#readTargets(item, path)
    else this.#readBackend(item, path)
  }

  #readBackend(item: Record<string, unknown>, path: Path): void {
    this.#expectKeys(item, ['url', ...SETTINGS.map(({ key }) => key)], path)
    const settings: Settings = {}
    for (const { key, max } of SETTINGS) {
      if (!Object.hasOwn(item, key)) continue
      const value = item[key]
      if (isWithin(value, max)) settings[key] = value
      else this.#expectUpTo(max, [...path, key], value)
    }
    const { url } = item
    if (typeof url === 'string') this.#add(url, settings, [...path, 'url'])
    else this.#expect([...path, 'url'], 'an http:// or https:// URL', url)
  }

  #readTargets(item: Record<string, unknown>, path: Path): void {
    this.#expectKeys(item, ['targets', 'labels'], path)
    const settings = this.#readLabels(item['labels'] ?? {}, [...path, 'labels'])
    const { targets } = item
    const place = [...path, 'targets']
    if (!Array.isArray(targets)) {
      this.#expect(place, 'a list of targets', targets)
      return
    }
    for (const [index, target] of targets.entries()) {
      if (typeof target !== 'string')
        this.#expect([...place, index], 'a target such as 10.0.0.1:3001', target)
      else
        this.#add(/^[a-z][a-z0-9+.-]*:\/\//i.test(target) ? target : `http://${target}`, settings, [
          ...place,
          index
        ])
    }
  }

  #readLabels(labels: unknown, path: Path): Settings {
    const settings: Settings = {}
    if (!isObject(labels)) {
      this.#expect(path, 'labels', labels)
      return settings
    }
    for (const { key, label, max } of SETTINGS) {
      if (!Object.hasOwn(labels, label)) continue
      const text = labels[label]
      // Prometheus takes the text of a number in YAML, too.
      const value = typeof text === 'string' && /^\d{1,7}$/.test(text) ? Number(text) : text
      if (isWithin(value, max)) settings[key] = value
      else this.#expectUpTo(max, [...path, label], value)
    }
    return settings
  }

  #add(text: string, settings: Settings, path: Path): void {
    this.#count++
    const result = parseOrigin(text)
    if ('expected' in result) {
      this.findings.push({ path, message: `expected ${result.expected}` })
      return
    }
    const backend = { url: result.origin, ...settings }
    const other = this.#backends.get(backend.url)
    if (!other) this.#backends.set(backend.url, backend)
    else if (!isDeepStrictEqual(other, backend)) {
      this.findings.push({ path, message: 'expected the settings that this backend has in the list before' })
    }
  }

  #expectKeys(item: Record<string, unknown>, keys: readonly string[], path: Path): void {
    for (const key of Object.keys(item).filter((key) => !keys.includes(key))) {
      const message = `unknown key${didYouMeanOrList(key, keys)}`
      this.findings.push({ path: [...path, key], at: 'key', message })
    }
  }

  #expectUpTo(max: number, path: Path, value: unknown): void {
    const got = typeof value === 'number' ? `${value}` : kindOf(value)
    this.findings.push({ path, message: `expected a whole number from 0 to ${max}, got ${got}` })
  }

  #expect(path: Path, expected: string, value: unknown): void {
    this.findings.push({ path, message: `expected ${expected}, got ${kindOf(value)}` })
  }
}

function tooMany(count: number): string {
  return `expected at most ${MAX_TARGETS} targets, got ${count}`
}

function isWithin(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What kind of value was found. Not which: it may hold a password. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'string' ? 'a text' : typeof value === 'number' ? 'a number' : 'true or false'
}
