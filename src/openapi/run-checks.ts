import { createRequire } from 'node:module'
import { compileFunction } from 'node:vm'
import { FORMATS } from './formats.ts'
import { linearRegExp } from './linear-regexp.ts'
import { hasUniqueItems } from './unique-items.ts'

/** Something that a check found, as Ajv tells it. */
export interface CheckError {
  readonly instancePath: string
  readonly keyword: string
  readonly message?: string
  readonly params: Readonly<Record<string, unknown>>
}

/** A check of {@link CheckCode}: whether a value is as it must be, and if not, what is wrong. */
export interface Check {
  (value: unknown): boolean
  readonly errors?: readonly CheckError[] | null
}

const require = createRequire(import.meta.url)

/** What the code of checks may ask for besides Ajv's own parts. */
const OWN: Readonly<Record<string, unknown>> = {
  formats: { FORMATS },
  'linear-regexp': { linearRegExp },
  'unique-items': { hasUniqueItems }
}

/** Runs a module of checks. @param code - Made by the gateway itself. */
export function runChecks(code: string): ReadonlyMap<string, Check> {
  const checks: Record<string, Check> = {}
  const load = (name: string): unknown => {
    if (Object.hasOwn(OWN, name)) return OWN[name]
    if (name.startsWith('ajv/dist/runtime/')) return require(name)
    throw new Error(`a check asks for ${name}`)
  }
  compileFunction(code, ['exports', 'require'])(checks, load)
  return new Map(Object.entries(checks))
}
