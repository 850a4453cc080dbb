import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { crossCheck } from './cross-checks.ts'
import { fileDocument, quote, toIssues, type SourceDocument } from './document.ts'
import { interpolate } from './interpolate.ts'
import { ConfigError, displayFile, type ConfigIssue, type Finding } from './issue.ts'
import { formatPath, valueAt } from './path.ts'
import { resolveServerTls, resolveUpstreamTls } from './resolve-tls.ts'
import { resolveConfig } from './resolve.ts'
import { loadRouteModules, type RouteModules } from './routes-dir.ts'
import type { RawConfig } from './schema.ts'
import type { CertificateConfig, GatewayConfig, UpstreamGroupConfig, UpstreamTlsConfig } from './types.ts'
import { inTurns } from './turns.ts'
import { validateConfig } from './validate.ts'
import { parseYamlInSteps } from './yaml-tree.ts'

/** What a configuration may refer to besides files. */
export interface LoadOptions {
  /** Variables for `${env:NAME}`; by default those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Looks at the certificates, unless what names them is wrong itself; its findings are errors like all others. */
  readonly checkCertificates?: (certificates: readonly CertificateConfig[]) => Promise<readonly Finding[]>
  /** Reads the files that groups name for TLS, by the groups' names; its findings are errors like all others. */
  readonly readUpstreamTls?: (
    groups: TlsByGroup
  ) => Promise<{ groups: TlsByGroup; findings: readonly Finding[] }>
}

type TlsByGroup = ReadonlyMap<string, UpstreamTlsConfig>

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
  // What is wrong in a module of routes says nothing of the TLS beside it.
  const own = all.filter((issue) => issue.file === document.file)
  if (options.checkCertificates && !own.some(concernsCertificates)) {
    const tls = (value as RawConfig).server?.tls
    const { certificates = [] } = tls ? resolveServerTls(folder, tls) : {}
    all.push(...toIssues(document, await options.checkCertificates(certificates)))
  }
  const tls = await options.readUpstreamTls?.(soundTls(value as RawConfig, folder, own))
  all.push(...toIssues(document, tls?.findings ?? []))
  if (all.length > 0) throw new ConfigError(all)
  const config = resolveConfig(path, value as RawConfig, checks.routes)
  return tls ? { ...config, upstreams: config.upstreams.map((group) => withTls(group, tls.groups)) } : config
}

/** `tls` of the groups that nothing was found wrong with. */
function soundTls(raw: RawConfig, folder: string, issues: readonly ConfigIssue[]): TlsByGroup {
  const groups = issues.some(({ path }) => /^(?:\(root\)|upstreams)$/.test(path)) ? {} : raw.upstreams
  const sound = Object.entries(groups ?? {}).flatMap(([name, group]) => {
    const place = formatPath(['upstreams', name])
    const isWrong = issues.some(({ path }) => path === place || path.startsWith(`${place}.tls`))
    return isWrong || !group.tls ? [] : [[name, resolveUpstreamTls(folder, group.tls)] as const]
  })
  return new Map(sound)
}

function withTls(group: UpstreamGroupConfig, read: TlsByGroup): UpstreamGroupConfig {
  const tls = read.get(group.name)
  return tls ? { ...group, tls } : group
}

/** Whether an error is one of what names the certificates. */
function concernsCertificates({ path }: ConfigIssue): boolean {
  return /^(?:\(root\)|server|server\.tls\b.*)$/.test(path)
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
