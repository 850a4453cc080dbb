import { createHash } from 'node:crypto'
import { readdir, readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { SourceDocument } from './document.ts'
import { displayFile, type ConfigIssue } from './issue.ts'
import { moduleDocument } from './route-module.ts'
import { formatDuration } from './units.ts'

/** A module of `routesDir` that was imported, with its default export not yet validated. */
export interface RouteModule {
  readonly document: SourceDocument
  readonly routes: readonly unknown[]
}

/** What a folder of route modules holds. */
export interface RouteModules {
  /** Undefined when the folder can't be read. */
  readonly modules: readonly RouteModule[] | undefined
  /** Modules that can't be read or imported, or export no list. */
  readonly issues: readonly ConfigIssue[]
}

interface Imported {
  readonly hash: string
  readonly exports: unknown
}

const imported = new Map<string, Imported>()
/** How often the import of a content failed: Node remembers a failure by URL, and its cause may be gone. */
const failures = new Map<string, number>()

/**
 * Imports every route module directly inside a folder, in the order of their names: `*.ts`, `*.js` and `*.mjs`, but
 * no declarations (`*.d.ts`) and tests (`*.test.*`). A module is imported again only when its own content changed;
 * Node keeps every version that it imported, and what a module imports itself is never imported again.
 *
 * @param folder - Absolute path.
 */
export async function loadRouteModules(folder: string): Promise<RouteModules> {
  let names: string[]
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    names = entries
      .filter((entry) => !entry.isDirectory() && isRouteModule(entry.name))
      .map(({ name }) => name)
  } catch {
    return { modules: undefined, issues: [] }
  }
  const loaded = await Promise.all(names.toSorted().map((name) => loadModule(join(folder, name))))
  return {
    modules: loaded.flatMap((result) => ('routes' in result ? [result] : [])),
    issues: loaded.flatMap((result) => ('routes' in result ? [] : [result]))
  }
}

function isRouteModule(name: string): boolean {
  return /\.(?:ts|js|mjs)$/.test(name) && !/\.(?:d\.ts|test\.[a-z]+)$/.test(name)
}

async function loadModule(file: string): Promise<RouteModule | ConfigIssue> {
  const name = displayFile(file)
  const issue = (line: number, message: string) => ({ file: name, line, path: '(root)', message })
  // Links are followed here: Node keeps where they led first, and a volume of Kubernetes is links that are swapped.
  let target: string
  let source: string
  try {
    target = await realpath(file)
    source = await readFile(target, 'utf8')
  } catch (error) {
    return issue(1, `expected a readable module, got ${(error as NodeJS.ErrnoException).code ?? 'an error'}`)
  }
  let exports: unknown
  try {
    exports = await importVersion(file, target, source)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const [firstLine = ''] = text.split('\n')
    return issue(
      lineOfFailure(target, error),
      `expected a module that can be imported, got the error ${JSON.stringify(firstLine)}`
    )
  }
  if (Array.isArray(exports)) return { document: moduleDocument(name, source, exports), routes: exports }
  const line = source.slice(0, Math.max(0, source.indexOf('export default'))).split('\n').length
  return issue(line, 'expected the default export to be a list of routes, as defineRoutes([…]) makes it')
}

/** @param target - Where the file's name leads: what is imported. */
async function importVersion(file: string, target: string, source: string): Promise<unknown> {
  const hash = createHash('sha256').update(source).digest('hex')
  const known = imported.get(file)
  if (known?.hash === hash) return known.exports
  const url = pathToFileURL(target)
  url.searchParams.set('v', hash)
  const attempt = failures.get(url.href) ?? 0
  const versioned = attempt === 0 ? url.href : `${url.href}&attempt=${attempt}`
  // A CommonJS module is remembered by its path alone.
  delete createRequire(import.meta.url).cache[target]
  try {
    const { default: exports } = await withinTime(import(versioned) as Promise<{ default?: unknown }>)
    imported.set(file, { hash, exports })
    return exports
  } catch (error) {
    failures.set(url.href, attempt + 1)
    throw error
  }
}

/** How long a module may take to load, in milliseconds: one that never does would end all reloading. */
const IMPORT_TIMEOUT = 10_000

async function withinTime<T>(loading: Promise<T>): Promise<T> {
  const timeout = new AbortController()
  const { signal } = timeout
  const late = delay(IMPORT_TIMEOUT, undefined, { signal }).then(() => {
    throw new Error(`it has not loaded within ${formatDuration(IMPORT_TIMEOUT)}`)
  })
  try {
    return await Promise.race([loading, late])
  } finally {
    timeout.abort()
    late.catch(() => {})
  }
}

/** The line that a stack names for the module; a syntax error has it in front of the stack. */
function lineOfFailure(file: string, error: unknown): number {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  for (const name of [pathToFileURL(file).href, file]) {
    const start = stack.indexOf(name)
    const line = start === -1 ? null : /^(?:\?[^\s:)]*)?:(\d+)/.exec(stack.slice(start + name.length))
    if (line) return Number(line[1])
  }
  return 1
}
