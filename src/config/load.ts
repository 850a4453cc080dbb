import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { crossCheck } from './cross-checks.ts'
import { fileDocument, quote, toIssues, type SourceDocument } from './document.ts'
import { interpolate } from './interpolate.ts'
import { ConfigError, displayFile, type ConfigIssue, type Finding } from './issue.ts'
import { valueAt } from './path.ts'
import { resolveConfig } from './resolve.ts'
import { loadRouteModules, type RouteModules } from './routes-dir.ts'
import type { RawConfig } from './schema.ts'
import type { GatewayConfig } from './types.ts'
import { inTurns } from './turns.ts'
import { validateConfig } from './validate.ts'
import { parseYamlInSteps } from './yaml-tree.ts'

/** What a configuration may refer to besides files. */
export interface LoadOptions {
  /** Variables for `${env:NAME}`; by default those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Loads a configuration file (YAML, or JSON as a subset of it) with the modules of its `routesDir`: parsed,
 * interpolated, validated, with every default in place.
 *
 * @param file - Relative paths start at the current directory.
 * @throws {ConfigError} With every error of the file and of its modules at once.
 */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<GatewayConfig> {
  const path = resolve(file)
  const name = displayFile(path)
  const tree = await inTurns(parseYamlInSteps(await readText(path, name)))
  if (tree.broken) throw new ConfigError(toIssues(fileDocument(name, tree.lines, new Map()), tree.findings))
  if (tree.value === null) throw fileError(name, 'expected a configuration, got an empty file')

  // A reload may run on a thread that has traffic: with a thousand routes, each part here takes milliseconds.
  await nextTurn()
  const folder = dirname(path)
  const {
    value,
    interpolated,
    findings: unresolved
  } = await interpolate(tree.value, {
    env: options.env ?? process.env,
    readFile: (target) => readFile(resolve(folder, target), 'utf8')
  })
  await nextTurn()
  const document = fileDocument(name, tree.lines, interpolated)
  const known = [...tree.findings, ...unresolved]
  const findings = [...known, ...validateConfig(value, document, interpolated, known)]
  const { modules = [], issues } = await loadModules(value, folder, document, findings)
  await nextTurn()
  const checks = crossCheck(value, document, findings, modules)
  const all = [...toIssues(document, [...tree.duplicates, ...findings]), ...issues, ...checks.issues]
  if (all.length > 0) throw new ConfigError(all)
  return resolveConfig(path, value as RawConfig, checks.routes)
}

async function readText(path: string, name: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (error) {
    throw fileError(name, `expected a configuration file, got ${describeFailure(error)}`)
  }
}

function describeFailure(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'nothing: there is no such file'
  if (code === 'EISDIR') return 'a folder'
  return code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
    ? 'a file that is not UTF-8'
    : (code ?? 'an unreadable file')
}

async function loadModules(
  root: unknown,
  folder: string,
  document: SourceDocument,
  findings: readonly Finding[]
): Promise<RouteModules> {
  const path = ['routesDir']
  const routesDir = valueAt(root, path)
  const isWrong = findings.some((finding) => finding.path[0] === 'routesDir')
  if (typeof routesDir !== 'string' || isWrong) return { modules: [], issues: [] }
  const loaded = await loadRouteModules(resolve(folder, routesDir))
  if (loaded.modules) return loaded
  const message = `expected a folder with route modules, got ${quote(document, path, routesDir)}`
  return { modules: [], issues: toIssues(document, [{ path, message }]) }
}

function fileError(file: string, message: string): ConfigError {
  const issue: ConfigIssue = { file, line: 1, path: '(root)', message }
  return new ConfigError([issue])
}
