import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { SourceDocument } from './document.ts'
import { convertText, type Interpolated } from './interpolate.ts'
import type { Finding } from './issue.ts'
import { formatPath, isWithin, pathOfPointer, valueAt } from './path.ts'
import { explainSchemaErrors } from './schema-errors.ts'
import { RouteListSchema } from './schema-routes.ts'
import { configSchema } from './schema.ts'

const OPTIONS = {
  allErrors: true,
  verbose: true,
  strictSchema: false,
  // Both schemas are our own, and run once a load: to check them, and to make their code short, takes longer than that.
  validateSchema: false,
  meta: false,
  code: { optimize: false }
} as const

const rootValidator = lazy(() => new Ajv2020({ ...OPTIONS, useDefaults: true }).compile(configSchema))
const routesValidator = lazy(() => new Ajv2020(OPTIONS).compile(RouteListSchema))

/** Compiling takes some 100 ms, which not every command needs. */
function lazy(compile: () => ValidateFunction): () => ValidateFunction {
  let validate: ValidateFunction | undefined
  return () => (validate ??= compile())
}

/**
 * Validates a configuration against the schema and puts the schema's defaults into it.
 *
 * @param root - Changed in place: defaults, and placeholders that stand for a number or `true`/`false`.
 * @param known - What was found already; errors at or below those places would say it twice.
 */
export function validateConfig(
  root: unknown,
  document: SourceDocument,
  interpolated: ReadonlyMap<string, Interpolated>,
  known: readonly Finding[]
): Finding[] {
  let errors = run(rootValidator(), root)
  if (convertPlaceholders(errors, root, interpolated)) errors = run(rootValidator(), root)
  const findings = explainSchemaErrors(errors, root, document)
  return findings.filter(({ path }) => !known.some((finding) => isWithin(path, finding.path)))
}

/** Validates what a module of `routesDir` exports; puts no defaults in, because the value is the module's own. */
export function validateRouteList(routes: unknown, document: SourceDocument): Finding[] {
  return explainSchemaErrors(run(routesValidator(), routes), routes, document)
}

function run(validate: ValidateFunction, data: unknown): readonly ErrorObject[] {
  return validate(data) ? [] : (validate.errors ?? [])
}

/** @returns Whether anything changed. */
function convertPlaceholders(
  errors: readonly ErrorObject[],
  root: unknown,
  interpolated: ReadonlyMap<string, Interpolated>
): boolean {
  let changed = false
  for (const error of errors) {
    const path = pathOfPointer(root, error.instancePath)
    const key = path.at(-1)
    const isWhole = interpolated.get(formatPath(path))?.whole === true
    if (error.keyword !== 'type' || !isWhole || key === undefined || typeof error.data !== 'string') continue
    const converted = convertText(error.data, error.schema)
    if (converted === undefined) continue
    const parent = valueAt(root, path.slice(0, -1)) as Record<string | number, unknown>
    parent[key] = converted
    changed = true
  }
  return changed
}
