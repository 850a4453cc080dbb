import { _, type Options } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { checkedSchema } from './checked-schema.ts'
import { FORMATS } from './formats.ts'
import { isObject, type JsonObject, own } from './json.ts'
import { linearRegExp } from './linear-regexp.ts'
import { UNIQUE_ITEMS } from './unique-items.ts'

/** Modules of checks, each exporting `c0`, `c1`, …: compiled once, run in every thread. */
export interface CheckCode {
  /** Of parameters, whose texts become what their schemas say; they tell all that is wrong. */
  readonly parameters: string
  /** Of bodies; they stop at the first thing that is wrong. */
  readonly bodies: string
  /** The same, but they tell all. */
  readonly bodiesInFull: string
}

const COMMON: Options = {
  strict: false,
  // What is inherited is nobody's data.
  ownProperties: true,
  logger: false,
  code: { source: true, regExp: linearRegExp, formats: _`require("formats").FORMATS` }
}

const ROOT = 'contract://parts/all'

/** Collects what is to be checked, and makes code of it. */
export class CheckParts {
  readonly #schemas: JsonObject
  readonly #parameters = new Parts()
  readonly #bodies = new Parts()

  /** @param schemas - `components.schemas`, which the parts refer to. */
  constructor(schemas: JsonObject) {
    this.#schemas = Object.fromEntries(
      Object.entries(schemas).map(([name, each]) => [name, checkedSchema(each)])
    )
  }

  /** @returns Its number among the checks of parameters, which look at `{ value }`. */
  parameter(schema: JsonObject | boolean): number {
    return this.#parameters.add({ properties: { value: schema } })
  }

  /** @returns Its number among the checks of bodies. */
  body(schema: JsonObject | boolean): number {
    return this.#bodies.add(schema)
  }

  build(): { readonly code: CheckCode; readonly unchecked: number } {
    const parameters = this.#code(this.#parameters, { allErrors: true, coerceTypes: true })
    const bodies = this.#code(this.#bodies, { allErrors: false })
    const inFull = this.#code(this.#bodies, { allErrors: true })
    return {
      code: { parameters: parameters.code, bodies: bodies.code, bodiesInFull: inFull.code },
      unchecked: parameters.unchecked + bodies.unchecked
    }
  }

  #code(parts: Parts, options: Options): { readonly code: string; readonly unchecked: number } {
    const ajv = new Ajv2020({ ...COMMON, ...options })
    ajv.removeKeyword('uniqueItems')
    ajv.addKeyword(UNIQUE_ITEMS)
    for (const [name, format] of Object.entries(FORMATS)) ajv.addFormat(name, format)
    ajv.addSchema({ $id: ROOT, components: { schemas: this.#schemas }, parts: parts.list })
    const exported: [string, string][] = []
    for (const number of parts.list.keys()) {
      const $id = `contract://part/${number}`
      try {
        ajv.compile({ $id, $ref: `${ROOT}#/parts/${number}` })
        exported.push([`c${number}`, $id])
      } catch {
        // It says what can't be: nothing to hold a client to.
      }
    }
    // Its types are those of a default export, its module has one of CommonJS.
    const print = (own(standalone, 'default') ?? standalone) as Print
    return { code: print(ajv, Object.fromEntries(exported)), unchecked: parts.list.length - exported.length }
  }
}

type Print = (ajv: Ajv2020, exported: Record<string, string>) => string

/** Schemas, each once. */
class Parts {
  readonly list: JsonObject[] = []
  readonly #numbers = new Map<string, number>()

  add(schema: JsonObject | boolean): number {
    const text = JSON.stringify(schema)
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.list.length)
    return this.list.push(isObject(schema) ? schema : schema ? {} : { not: {} }) - 1
  }
}
