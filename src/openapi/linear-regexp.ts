import { RE2JS } from 're2js'

/** A pattern whose test takes time in proportion to the text, whatever the pattern. */
class LinearRegExp {
  readonly #pattern: string
  readonly #compiled: RE2JS

  constructor(pattern: string) {
    this.#pattern = pattern
    this.#compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
  }

  /** Whether the pattern is found anywhere in the text. */
  test(text: string): boolean {
    return this.#compiled.test(text)
  }

  /** Ajv tells patterns apart by it. */
  toString(): string {
    return `/${this.#pattern}/`
  }
}

/**
 * Makes a pattern of a schema, for Ajv. Patterns are a backend's and texts a client's: with JavaScript's own expressions
 * some would take for ever. Spaces (`\s`) are those of ASCII.
 *
 * @throws Error when the pattern looks around or back, which no engine does in linear time, or is none.
 */
export const linearRegExp = Object.assign((pattern: string): LinearRegExp => new LinearRegExp(pattern), {
  code: 'require("linear-regexp").linearRegExp'
})

/** Whether a pattern can be tested in linear time. */
export function isLinear(pattern: string): boolean {
  try {
    return linearRegExp(pattern) !== undefined
  } catch {
    return false
  }
}
